// Mounts and unmounts many times and prints what is left over. Arguments: directory, rounds,
// options of mount() as JSON.
import fs from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Volume } from '@ram/fs-core';
import { mount } from './mount.ts';

const [directory = '', rounds = '200', options = '{}'] = process.argv.slice(2);
const warmUpRounds = 20;
const count = (folder: string) => fs.readdirSync(`/proc/self/${folder}`).length;
const volume = new Volume({ maxBytes: '64M' });
const large = Buffer.alloc(100_000, 1);
volume.fs.writeFileSync('/large', large);

/**
 * Files are made, read and written, small and large, so that the kernel is given ids for them. All
 * are open at once: the Volume keeps as many blob files ready as were ever needed together, and
 * closes take effect some time later.
 */
async function round() {
  const mounted = await mount(volume, directory, JSON.parse(options));
  const made = ['file', 'new'].map((name) => fs.openSync(`${directory}/${name}`, 'w'));
  fs.writeSync(made[0] ?? -1, 'text');
  fs.writeSync(made[1] ?? -1, large);
  fs.readFileSync(`${directory}/large`);
  const descriptor = fs.openSync(`${directory}/large`, 'r+');
  fs.writeSync(descriptor, 'x', 5);
  for (const one of [descriptor, ...made]) fs.closeSync(one);
  fs.unlinkSync(`${directory}/new`);
  await mounted.unmount();
  await mounted.closed;
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function memory(): number {
  collectGarbage();
  return process.memoryUsage.rss();
}

/** What must be the same after each round. A piece of memory that nothing uses is damage. */
function leftOver() {
  const { inodes } = volume.usage();
  return { descriptors: count('fd'), threads: count('task'), inodes, damage: volume.check() };
}

for (let i = 0; i < warmUpRounds; i++) await round();
const before = leftOver();
const { usedBytes } = volume.usage();
const residentBytes = [memory()];
const parts = 10;
for (let part = 0; part < parts; part++) {
  for (let i = 0; i < Number(rounds) / parts; i++) await round();
  residentBytes.push(memory());
}
const after = leftOver();
const grownBytes = volume.usage().usedBytes - usedBytes;
process.stdout.write(JSON.stringify({ before, after, grownBytes, residentBytes }));
volume.close();
