// A worker that ends when a descriptor has been received for it, of which it was not told yet:
// end-receiving.ts SOCKET ROUNDS. Prints how many descriptors that left here.
import { createHook } from 'node:async_hooks';
import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import { memoryOpen, receiveMemory, sendMemory } from '@ram/memfile';

const [, , path = '', rounds = '1'] = process.argv;

if (isMainThread) {
  const file = await memoryOpen('passed', 'w+', { anonymous: true });
  const server = createServer((socket) => {
    sendMemory(socket, file);
    socket.end();
  });
  await once(server.listen(path), 'listening');
  const before = descriptors();
  for (let round = 0; round < Number(rounds); round++) {
    const worker = new Worker(new URL(import.meta.url), { workerData: path });
    await once(worker, 'message');
    await worker.terminate();
  }
  server.close();
  await once(server, 'close');
  process.stdout.write(`${descriptors() - before} left\n`);
  await file.close();
} else {
  const ids = new Set<number>();
  const init = (id: number, type: string) => type === 'ram.memfile' && ids.add(id);
  const before = (id: number) => {
    if (!ids.has(id)) return;
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- not a window's
    parentPort?.postMessage('received');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  };
  createHook({ init, before }).enable();
  await receiveMemory(workerData);
  throw new Error('it was told');
}

/** Those that are open on memory. */
function descriptors(): number {
  const targets = readdirSync('/proc/self/fd').map((name) => {
    try {
      return readlinkSync(`/proc/self/fd/${name}`);
    } catch {
      return ''; // the listing's own
    }
  });
  return targets.filter((target) => target.startsWith('/memfd:')).length;
}
