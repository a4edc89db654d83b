// A directory that a program has open becomes its parent's parent, in process; the program lists
// it. The kernel can't link what it finds there, and gives the name back with a FORGET that waits
// for an answer. Arguments: directory, transport.
import assert from 'node:assert';
import fs from 'node:fs';
import { Volume } from '@ram/fs-core';
import { mount } from './mount.ts';
import type { MountOptions } from '../../src/index.ts';

const [directory = '', transport = 'device'] = process.argv.slice(2);
const volume = new Volume({ maxBytes: '16M' });
await using mounted = await mount(volume, directory, { transport } as MountOptions);

fs.mkdirSync(`${directory}/a/b`, { recursive: true });
const fd = fs.openSync(`${directory}/a/b`, 'r');
const forgets = () => mounted.stats().requests.forget ?? 0;
const before = forgets();
volume.fs.renameSync('/a/b', '/b');
volume.fs.renameSync('/a', '/b/a');
for (let i = 0; i < 20; i++) assert.deepEqual(fs.readdirSync(`/proc/self/fd/${fd}`), ['a']);
assert.ok(forgets() > before, 'the kernel asks for nothing of the kind');
fs.closeSync(fd);
process.stdout.write('ok\n');
