// Mounts a Volume and says what it hears, a JSON object a line. Arguments: directory, way, io mode.
//   log      every event, until the standard input ends
//   frames   of each file that was written and closed: the hash of its view, until the input ends
//   copies   the same of the contents that came with the event
//   outside  what is heard by a process that has nothing else to do
//   worker   mounts in a worker and ends it
import { createHash } from 'node:crypto';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import { Volume } from '@ram/fs-core';
import type { VolumeEvent } from '@ram/fs-core';
import type { IoMode } from '../../src/index.ts';
import { mount } from './mount.ts';

const [directory = '', way = '', more = ''] = isMainThread ? process.argv.slice(2) : workerData;
const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;

if (!isMainThread) {
  await mount(Volume.fromToken(more), directory);
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- not a window's
  parentPort?.postMessage('mounted');
} else {
  const volume = new Volume({ maxBytes: '256M' });
  if (way === 'outside') await hearOfTheEnd(volume);
  else if (way === 'worker') await endWorker(volume);
  else await serve(volume);
}

async function hearOfTheEnd(volume: Volume): Promise<void> {
  const listeners = () => signals.map((signal) => process.listenerCount(signal));
  const before = listeners();
  volume.on('mounted', ({ type, directory: at }) => say({ type, directory: at }));
  volume.on('unmounted', ({ type, directory: at }) => say({ type, directory: at }));
  await mount(volume, directory);
  say({ signals: listeners().join() === before.join() ? 'as before' : listeners() });
  process.stdout.write('ready\n');
}

async function endWorker(volume: Volume): Promise<void> {
  const types = ['mounted', 'unmounted'] as const;
  const events = volume.events({ types });
  const worker = new Worker(new URL(import.meta.url), {
    workerData: [directory, way, volume.token],
  });
  await new Promise((resolve) => worker.once('message', resolve));
  await worker.terminate();
  for (let i = 0; i < types.length; i += 1) {
    const { value } = await events.next();
    say({ type: value?.type, directory: value?.directory });
  }
}

async function serve(volume: Volume): Promise<void> {
  const contents = way === 'copies';
  const ended = (async () => {
    for await (const event of volume.events({ contents })) tell(event);
  })();
  const mounted = await mount(volume, directory, more === '' ? {} : { io: more as IoMode });
  process.stdout.write('ready\n');
  await new Promise((resolve) => process.stdin.once('end', resolve).resume());
  await mounted.unmount();
  volume.close();
  await ended;
  say({ requests: mounted.stats().requests });
}

function tell(event: VolumeEvent): void {
  const { type, path, fromPath, pid, written } = event;
  if (way === 'log') return say({ type, path, fromPath, pid, written });
  if (type === 'overflow') return say(event);
  if (type !== 'closed' || !written) return;
  const bytes = way === 'copies' ? (event.contents ?? Buffer.alloc(0)) : event.view();
  const whole =
    bytes.readUInt16BE(0) === 0xff_d8 && bytes.readUInt16BE(bytes.length - 2) === 0xff_d9;
  say({ path, whole, hash: createHash('sha256').update(bytes).digest('hex') });
}
