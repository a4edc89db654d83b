// All that opens descriptors, in a worker: in-worker.ts DISK MEMORY. Node warns when one is
// closed that it didn't open.
import { once } from 'node:events';
import { closeSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Worker, isMainThread, workerData } from 'node:worker_threads';
import {
  gc,
  list,
  memorize,
  memoryOpen,
  memoryOpenSync,
  persist,
  receiveMemory,
  remove,
  sendMemory,
} from '@ram/memfile';

if (isMainThread) {
  const worker = new Worker(new URL(import.meta.url), { workerData: process.argv.slice(2) });
  await once(worker, 'exit');
} else {
  const [disk = '', directory = ''] = workerData as string[];
  const at = (name: string): string => join(disk, name);
  for (let i = 0; i < 4; i++) {
    closeSync(memoryOpenSync(at('again'), 'w', { directory }));
    closeSync(memoryOpenSync(at(`new-${i}`), 'w', { directory }));
    await (await memoryOpen(at(`newer-${i}`), 'w', { directory })).close();
  }
  closeSync(memoryOpenSync('x', 'w', { anonymous: true, maxBytes: '4K' }));

  const anonymous = await memoryOpen('x', 'w+', { anonymous: true });
  await anonymous.write('text');
  await anonymous.persist(at('anonymous'));
  const server = createServer((socket) => {
    sendMemory(socket, anonymous);
    socket.end();
  });
  await once(server.listen(at('socket')), 'listening');
  const received = await receiveMemory(at('socket'));
  if (readFileSync(`/proc/self/fd/${received}`, 'utf8') !== 'text') throw new Error('not passed');
  closeSync(received);
  server.close();
  await anonymous.close();

  const linked = await memoryOpen(at('linked'), 'w+', { directory });
  await linked.persist();
  await linked.close();
  await persist(at('again'), { to: at('elsewhere') });
  await persist(at('new-0'));
  await (await memorize(at('new-0'), { directory })).restore();
  await list({ directory });
  await gc({ directory });
  await remove(at('new-1'));
}
