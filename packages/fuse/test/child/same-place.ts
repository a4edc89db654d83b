// Several mount() calls for one directory at once. Argument: directory.
import { readFileSync } from 'node:fs';
import { Volume } from '@ram/fs-core';
import { mount } from './mount.ts';

const [directory = ''] = process.argv.slice(2);
const mountsThere = () =>
  readFileSync('/proc/self/mountinfo', 'utf8').split(` ${directory} `).length - 1;

using volume = new Volume({ maxBytes: '16M' });
const calls = [1, 2, 3].map(() => mount(volume, directory));
const results = await Promise.allSettled(calls);
// Which one is the first is not said.
const outcomes = results
  .map((result) => (result.status === 'fulfilled' ? 'mounted' : result.reason.code))
  .toSorted();
const during = mountsThere();
for (const result of results) {
  if (result.status === 'fulfilled') await result.value.unmount();
}
const after = mountsThere();
const again = await mount(volume, directory);
await again.unmount();
process.stdout.write(JSON.stringify({ outcomes, during, after }));
