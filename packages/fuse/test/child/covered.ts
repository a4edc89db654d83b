// A mount over which another file system is mounted. Argument: directory.
import { execFileSync } from 'node:child_process';
import { Volume } from '@ram/fs-core';
import { mount } from './mount.ts';

const [directory = ''] = process.argv.slice(2);
const volume = new Volume({ maxBytes: '64M' });
const mounted = await mount(volume, directory);
execFileSync('mount', ['-t', 'tmpfs', 'another', directory], { timeout: 60_000 });
const refusal = await mounted.unmount({ timeoutMs: 20 }).catch((error) => error.code);
await mounted.unmount({ force: true, timeoutMs: 20 });
await mounted.closed;
process.stdout.write(`${refusal}, then over\n`);
