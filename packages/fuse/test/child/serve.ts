// Mounts a Volume and serves it until its standard input ends; then unmounts and prints what the
// mount has done. Arguments: directory, options of mount(), of the Volume and of unmount() as JSON.
import { Volume } from '@ram/fs-core';
import { mount } from './mount.ts';

const [directory = '', ...options] = process.argv.slice(2);
const [mountOptions = '{}', volumeOptions = '{}', unmountOptions = '{}'] = options;

const volume = new Volume(JSON.parse(volumeOptions));
const mounted = await mount(volume, directory, JSON.parse(mountOptions));
process.stdout.write('ready\n');
await new Promise((resolve) => process.stdin.once('end', resolve).resume());
const stats = mounted.stats();
await mounted.unmount(JSON.parse(unmountOptions));
await mounted.closed;
volume.close();
process.stdout.write(`${JSON.stringify(stats)}\n`);
