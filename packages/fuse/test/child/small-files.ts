// Small files that clients create, read and delete end as slabs. Arguments: directory. Prints ok.
import assert from 'node:assert';
import fs from 'node:fs';
import { Volume } from '@ram/fs-core';
import { mount } from './mount.ts';

const [directory = ''] = process.argv.slice(2);
const volume = new Volume({ maxBytes: '64M' });
await using mounted = await mount(volume, directory, { io: 'passthrough' });
const empty = volume.usage();
const sizes = [0, 1, 2016, 2017, 4096, 5000, 65_536];
const names = Array.from({ length: 200 }, (_, i) => `/f${i}`);

/** The kernel tells closes and deletions without waiting. */
function settled(holds: () => boolean): boolean {
  const deadline = Date.now() + 60_000;
  while (!holds() && Date.now() < deadline) fs.statfsSync(directory);
  return holds();
}

for (const [i, name] of names.entries()) {
  fs.writeFileSync(directory + name, Buffer.alloc(sizes[i % sizes.length] ?? 0, i));
}
assert.ok(settled(() => volume.usage().bytes.file <= empty.bytes.file + 3 * 65_536));
assert.ok(volume.usage().bytes.slab > 0);
for (const [i, name] of names.entries()) {
  const size = sizes[i % sizes.length] ?? 0;
  const expected = Buffer.alloc(size, i);
  assert.deepEqual(fs.readFileSync(directory + name), expected);
  assert.deepEqual(volume.fs.readFileSync(name), expected);
  const [theirs, ours] = [fs.statSync(directory + name), volume.fs.statSync(name)];
  assert.deepEqual([theirs.size, theirs.blocks], [size, Math.ceil(size / 4096) * 8]);
  assert.deepEqual([ours.size, ours.blocks], [size, theirs.blocks]);
  assert.equal(ours.mtimeMs, theirs.mtimeMs);
  assert.equal(ours.ctimeMs, theirs.ctimeMs);
}
assert.equal(mounted.stats().requests.write, undefined);
for (const name of names) fs.unlinkSync(directory + name);
assert.ok(settled(() => volume.usage().usedBytes <= empty.usedBytes + 262_144));
await mounted.unmount();
volume.close();
process.stdout.write('ok\n');
