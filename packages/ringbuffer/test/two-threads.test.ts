import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { MpscRing, SpscRing } from '../src/index.ts';
import { checkRecord } from './check-record.ts';
import { runWorker, startWorker } from './other-thread.ts';

const modes = ['write', 'spin', 'abort'];

describe('between threads', () => {
  for (const mode of modes) {
    it(`an SPSC ring keeps order and content (${mode})`, async () => {
      using ring = SpscRing.create(4096);
      const consumer = ring.consumer();
      const worker = runWorker('produce.mjs', ['spsc', ring.token(), '20000', '1', mode]);
      let next = 0;
      while (await consumer.waitAsync()) {
        consumer.drain((bytes, offset, length, type) => {
          expect(checkRecord(bytes, offset, length, type)).toBe(1);
          if (type !== next++) throw new Error(`record ${type} where ${next - 1} was due`);
        });
      }
      expect(next).toBe(20_000);
      await worker;
    });

    it(`an MPSC ring keeps each producer's order (${mode})`, async () => {
      using ring = MpscRing.create(4096);
      const consumer = ring.consumer();
      const workers = [1, 2, 3].map((id) =>
        runWorker('produce.mjs', ['mpsc', ring.token(), '5000', String(id), mode]),
      );
      const next = [0, 0, 0, 0];
      while (next.reduce((sum, count) => sum + count) < 15_000 && (await consumer.waitAsync())) {
        consumer.drain((bytes, offset, length, type) => {
          const id = checkRecord(bytes, offset, length, type);
          if (type !== next[id]) throw new Error(`${id}: ${type} where ${next[id]} was due`);
          next[id] = type + 1;
        });
      }
      expect(next).toEqual([0, 5000, 5000, 5000]);
      await Promise.all(workers);
    });
  }

  it('a worker that is terminated is noticed, and its place can be taken', async () => {
    using ring = SpscRing.create(4096);
    const consumer = ring.consumer();
    const worker = startWorker('produce.mjs', ['spsc', ring.token(), '1000000', '1']);
    expect(await consumer.waitAsync()).toBe(true);
    await worker.terminate();
    const readAll = async (): Promise<void> => {
      while (await consumer.waitAsync()) consumer.consume();
    };
    await expect(readAll()).rejects.toThrow(
      expect.objectContaining({ code: 'ERR_RAM_RING_PEER_DIED' }),
    );
    ring.producer().tryWrite(new Uint8Array(3));
    expect(consumer.tryReadRecord()?.bytes.length).toBe(3);
  });
});

describe('interleavings', () => {
  const rounds = 2_000;
  const litmus: [title: string, abortsFirst: number, allowed: string[]][] = [
    ['two records each of two producers', 0, ['1122', '1212', '1221', '2112', '2121', '2211']],
    ['the second one aborts its first', 2, ['112', '121', '211']],
  ];
  for (const [title, abortsFirst, outcomes] of litmus) {
    it(`${title}: ${outcomes.join(' ')}, and nothing else`, async () => {
      using ring = MpscRing.create(4096);
      const consumer = ring.consumer();
      const round = new Int32Array(new SharedArrayBuffer(8));
      const workers = [1, 2].map((id) =>
        startWorker('two-records.mjs', [ring.token()], { id, rounds, round, abortsFirst }),
      );
      const exits = workers.map((worker) => once(worker, 'exit'));
      const seen = new Set<string>();
      for (let number = 1; number <= rounds; number++) {
        let outcome = '';
        while (outcome.length < (outcomes[0] ?? '').length) {
          await consumer.waitAsync();
          consumer.drain((_bytes, _offset, _length, type) => {
            outcome += type;
          });
        }
        seen.add(outcome);
        // Both are done with the round; only then the next.
        for (let done = 0; (done = Atomics.load(round, 1)) < 2 * number;) {
          Atomics.wait(round, 1, done, 10);
        }
        Atomics.store(round, 0, number);
        Atomics.notify(round, 0);
      }
      expect([...seen].filter((outcome) => !outcomes.includes(outcome))).toEqual([]);
      await Promise.all(exits);
      expect(consumer.peek()).toBe(false);
    });
  }

  it('a consumer that closes: the producer has written all, or gets EPIPE', async () => {
    for (let round = 0; round < 12; round++) {
      using ring = SpscRing.create(4096);
      const consumer = ring.consumer();
      const worker = startWorker('produce.mjs', ['spsc', ring.token(), '2000', '1', 'write']);
      const errors: string[] = [];
      worker.on('error', (error: NodeJS.ErrnoException) => errors.push(error.code ?? ''));
      const exited = new Promise((resolve) => worker.on('exit', resolve));
      let left = 1 + round * 200;
      while (left > 0 && (await consumer.waitAsync())) left -= consumer.drain(() => {}, left);
      consumer.close();
      await exited;
      expect([[], ['EPIPE']]).toContainEqual(errors);
    }
  });
});
