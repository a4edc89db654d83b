// A read-only mount of a Volume that is also mounted for writing. Arguments: two directories, io.
import assert from 'node:assert';
import fs from 'node:fs';
import { Volume } from '@ram/fs-core';
import { mount } from './mount.ts';
import type { IoMode } from '../../src/index.ts';

const [directory = '', writable = '', io = 'cached'] = process.argv.slice(2);
const volume = new Volume({ maxBytes: '64M' });
volume.fs.writeFileSync('/file', Buffer.alloc(200_000, 'f'));
volume.fs.mkdirSync('/d');
await using mounted = await mount(volume, directory, { io: io as IoMode, readOnly: true });
const file = `${directory}/file`;
const erofs = { code: 'EROFS' };

const changes = [
  () => fs.writeFileSync(file, 'x'),
  () => fs.openSync(file, 'r+'),
  () => fs.openSync(`${directory}/new`, 'wx'),
  () => fs.truncateSync(file, 1),
  () => fs.unlinkSync(file),
  () => fs.renameSync(file, `${directory}/other`),
  () => fs.linkSync(file, `${directory}/other`),
  () => fs.symlinkSync('x', `${directory}/link`),
  () => fs.mkdirSync(`${directory}/new`),
  () => fs.rmdirSync(`${directory}/d`),
  () => fs.chmodSync(file, 0o600),
  () => fs.chownSync(file, 1, 1),
  () => fs.utimesSync(file, 1, 1),
];
for (const change of changes) assert.throws(change, erofs, String(change));

const before = volume.fs.statSync('/file');
const fd = fs.openSync(file, 'r');
const bytes = Buffer.alloc(8);
const read = (at: number) => bytes.toString('latin1', 0, fs.readSync(fd, bytes, 0, 8, at));
assert.equal(read(100_000), 'ffffffff');
const inside = volume.fs.openSync('/file', 'r+');
volume.fs.writeSync(inside, 'in place', 100_000);
assert.equal(read(100_000), 'in place');
volume.fs.appendFileSync('/file', 'the tail');
assert.equal(read(200_000), 'the tail');
assert.equal(fs.fstatSync(fd).size, before.size + 8);

await using other = await mount(volume, writable, { io: io as IoMode });
// What this mount remembers from before the second one came goes by notices, which come soon.
const deadline = Date.now() + 60_000;
fs.writeFileSync(`${writable}/new`, 'new');
while (!fs.existsSync(`${directory}/new`) && Date.now() < deadline);
assert.equal(fs.readFileSync(`${directory}/new`, 'utf8'), 'new');
const theirs = fs.openSync(`${writable}/file`, 'r+');
fs.writeSync(theirs, 'by other', 50_000);
while (read(50_000) !== 'by other' && Date.now() < deadline) fs.fstatSync(fd);
assert.equal(read(50_000), 'by other');
for (const open of [fd, theirs]) fs.closeSync(open);
volume.fs.closeSync(inside);
await other.unmount();
await mounted.unmount();
volume.close();
process.stdout.write('ok\n');
