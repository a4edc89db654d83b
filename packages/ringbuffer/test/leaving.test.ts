import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runNode } from '@ram/test-support';
import { describe, expect, it, onTestFinished } from 'vitest';
import { SpscRing } from '../src/index.ts';
import { kill, startProcess, whileItWorks } from './other-thread.ts';

const cwd = fileURLToPath(new URL('..', import.meta.url));

it('a producer that only tries notices a full ring whose consumer was killed', async () => {
  using ring = SpscRing.create(4096);
  const producer = ring.producer();
  const child = startProcess('consume.mjs', [ring.token(), 'wait']);
  await whileItWorks(child, once(child, 'message'));
  await kill(child);
  const writeUntilRefused = async (): Promise<void> => {
    for (;;) {
      if (!producer.tryWrite(new Uint8Array(100))) await new Promise(setImmediate);
    }
  };
  await expect(writeUntilRefused()).rejects.toThrow(
    expect.objectContaining({ code: 'ERR_RAM_RING_PEER_DIED' }),
  );
});

it('a child that fails is an error, not a wait for ever', async () => {
  const child = startProcess('consume.mjs', ['no token']);
  await expect(whileItWorks(child, once(child, 'message'))).rejects.toThrow(/failed: 1 .*token/s);
});

describe('a pending wait', () => {
  const pending = {
    'a read': 'ring.consumer().unref().waitAsync();',
    'a read, told while it waits': 'const end = ring.consumer(); end.waitAsync(); end.unref();',
    'a loop':
      'const end = ring.consumer().unref(); (async () => { for await (const _ of end); })();',
    'a write': `ring.consumer(); const end = ring.producer().unref();
      while (end.tryWrite(new Uint8Array(500))); end.writeAsync(new Uint8Array(500));`,
  };
  for (const [title, wait] of Object.entries(pending)) {
    it(`lets the process end after unref(): ${title}`, async () => {
      const program = `
        import { SpscRing } from '@ram/ringbuffer';
        const ring = SpscRing.create(4096);
        ${wait}
        console.log('left');`;
      expect(await runNode(program, [], { cwd })).toMatchObject({ code: 0, stdout: 'left\n' });
    });
  }

  it('keeps the process alive otherwise, and after ref()', async () => {
    const program = `
      import { SpscRing } from '@ram/ringbuffer';
      const ring = SpscRing.create(4096);
      const consumer = ring.consumer().unref();
      const producer = ring.producer();
      consumer.waitAsync().then((there) => console.log(there));
      consumer.ref();
      setTimeout(() => producer.tryWrite(new Uint8Array(1)), 50).unref();`;
    expect(await runNode(program, [], { cwd })).toMatchObject({ code: 0, stdout: 'true\n' });
  });
});

it('a ring that a worker receives is closed when the worker ends before it is told', async () => {
  const receiver = `
    import { createHook } from 'node:async_hooks';
    import { parentPort, workerData } from 'node:worker_threads';
    import { SpscRing } from '@ram/ringbuffer';
    const ids = new Set();
    const init = (id, type) => type === 'ram.ring.receive' && ids.add(id);
    const before = (id) => {
      if (!ids.has(id)) return;
      parentPort.postMessage('received');
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    };
    createHook({ init, before }).enable();
    await SpscRing.receive(workerData);`;
  const program = `
    import { once } from 'node:events';
    import { readdirSync, readlinkSync } from 'node:fs';
    import { Worker } from 'node:worker_threads';
    import { SpscRing } from '@ram/ringbuffer';
    const ring = SpscRing.create(4096);
    const path = process.argv.at(-1);
    const server = await ring.serve(path);
    const isMemory = (name) => {
      try {
        return readlinkSync('/proc/self/fd/' + name).startsWith('/memfd:');
      } catch {
        return false; // the listing's own
      }
    };
    const count = () => readdirSync('/proc/self/fd').filter(isMemory).length;
    const before = count();
    for (let round = 0; round < 4; round++) {
      const worker = new Worker(${JSON.stringify(receiver)}, { eval: true, workerData: path });
      await once(worker, 'message');
      await worker.terminate();
    }
    server.close();
    await once(server, 'close');
    console.log(before > 0, count() - before, 'left');`;
  const directory = mkdtempSync(join(tmpdir(), 'ram-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const result = await runNode(program, [join(directory, 'socket')], { cwd });
  expect(result).toMatchObject({ code: 0, stdout: 'true 0 left\n', stderr: '' });
});
