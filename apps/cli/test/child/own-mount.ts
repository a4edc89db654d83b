// Serves a disk and reads from it through the kernel in the same process, with its event loop
// blocked. Prints what it saw as JSON.
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { Volume } from '@ram/fs-core';
import { mount } from '@ram/fuse';

const [directory = ''] = process.argv.slice(2);
/** Only so that a failure is told; the test's own limit is longer. */
const stuckMs = 30_000;

using volume = new Volume({ maxBytes: '32M' });
volume.fs.writeFileSync('/hello', 'from the process');
const mounted = await mount(volume, directory);

const path = `${directory}/hello`;
const direct = readFileSync(path, 'utf8');
writeFileSync(`${directory}/back`, 'from the kernel');
const back = volume.fs.readFileSync('/back', 'utf8');

/**
 * A thread of its own reads and writes; until it is done, the event loop of this one stands still.
 * It would never be done if an answer needed the event loop.
 */
const size32 = new Int32Array(new SharedArrayBuffer(4));
const script = `
  const { workerData: { path, size32 } } = require('node:worker_threads');
  const fs = require('node:fs');
  fs.readFileSync(path);
  fs.writeFileSync(path + '2', 'x'.repeat(100000));
  Atomics.store(size32, 0, fs.statSync(path + '2').size);
  Atomics.notify(size32, 0);`;
const worker = new Worker(script, { eval: true, workerData: { path, size32 } });
await new Promise((resolve) => worker.once('online', resolve));
Atomics.wait(size32, 0, 0, stuckMs);
const sizeWhileBlocked = Atomics.load(size32, 0);

const other = execFileSync('cat', [path], { encoding: 'utf8', timeout: 60_000 });
const names = readdirSync(directory);
const { size } = statSync(`${directory}/back`);
console.log(JSON.stringify({ direct, back, sizeWhileBlocked, other, names, size }));
await worker.terminate();
await mounted.unmount();
