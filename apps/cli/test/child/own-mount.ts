// Serves a disk and reads from it through the kernel in the same process, with its event loop
// blocked. Prints what it saw as JSON.
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { Volume } from '@ram/fs-core';
import { mount } from '@ram/fuse';

const [directory = ''] = process.argv.slice(2);
const blockMs = 1_000;

using volume = new Volume({ maxBytes: '32M' });
volume.fs.writeFileSync('/hello', 'from the process');
const mounted = await mount(volume, directory);

const path = `${directory}/hello`;
const direct = readFileSync(path, 'utf8');
writeFileSync(`${directory}/back`, 'from the kernel');
const back = volume.fs.readFileSync('/back', 'utf8');

/** Reads in a thread of its own while this thread does nothing but wait. */
const done = new Int32Array(new SharedArrayBuffer(4));
const script = `
  const { workerData } = require('node:worker_threads');
  const fs = require('node:fs');
  for (let count = 0; count < 100; count += 1) fs.readFileSync(workerData.path);
  fs.writeFileSync(workerData.path + '2', 'x'.repeat(100000));
  Atomics.store(workerData.done, 0, fs.statSync(workerData.path + '2').size);`;
const worker = new Worker(script, { eval: true, workerData: { path, done } });
await new Promise((resolve) => worker.once('online', resolve));
const end = performance.now() + blockMs;
while (performance.now() < end);
const sizeWhileBlocked = Atomics.load(done, 0);

const other = execFileSync('cat', [path], { encoding: 'utf8', timeout: 10_000 });
const names = readdirSync(directory);
const { size } = statSync(`${directory}/back`);
console.log(JSON.stringify({ direct, back, sizeWhileBlocked, other, names, size }));
await worker.terminate();
await mounted.unmount();
