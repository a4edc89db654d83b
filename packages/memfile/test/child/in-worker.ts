// Opens a link again and again in a worker; Node warns of descriptors that it doesn't know.
import { once } from 'node:events';
import { closeSync } from 'node:fs';
import { Worker, isMainThread, workerData } from 'node:worker_threads';
import { memoryOpenSync } from '@ram/memfile';

if (isMainThread) {
  const worker = new Worker(new URL(import.meta.url), { workerData: process.argv[2] });
  await once(worker, 'exit');
} else {
  for (let count = 0; count < 4; count++) closeSync(memoryOpenSync(String(workerData), 'w'));
}
