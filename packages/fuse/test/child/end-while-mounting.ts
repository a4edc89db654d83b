// Ends this process, or workers, at a chosen step of a mount() that is under way.
// Arguments: directory, way, step, rounds. Ways: 'exit' (this process, code 3), 'worker'. Steps:
// 'options': while native code reads the session's options; 'asked': just when the system was asked
// for the mount; 'made': when the mount exists, and JavaScript has not heard of it; 'any', of
// workers: at delays, which differ from round to round.
import assert from 'node:assert/strict';
import { createHook } from 'node:async_hooks';
import fs from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import { Volume } from '@ram/fs-core';
import { native } from '../../src/native.ts';
import { mount } from './mount.ts';

const [directory = '', way = '', step = '', rounds = '1'] = isMainThread
  ? process.argv.slice(2)
  : workerData;
const stepMs = 1; // between the delays of two rounds
const nothing = { isMounted: false, devices: 0 };

if (isMainThread && way === 'worker') {
  for (let round = 0; round < Number(rounds); round++) await endWorker(round);
  // The place is as good as new.
  const mounted = await mount(new Volume({ maxBytes: '8M' }), directory);
  await mounted.unmount();
  process.stdout.write('nothing left\n');
} else if (step === 'options') {
  readOptions();
} else {
  if (step !== 'any') atMount();
  const mounting = mount(new Volume({ maxBytes: '8M' }), directory);
  if (step === 'any') end();
  await mounting;
  if (step !== 'any') throw new Error(`mount() was not held at the step ${step}`);
}

async function endWorker(round: number): Promise<void> {
  const worker = new Worker(new URL(import.meta.url), { workerData: [directory, way, step] });
  const exited = new Promise((resolve) => worker.once('exit', resolve));
  const failed = new Promise((_, reject) => worker.once('error', reject));
  await Promise.race([new Promise((resolve) => worker.once('message', resolve)), failed]);
  if (step === 'any') await delay(round * stepMs);
  await worker.terminate();
  await exited;
  assert.deepEqual({ round, isMounted: isMounted(), devices: devices() }, { round, ...nothing });
}

/** Gets here by a hook of the step, and never back. */
function end(): void {
  if (way === 'exit') process.exit(3);
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- not a window's
  parentPort?.postMessage('now');
  if (step !== 'any') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

/** Native code gets the options one by one; one of them never comes. */
function readOptions(): void {
  const options = {
    get root(): string {
      end();
      return '';
    },
  };
  const { Session } = native();
  const { fileSystem } = new Volume({ maxBytes: '8M' });
  const session = new Session(fileSystem, options as never, () => {});
  assert.ok(session === undefined, 'all options were read');
}

/** Holds this thread when it has asked for the mount: the thread pool, or the helper, goes on. */
function atMount(): void {
  const init = (_: number, type: string) => {
    if (type !== 'ram.fuse.mount' && type !== 'PROCESSWRAP') return;
    queueMicrotask(() => {
      while (step === 'made' && !isMounted());
      end();
    });
  };
  createHook({ init }).enable();
}

function isMounted(): boolean {
  return fs.readFileSync('/proc/self/mountinfo', 'utf8').includes(` ${directory} `);
}

/** How many descriptors of FUSE connections this process has. */
function devices(): number {
  const descriptors = fs.readdirSync('/proc/self/fd').map((name) => {
    try {
      return fs.readlinkSync(`/proc/self/fd/${name}`);
    } catch {
      return ''; // the listing's own
    }
  });
  return descriptors.filter((target) => target === '/dev/fuse').length;
}
