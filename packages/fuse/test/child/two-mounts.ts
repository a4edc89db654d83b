// One Volume at two places. Arguments: two directories.
import { Volume } from '@ram/fs-core';
import { mount } from './mount.ts';

const [first = '', second = ''] = process.argv.slice(2);
const volume = new Volume({ maxBytes: '128M' });
const mounts = await Promise.all([mount(volume, first), mount(volume, second)]);
process.stdout.write('ready\n');
await new Promise((resolve) => process.stdin.once('end', resolve).resume());
for (const mounted of mounts) await mounted.unmount();
volume.close();
process.stdout.write('{}\n');
