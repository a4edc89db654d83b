// Mounts Volumes, each with a large file, and closes them after the unmount or before. Prints what
// the process holds before and after, while nothing was collected. Arguments: directory, rounds.
import fs from 'node:fs';
import { Volume } from '@ram/fs-core';
import { mount } from './mount.ts';

const [directory = '', rounds = '20'] = process.argv.slice(2);

async function round(closesFirst: boolean) {
  const volume = new Volume({ maxBytes: '8M' });
  volume.fs.writeFileSync('/large', Buffer.alloc(100_000, 1));
  const mounted = await mount(volume, directory);
  if (closesFirst) volume.close();
  await mounted.unmount();
  volume.close();
  return [volume, mounted]; // so that the collector can't have them
}

const kept: unknown[] = [];
const descriptors = () => fs.readdirSync('/proc/self/fd').length;
for (let i = 0; i < 4; i++) kept.push(await round(i % 2 === 0));
const before = descriptors();
for (let i = 0; i < Number(rounds); i++) kept.push(await round(i % 2 === 0));
process.stdout.write(JSON.stringify({ before, after: descriptors(), kept: kept.length }));
