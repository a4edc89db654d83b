// Changes a Volume in process while another process looks at the mount all the time, and checks
// after each batch that the mount shows exactly what the Volume holds: an outdated answer in the
// kernel's caches would stay for a day. Arguments: directory, hammer, io, batches, seed.
import assert from 'node:assert';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { Volume } from '@ram/fs-core';
import { mount } from './mount.ts';
import type { IoMode } from '../../src/index.ts';

const [directory = '', hammer = '', io = '', batches = '100', seed = '1'] = process.argv.slice(2);
const volume = new Volume({ maxBytes: '128M' });
const mounted = await mount(volume, directory, { io: io as IoMode });
const inside = volume.fs;
let state = Number(seed);

/** A number in 0..limit-1 (a linear congruential generator). */
function random(limit: number): number {
  state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7f_ff_ff_ff;
  return Math.floor((state / 0x80_00_00_00) * limit);
}

function change() {
  const path = `/n${random(40)}`;
  const stats = inside.lstatSync(path, { throwIfNoEntry: false });
  const isFile = stats?.isFile() ?? false;
  switch (random(8)) {
    case 0:
    case 1:
      // A new inode that goes on changing while the other process finds it.
      if (stats) inside.unlinkSync(path);
      inside.writeFileSync(path, '');
      for (let i = random(40); i > 0; i--) inside.appendFileSync(path, 'x'.repeat(random(200)));
      return;
    case 2:
      if (isFile) inside.appendFileSync(path, 'more');
      return;
    case 3:
      if (isFile) inside.truncateSync(path, random(5000));
      return;
    case 4:
      if (isFile) inside.chmodSync(path, 0o600 + random(64));
      return;
    case 5:
      if (stats) inside.renameSync(path, `/n${random(40)}`);
      return;
    case 6:
      if (stats) inside.unlinkSync(path);
      return;
    default:
      if (!stats) inside.symlinkSync('x'.repeat(1 + random(50)), path);
  }
}

function look(files: typeof fs | typeof inside, path: string) {
  const stats = files.lstatSync(path, { throwIfNoEntry: false });
  if (!stats) return 'nothing';
  const { ino, size, mode, mtimeMs, ctimeMs, nlink } = stats;
  const text = stats.isFile() ? files.readFileSync(path, 'utf8') : files.readlinkSync(path);
  return { ino, size, mode, mtimeMs, ctimeMs, nlink, text };
}

const other = spawn('python3', [hammer, directory], { stdio: ['pipe', 'pipe', 'inherit'] });
await once(other.stdout, 'data');
for (let batch = 0; batch < Number(batches); batch++) {
  for (let i = 0; i < 50; i++) change();
  for (let i = 0; i < 40; i++) {
    const expected = look(inside, `/n${i}`);
    assert.deepEqual(
      look(fs, `${directory}/n${i}`),
      expected,
      `batch ${batch}, n${i}, seed ${seed}`,
    );
  }
}
other.stdin.end();
await once(other, 'close');
await mounted.unmount();
volume.close();
process.stdout.write('ok\n');
