// Ends while calls of the addon are under way, and mounts say that they are over. Arguments: how
// ('exit', 'throw', 'worker'), a directory.
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import { Volume } from '@ram/fs-core';
import { abortConnection, mount } from '../../src/index.ts';
import { native } from '../../src/native.ts';

const [way = 'exit', directory = ''] = isMainThread ? process.argv.slice(2) : workerData;
const rounds = 3;

if (way === 'worker' && isMainThread) {
  for (let round = 0; round < rounds; round += 1) {
    const worker = new Worker(new URL(import.meta.url), { workerData: [way, directory] });
    await new Promise((resolve) => worker.once('message', resolve));
    await worker.terminate();
  }
  process.stdout.write('over\n');
} else {
  const mounted = await mount(new Volume({ maxBytes: '16M' }), directory);
  mounted.unref();
  const calls = Array.from({ length: 50 }, () => native().unmount('/no/such', 0));
  await calls[0];
  void abortConnection(directory);
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- not a window's
  parentPort?.postMessage('under way');
  if (way === 'exit') process.exit(3);
  if (way === 'throw') throw new Error('on purpose');
}
