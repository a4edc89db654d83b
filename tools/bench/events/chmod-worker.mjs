// oxlint-disable unicorn/require-post-message-target-origin -- threads, not windows
// Causes as many events as it is told, at once.
import { parentPort, workerData } from 'node:worker_threads';
import { Volume } from '@ram/fs-core';

const { fs } = Volume.fromToken(workerData.token);
parentPort?.on('message', (count) => {
  for (let i = 0; i < count; i += 1) fs.chmodSync('/directory', 0o700);
});
parentPort?.postMessage('ready');
