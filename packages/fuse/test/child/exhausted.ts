// More files open at once than there are descriptors for passing them through, and files that grow
// while they are served. Arguments: directory. Prints how many opens were passed through, and ok.
import assert from 'node:assert';
import fs from 'node:fs';
import { Volume } from '@ram/fs-core';
import { mount } from './mount.ts';

const [directory = ''] = process.argv.slice(2);
const volume = new Volume({ maxBytes: '64M' });
await using mounted = await mount(volume, directory, { io: 'passthrough' });
const count = 30;
const text = (i: number) => `file ${i} `.repeat(10 + i * 400);
const names = Array.from({ length: count }, (_, i) => `/f${i}`);

const open = names.map((name) => fs.openSync(directory + name, 'w+'));
for (const [i, fd] of open.entries()) fs.writeSync(fd, text(i));
for (const [i, name] of names.entries()) {
  assert.equal(volume.fs.readFileSync(name, 'utf8'), text(i));
  assert.equal(fs.fstatSync(open[i] ?? -1).size, text(i).length);
  volume.fs.appendFileSync(name, 'inside');
  const buffer = Buffer.alloc(6);
  fs.readSync(open[i] ?? -1, buffer, 0, 6, text(i).length);
  assert.equal(buffer.toString(), 'inside');
}
const served = mounted.stats().requests.write ?? 0;
assert.ok(served > 0 && served < count, `${served} of ${count} files were served`);
for (const fd of open) fs.closeSync(fd);
for (const [i, name] of names.entries()) {
  assert.equal(fs.readFileSync(directory + name, 'utf8'), `${text(i)}inside`);
}
// First opened to be read: its page cache serves it until the last close, however it grows.
volume.fs.writeFileSync('/grows', 'small');
const reader = fs.openSync(`${directory}/grows`, 'r');
fs.appendFileSync(`${directory}/grows`, Buffer.alloc(300_000, 'g'));
assert.equal(volume.fs.readFileSync('/grows', 'latin1'), `small${'g'.repeat(300_000)}`);
assert.equal(fs.readFileSync(reader, 'latin1'), `small${'g'.repeat(300_000)}`);
fs.closeSync(reader);
await mounted.unmount();
volume.close();
process.stdout.write('ok\n');
