// Ends this process, or workers, at a chosen step of a mount() that is under way, or of what
// follows. Arguments: directory, way, step, rounds. Ways: 'exit' (this process, code 3); 'worker',
// one for each of several steps. Steps:
// - those of `moments`; the name of a native method: when it has returned;
// - 'options': while native code reads the session's options;
// - 'asked': just when the system was asked for the mount;
// - 'made': when the mount exists, and JavaScript has not heard of it;
// - of workers also 'any' and 'calls': at delays, which differ from round to round, after the begin
//   of mount(), and amid calls; 'over': it goes on to call everything when it has ended already.
import assert from 'node:assert/strict';
import { createHook } from 'node:async_hooks';
import fs from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import { Volume } from '@ram/fs-core';
import { native } from '../../src/native.ts';
import type { NativeSession } from '../../src/native.ts';
import { sessionOptions } from './session-options.ts';
import { mount } from './mount.ts';

// Hooks that are called in the midst of a native call.
const moments: Record<string, [hook: 'init' | 'before', resource: string]> = {
  created: ['init', 'ram.fuse.events'], // in the constructor
  queued: ['init', 'ram.fuse.mount'], // in mount()
  answered: ['before', 'ram.fuse.mount'], // just when JavaScript is to hear of the mount
  told: ['before', 'ram.fuse.events'], // just when JavaScript is to hear of INIT
  'unmount queued': ['init', 'ram.fuse.unmount'],
  'unmount answered': ['before', 'ram.fuse.unmount'],
};

interface Task {
  directory: string;
  way: string;
  step: string;
  /** How far the step 'over' came. */
  progress: Int32Array;
}

const task: Task = isMainThread
  ? {
      directory: process.argv[2] ?? '',
      way: process.argv[3] ?? '',
      step: process.argv[4] ?? '',
      progress: new Int32Array(new SharedArrayBuffer(4)),
    }
  : workerData;
const { directory, way, step, progress } = task;
const stepMs = 1; // between the delays of two rounds
const nothing = { isMounted: false, devices: 0 };

if (isMainThread && way === 'worker') {
  for (const one of step.split(',')) {
    for (let round = 0; round < Number(process.argv[5] ?? 1); round++) await endWorker(one, round);
  }
  // The place is as good as new.
  const mounted = await mount(new Volume({ maxBytes: '8M' }), directory);
  await mounted.unmount();
  process.stdout.write('nothing left\n');
} else if (step === 'options') {
  readOptions();
} else if (step === 'over') {
  callEverything();
} else {
  await endAtStep();
}

async function endWorker(name: string, round: number): Promise<void> {
  const worker = new Worker(new URL(import.meta.url), { workerData: { ...task, step: name } });
  const exited = new Promise((resolve) => worker.once('exit', resolve));
  const failed = new Promise((_, reject) => worker.once('error', reject));
  if (name !== 'over') {
    await Promise.race([new Promise((resolve) => worker.once('message', resolve)), failed]);
    if (name === 'any' || name === 'calls') await delay(round * stepMs);
    await worker.terminate();
  }
  await Promise.race([exited, failed]);
  if (name === 'over') assert.equal(progress[0], 2, 'it came to the end');
  const left = { name, round, isMounted: isMounted(), devices: devices() };
  assert.deepEqual(left, { name, round, ...nothing });
}

async function endAtStep(): Promise<void> {
  const atDelay = step === 'any' || step === 'calls';
  if (Object.hasOwn(moments, step)) atMoment(step);
  else if (step === 'asked' || step === 'made') atMount();
  else if (!atDelay) behindMethod(step as keyof NativeSession);
  const mounting = mount(new Volume({ maxBytes: '8M' }), directory);
  if (step === 'any') end();
  const mounted = await mounting;
  if (step === 'any') return;
  if (step === 'calls') end();
  while (step === 'calls') mounted.ref().unref().stats();
  mounted.stats();
  await mounted.unmount();
  throw new Error(`it was not held at the step ${step}`);
}

/** Gets here by a hook of the step, and never back. */
function end(): void {
  if (way === 'exit') process.exit(3);
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- not a window's
  parentPort?.postMessage('now');
  const goesOn = step === 'any' || step === 'calls';
  if (!goesOn) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
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

/** Holds this thread in the midst of a native call. */
function atMoment(name: string): void {
  const [hook, resource] = moments[name] ?? [];
  const ids = new Set<number>();
  const init = (id: number, type: string) => {
    if (type !== resource) return;
    ids.add(id);
    if (hook === 'init') end();
  };
  const before = (id: number) => {
    if (ids.has(id) && hook === 'before') end();
  };
  createHook({ init, before }).enable();
}

/** Holds this thread when a method has returned. */
function behindMethod(name: keyof NativeSession): void {
  const library = native();
  const { Session } = library;
  const method = Session.prototype[name] as (...args: unknown[]) => unknown;
  assert.ok(method, `no method ${name}`);
  library.Session = class extends Session {};
  Object.defineProperty(library.Session.prototype, name, {
    value(this: NativeSession, ...args: unknown[]) {
      const result = method.apply(this, args);
      end();
      return result;
    },
  });
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

/**
 * In a worker that has ended JavaScript goes on until its next function or loop begins, and every
 * call of Node-API fails. So this has none of those.
 */
function callEverything(): void {
  const { Session, unmount, endConnection, closeOnExec } = native();
  const [one, other] = [new Volume({ maxBytes: '8M' }), new Volume({ maxBytes: '8M' })];
  const { fileSystem } = other;
  const listener = () => {};
  const session = new Session(one.fileSystem, sessionOptions, listener);
  const { reallyExit } = process as unknown as { reallyExit: (code: number) => void };
  progress[0] = 1;
  reallyExit(0);
  session.findRoot();
  session.stats();
  session.device();
  void session.mount(directory, 'name', 'fuse.ram', 0, '');
  session.openHelperSocket('fusermount3', directory);
  session.closeHelperSocket();
  session.receive();
  session.serve();
  session.ref();
  session.unref();
  void unmount(directory, 0);
  void endConnection(0);
  closeOnExec(-1);
  session.stop();
  new Session(fileSystem, sessionOptions, listener).stop();
  progress[0] = 2;
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
