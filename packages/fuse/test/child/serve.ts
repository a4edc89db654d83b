// Mounts a Volume and serves it until its standard input ends; then unmounts and prints what the
// mount has done. Arguments: directory, options of mount() and of the Volume as JSON.
import { Volume } from '@ram/fs-core';
import { mount } from '../../src/index.ts';

const [directory = '', mountOptions = '{}', volumeOptions = '{}'] = process.argv.slice(2);

const volume = new Volume(JSON.parse(volumeOptions));
const mounted = await mount(volume, directory, JSON.parse(mountOptions));
process.stdout.write('ready\n');
await new Promise((resolve) => process.stdin.once('end', resolve).resume());
const stats = mounted.stats();
await mounted.unmount();
await mounted.closed;
volume.close();
const numbers = (_: string, value: unknown) => (typeof value === 'bigint' ? String(value) : value);
process.stdout.write(`${JSON.stringify(stats, numbers)}\n`);
