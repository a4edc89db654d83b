// Mounts through fuse-native, lets another process write, and ends in a way. Arguments: directory,
// way.
import { createHook } from 'node:async_hooks';
import { execFile, spawn } from 'node:child_process';
import fs from 'node:fs';
import { promisify } from 'node:util';
import { Volume } from '@ram/fs-core';
import { mount } from '../../src/index.ts';

const [directory = '', way = ''] = process.argv.slice(2);
const caught = () => fs.readFileSync('/proc/self/status', 'utf8').match(/SigCgt:.*/)?.[0];
const run = promisify(execFile);

const before = caught();
const volume = new Volume({ maxBytes: '64M' });
if (way === 'exit-while-mounting') createHook({ init: exitOnceMounted }).enable();
const mounted = await mount(volume, directory, { driver: 'fuse-native' });
await run('sh', ['-c', `echo text > ${directory}/file`]);
process.stdout.write(`mounted, ${before === caught() ? 'no' : 'new'} signal handlers\n`);

if (way === 'child') {
  const { stdout } = await run('ls', ['-l', '/proc/self/fd']);
  process.stdout.write(`child holds it: ${stdout.includes('/dev/fuse')}\n`);
  await mounted.unmount();
}
if (way === 'return') mounted.unref();
if (way === 'process-exit') process.exit(3);
if (way === 'throw') throw new Error('on purpose');
if (way === 'replaced-exit') {
  // The mount leaves the tree, but lives on for its open file; another comes to its place.
  await hold();
  await run('umount', ['-l', directory]);
  await run('mount', ['-t', 'tmpfs', 'another', directory]);
  process.exit(3);
}
if (way === 'busy-exit') {
  await hold();
  process.exit(3);
}
if (way === 'force') {
  const holder = await hold();
  const busy = await mounted.unmount({ timeoutMs: 20 }).catch((error) => error.code);
  await mounted.unmount({ force: true, timeoutMs: 20 });
  await mounted.closed;
  process.stdout.write(`${busy}, then over\n`);
  holder.kill();
}
if (way === 'unmounted-by-hand') {
  await run('umount', [directory]);
  await mounted.closed;
  process.stdout.write('over\n');
}
if (way === 'own-call') {
  // Nobody can answer, since this thread waits; ended from outside.
  process.stdout.write('ready\n');
  try {
    fs.readFileSync(`${directory}/file`);
  } catch (error) {
    process.stdout.write(`${(error as { code?: string }).code}\n`);
  }
  process.exit(0);
}

/** mount() starts a timer when it has made the mount, and goes on when the kernel has answered. */
function exitOnceMounted(_: number, type: string) {
  const mounts = fs.readFileSync('/proc/self/mounts', 'utf8');
  if (type !== 'Timeout' || !mounts.includes(` ${directory} `)) return;
  queueMicrotask(() => process.exit(3));
}

/** Another process holds a file open. */
async function hold() {
  const child = spawn('sh', ['-c', `exec sleep 20 < ${directory}/file`], { stdio: 'ignore' });
  child.unref();
  while (fs.readlinkSync(`/proc/${child.pid}/fd/0`) !== `${directory}/file`) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  return child;
}
