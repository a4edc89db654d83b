// Mounts and unmounts many times and prints what is left over. Arguments: directory, rounds,
// options of mount() as JSON.
import fs from 'node:fs';
import { Volume } from '@ram/fs-core';
import { mount } from '../../src/index.ts';

const [directory = '', rounds = '200', options = '{}'] = process.argv.slice(2);
const count = (folder: string) => fs.readdirSync(`/proc/self/${folder}`).length;
const volume = new Volume({ maxBytes: '64M' });

async function round() {
  const mounted = await mount(volume, directory, JSON.parse(options));
  fs.writeFileSync(`${directory}/file`, 'text');
  await mounted.unmount();
  await mounted.closed;
}

for (let i = 0; i < 20; i++) await round();
const before = { descriptors: count('fd'), threads: count('task') };
for (let i = 0; i < Number(rounds); i++) await round();
const after = { descriptors: count('fd'), threads: count('task') };
process.stdout.write(JSON.stringify({ before, after }));
volume.close();
