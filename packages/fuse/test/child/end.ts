// Mounts, writes a file through the mount, and ends in a way. Arguments: directory, way.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import { Volume } from '@ram/fs-core';
import { mount } from './mount.ts';

const [directory = '', way = ''] = isMainThread ? process.argv.slice(2) : workerData;

if (isMainThread && way.startsWith('worker')) {
  const worker = new Worker(new URL(import.meta.url), { workerData: [directory, way] });
  await new Promise((resolve) => worker.once('message', resolve));
  await (way === 'worker-terminate'
    ? worker.terminate()
    : new Promise((resolve) => worker.once('exit', resolve)));
  process.stdout.write(`mounted after worker: ${isMounted()}\n`);
} else {
  const volume = new Volume({ maxBytes: '64M' });
  const mounted = await mount(volume, directory);
  fs.writeFileSync(`${directory}/file`, 'text');
  process.stdout.write('mounted\n');
  end(mounted);
}

function end(mounted: Awaited<ReturnType<typeof mount>>) {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- not a window's
  parentPort?.postMessage('mounted');
  if (way === 'return') mounted.unref();
  if (way === 'process-exit') process.exit(3);
  if (way === 'throw') throw new Error('on purpose');
  if (way === 'busy-exit') {
    fs.openSync(`${directory}/file`, 'r');
    process.exit(3);
  }
  if (way === 'replaced-exit') {
    // The mount leaves the tree, but lives on for its open file; another comes to its place.
    fs.openSync(`${directory}/file`, 'r');
    execFileSync('umount', ['-l', directory], { timeout: 60_000 });
    execFileSync('mount', ['-t', 'tmpfs', 'another', directory], { timeout: 60_000 });
    process.exit(3);
  }
  if (way === 'worker-return') mounted.unref();
}

function isMounted(): boolean {
  return fs.readFileSync('/proc/self/mountinfo', 'utf8').includes(` ${directory} `);
}
