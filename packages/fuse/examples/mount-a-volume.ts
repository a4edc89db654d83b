// Mounts a disk in memory, and uses it from both sides. Run with an empty directory as argument.
import { execFileSync } from 'node:child_process';
import { Volume } from '@ram/fs-core';
import { mount } from '@ram/fuse';

const [directory = '/mnt/ram'] = process.argv.slice(2);

const volume = new Volume({ maxBytes: '64M' });
const mounted = await mount(volume, directory, { name: 'scratch' });

volume.fs.writeFileSync('/hello', 'from the process\n');
process.stdout.write(execFileSync('cat', [`${directory}/hello`]));

execFileSync('sh', ['-c', `echo from outside > ${directory}/reply`]);
process.stdout.write(volume.fs.readFileSync('/reply', 'utf8'));

const { create, lookup } = mounted.stats().requests;
process.stdout.write(`${create} created, ${lookup} looked up\n`);

await mounted.unmount();
volume.close();
