import { describe, expect, it } from 'vitest';
import { runNode } from '@ram/test-support';
import { fileURLToPath } from 'node:url';

const cwd = fileURLToPath(new URL('..', import.meta.url));

describe('in steady state nothing is allocated per record', () => {
  for (const kind of ['SpscRing', 'MpscRing']) {
    it(kind, async () => {
      const program = `
        import { ${kind} } from '@ram/ringbuffer';
        const ring = ${kind}.create(65536);
        const producer = ring.producer();
        const consumer = ring.consumer();
        const from = new Uint8Array(64);
        const into = new Uint8Array(64);
        const long = new Uint8Array(3000);
        const longInto = new Uint8Array(3000);
        const packed = new Uint8Array(640);
        const lengths = new Uint32Array(10).fill(64);
        const gotLengths = new Uint32Array(10);
        const run = (count) => {
          for (let i = 0; i < count; i++) {
            producer.tryWrite(from, i);
            consumer.tryRead(into);
            producer.tryReserve(40);
            producer.commit(i, 20);
            consumer.peek();
            consumer.consume();
            producer.tryWrite(long);
            consumer.tryRead(longInto);
            if (packs) {
              producer.tryWritePacked(packed, lengths, i);
              consumer.tryReadPacked(packed, gotLengths);
            }
          }
        };
        const packs = ${kind === 'SpscRing'};
        run(100_000);
        gc();
        // Collecting drops code that was optimized.
        run(100_000);
        const before = process.memoryUsage().heapUsed;
        run(100_000);
        console.log((process.memoryUsage().heapUsed - before) / 1_300_000);`;
      const { stdout, stderr } = await runNode(program, [], {
        cwd,
        env: { NODE_OPTIONS: '--expose-gc' },
      });
      expect(stderr).toBe('');
      // What the test itself allocates is thousands of bytes, for all records together.
      expect(Number(stdout)).toBeLessThan(0.1);
    });
  }
});
