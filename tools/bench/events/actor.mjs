// oxlint-disable unicorn/require-post-message-target-origin -- threads, not windows
// A process with a Volume, its listeners and who works on it; see actors.mjs.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { Worker } from 'node:worker_threads';
import { Volume } from '@ram/fs-core';
import { mount } from '@ram/fuse';
import { listen } from './listeners.mjs';

const [, , place = '', way = ''] = process.argv;
const volume = new Volume({ maxBytes: '256M' });
const worker = new URL('worker.mjs', import.meta.url);

const { send, end } = place === 'mount' ? await startClient() : startThread();
listen(volume, /** @type {import('./listeners.mjs').Way} */ (way));

process.on('message', async (count) => {
  if (count !== 0) {
    process.send?.(await send(Number(count)));
    return;
  }
  await end();
  volume.close();
  process.disconnect();
});
process.send?.('ready');

function startThread() {
  const thread = new Worker(worker, { workerData: { token: volume.token } });
  return {
    async send(/** @type {number} */ count) {
      thread.postMessage(count);
      const [elapsedMs] = await once(thread, 'message');
      return elapsedMs;
    },
    end: () => thread.terminate(),
  };
}

async function startClient() {
  const directory = mkdtempSync(`${tmpdir()}/ram-bench-`);
  const mounted = await mount(volume, directory);
  const client = fork(worker, [directory]);
  return {
    async send(/** @type {number} */ count) {
      client.send(count);
      const [elapsedMs] = await once(client, 'message');
      return elapsedMs;
    },
    async end() {
      client.kill();
      await once(client, 'exit');
      await mounted.unmount();
      rmdirSync(directory);
    },
  };
}
