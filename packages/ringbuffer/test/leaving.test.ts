import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { runNode } from '@ram/test-support';
import { describe, expect, it } from 'vitest';
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
