import { describe, expect, it } from 'vitest';
import { MpscRing, SpscRing } from '../index.ts';
import type { RingConsumer, RingProducer } from '../index.ts';

const kinds = { SpscRing, MpscRing };
const text = (value: string): Buffer => Buffer.from(value);
const code = (value: string) => expect.objectContaining({ code: value });

for (const [name, Ring] of Object.entries(kinds)) {
  const withEnds = (act: (producer: RingProducer, consumer: RingConsumer) => void): void => {
    using ring = Ring.create(4096);
    act(ring.producer(), ring.consumer());
  };

  describe(name, () => {
    it('hands records over in order, with their types', () => {
      withEnds((producer, consumer) => {
        expect(consumer.tryReadRecord()).toBeUndefined();
        for (const word of ['', 'a', 'four', 'sixteen bytes ..', 'more than sixteen']) {
          expect(producer.tryWrite(text(word), word.length)).toBe(true);
        }
        for (const word of ['', 'a', 'four', 'sixteen bytes ..', 'more than sixteen']) {
          expect(consumer.tryReadRecord()).toEqual({ type: word.length, bytes: text(word) });
        }
        expect(consumer.peek()).toBe(false);
      });
    });

    it('copies what lies anywhere, of any length, again and again', () => {
      withEnds((producer, consumer) => {
        const all = Uint8Array.from({ length: 600 }, (_, i) => i);
        const into = new Uint8Array(604);
        for (const [start, length] of [
          [0, 64],
          [1, 64],
          [4, 63],
          [3, 5],
          [0, 257],
          [2, 500],
        ] as const) {
          const from = all.subarray(start, start + length);
          const target = into.subarray(start, start + length + 4);
          for (let round = 0; round < 4; round++) {
            producer.tryWrite(from);
            expect(consumer.tryRead(target)).toBe(length);
            expect([...target.subarray(0, length)]).toEqual([...from]);
            target.fill(0);
          }
        }
      });
    });

    it('follows an array whose buffer changes its size', () => {
      withEnds((producer, consumer) => {
        const buffer: ArrayBuffer = Reflect.construct(ArrayBuffer, [8, { maxByteLength: 16 }]);
        const from = new Uint8Array(buffer);
        for (const size of [8, 8, 8, 16, 16, 4, 4]) {
          Reflect.apply(Reflect.get(buffer, 'resize'), buffer, [size]);
          from.fill(size);
          producer.tryWrite(from);
          expect([...(consumer.tryReadRecord()?.bytes ?? [])]).toEqual([...from]);
        }
      });
    });

    it('takes an array that was detached for an empty one', () => {
      withEnds((producer, consumer) => {
        const from = new Uint8Array(8).fill(1);
        for (let round = 0; round < 3; round++) producer.tryWrite(from);
        structuredClone(from.buffer, { transfer: [from.buffer] });
        producer.tryWrite(from);
        const lengths = Array.from({ length: 4 }, () => consumer.tryReadRecord()?.bytes.length);
        expect(lengths).toEqual([8, 8, 8, 0]);
        producer.tryWrite(new Uint8Array(8));
        expect(() => consumer.tryRead(from)).toThrow(code('ERR_OUT_OF_RANGE'));
      });
    });

    it('keeps negative types', () => {
      withEnds((producer, consumer) => {
        producer.tryWrite(text('x'), -5);
        expect(consumer.tryReadRecord()?.type).toBe(-5);
        // Found, and known from the last look at `tail`.
        for (const type of [1, -2, 3]) producer.tryWrite(text('x'), type);
        for (const type of [1, -2, 3]) {
          expect(consumer.tryRead(new Uint8Array(1))).toBe(1);
          expect(consumer.type).toBe(type);
        }
      });
    });

    it('shows nothing of a record before commit, and nothing at all after abort', () => {
      withEnds((producer, consumer) => {
        const offset = producer.tryReserve(3);
        producer.bytes.set(text('abc'), offset);
        expect(offset % 16).toBe(0);
        expect(consumer.peek()).toBe(false);
        producer.abort();
        expect(consumer.peek()).toBe(false);
        producer.bytes.set(text('def'), producer.tryReserve(3));
        producer.commit(1);
        expect(consumer.tryReadRecord()).toEqual({ type: 1, bytes: text('def') });
      });
    });

    it('commits less than was reserved, down to nothing', () => {
      withEnds((producer, consumer) => {
        for (const length of [100, 17, 16, 1, 0]) {
          const offset = producer.tryReserve(100);
          producer.bytes.fill(length, offset, offset + 100);
          producer.commit(length, length);
          const record = consumer.tryReadRecord();
          expect([record?.type, record?.bytes.length]).toEqual([length, length]);
          expect(record?.bytes.every((byte) => byte === length)).toBe(true);
        }
      });
    });

    it('peeks the same record until it is consumed', () => {
      withEnds((producer, consumer) => {
        producer.tryWriteBatch([text('one'), text('two')]);
        for (const word of ['one', 'two']) {
          for (let round = 0; round < 2; round++) {
            expect(consumer.peek()).toBe(true);
            const { bytes, offset, length } = consumer;
            expect(Buffer.from(bytes.subarray(offset, offset + length)).toString()).toBe(word);
          }
          consumer.consume();
        }
      });
    });

    it('takes a record as long as the ring, and every record is in one piece', () => {
      withEnds((producer, consumer) => {
        expect(producer.recordBytesMax).toBe(4096 - 16);
        for (let shift = 0; shift < 5; shift++) {
          const long = Uint8Array.from({ length: 4080 }, (_, i) => i + shift);
          expect(producer.tryWrite(long)).toBe(true);
          expect(producer.tryWrite(text(''))).toBe(false);
          expect(consumer.tryReadRecord()?.bytes).toEqual(Buffer.from(long));
          producer.tryWrite(text('x'));
          consumer.tryReadRecord();
        }
      });
    });

    it('drains in batches, up to a limit, and stops where the reader throws', () => {
      withEnds((producer, consumer) => {
        const words = ['a', 'bb', 'ccc', 'dddd'];
        expect(producer.tryWriteBatch(words.map(text), 9)).toBe(4);
        const seen: string[] = [];
        const read = (bytes: Uint8Array, offset: number, length: number, type: number): void => {
          seen.push(Buffer.from(bytes.subarray(offset, offset + length)).toString() + type);
          if (length === 3) throw new Error('enough');
        };
        expect(consumer.drain(read, 2)).toBe(2);
        expect(() => consumer.drain(read)).toThrow('enough');
        expect(consumer.drain(read)).toBe(1);
        expect(consumer.drain(read)).toBe(0);
        expect(seen).toEqual(['a9', 'bb9', 'ccc9', 'dddd9']);
      });
    });

    it('writes as much of a batch as fits', () => {
      withEnds((producer, consumer) => {
        const batch = Array.from({ length: 100 }, () => new Uint8Array(48));
        expect(producer.tryWriteBatch(batch)).toBe(4096 / 64);
        expect(consumer.drain(() => {})).toBe(64);
      });
    });

    it('behaves as a plain queue does under random operations', () => {
      const seed = Number(process.env.RAM_SEED ?? Math.floor(Math.random() * 2 ** 31));
      withEnds((producer, consumer) => compareWithQueue(producer, consumer, seed));
    });

    it('ends: what is in it is still read', () => {
      withEnds((producer, consumer) => {
        producer.tryWrite(text('last'));
        expect(consumer.ended).toBe(false);
        producer.end();
        expect(consumer.ended).toBe(false);
        expect(consumer.tryReadRecord()?.bytes).toEqual(text('last'));
        expect(consumer.ended).toBe(true);
        expect(consumer.wait()).toBe(false);
      });
    });

    it('fails: the consumer gets the error after the last record', () => {
      withEnds((producer, consumer) => {
        producer.tryWrite(text('last'));
        producer.fail('the disk is gone', 5);
        expect(consumer.tryReadRecord()?.bytes).toEqual(text('last'));
        expect(() => consumer.ended).toThrow(
          expect.objectContaining({ code: 'EIO', errno: -5, message: 'the disk is gone' }),
        );
        expect(() => consumer.wait()).toThrow('the disk is gone');
      });
    });

    it('tells the producer that the consumer has closed, until another one comes', () => {
      using ring = Ring.create(4096);
      const producer = ring.producer();
      expect(producer.tryWrite(text('a'))).toBe(true);
      ring.consumer().close();
      expect(() => producer.tryWrite(text('b'))).toThrow(
        expect.objectContaining({ code: 'EPIPE', syscall: 'write' }),
      );
      const consumer = ring.consumer();
      expect(producer.tryWrite(text('c'))).toBe(true);
      expect(consumer.tryReadRecord()?.bytes).toEqual(text('a'));
      expect(consumer.tryReadRecord()?.bytes).toEqual(text('c'));
    });

    it('starts anew after a stream that was read to its end', () => {
      using ring = Ring.create(4096);
      for (const word of ['first', 'second']) {
        const producer = ring.producer();
        const consumer = ring.consumer();
        producer.tryWrite(text(word));
        producer.end();
        expect(consumer.tryReadRecord()?.bytes).toEqual(text(word));
        expect(consumer.ended).toBe(true);
        consumer.close();
      }
    });

    it('blocks for as long as it is told', () => {
      withEnds((producer, consumer) => {
        expect(consumer.wait({ timeoutMs: 5 })).toBe(false);
        expect(consumer.wait({ timeoutMs: 3, spinMs: 1 })).toBe(false);
        producer.tryWrite(new Uint8Array(4080));
        expect(producer.write(text('x'), 0, { timeoutMs: 5 })).toBe(false);
        expect(producer.write(text('x'), 0, { timeoutMs: 3, spinMs: 1 })).toBe(false);
        expect(consumer.wait({ timeoutMs: 0 })).toBe(true);
      });
    });

    it('waits for space and for records without blocking', async () => {
      using ring = Ring.create(4096);
      const producer = ring.producer();
      const consumer = ring.consumer();
      const first = consumer.waitAsync();
      producer.tryWrite(new Uint8Array(4080));
      expect(await first).toBe(true);
      const written = producer.writeAsync(text('next'), 3);
      consumer.consume();
      await written;
      expect(consumer.tryReadRecord()).toEqual({ type: 3, bytes: text('next') });
      const end = consumer.waitAsync();
      producer.end();
      expect(await end).toBe(false);
    });

    it('iterates until the end', async () => {
      using ring = Ring.create(4096);
      const producer = ring.producer();
      const consumer = ring.consumer();
      const writing = (async () => {
        for (let i = 0; i < 500; i++) await producer.writeAsync(new Uint8Array(i), i);
        producer.end();
      })();
      let count = 0;
      for await (const { type, bytes } of consumer) {
        expect([type, bytes.length]).toEqual([count, count]);
        count++;
      }
      await writing;
      expect(count).toBe(500);
    });

    it('lets go of who waits when it closes', async () => {
      const ring = Ring.create(4096);
      const waiting = ring.consumer().waitAsync();
      ring.close();
      expect(await waiting).toBe(false);
    });

    it('has one consumer at a time', () => {
      using ring = Ring.create(4096);
      const consumer = ring.consumer();
      expect(() => ring.consumer()).toThrow(code('ERR_RAM_RING_BUSY'));
      using other = Ring.fromToken(ring.token());
      expect(() => other.consumer()).toThrow(code('ERR_RAM_RING_BUSY'));
      consumer.close();
      other.consumer().close();
    });

    it('refuses what makes no sense, and stays as it is', () => {
      withEnds((producer, consumer) => {
        producer.tryWrite(text('kept'));
        const before = [...producer.bytes.subarray(0, 20_000)].join();
        for (const length of [-1, 1.5, NaN, 4081, 2 ** 40]) {
          expect(() => producer.tryReserve(length)).toThrow(code('ERR_OUT_OF_RANGE'));
        }
        expect(() => producer.tryReserve('1' as never)).toThrow(code('ERR_INVALID_ARG_TYPE'));
        expect(() => producer.tryWrite('text' as never)).toThrow(code('ERR_INVALID_ARG_TYPE'));
        expect(() => producer.tryWrite(new Uint8Array(5000))).toThrow(code('ERR_OUT_OF_RANGE'));
        expect(() => producer.commit()).toThrow(code('ERR_RAM_RING_STATE'));
        expect(() => producer.abort()).toThrow(code('ERR_RAM_RING_STATE'));
        expect(() => consumer.consume()).toThrow(code('ERR_RAM_RING_STATE'));
        expect(() => consumer.drain(() => {}, -1)).toThrow(code('ERR_OUT_OF_RANGE'));
        expect([...producer.bytes.subarray(0, 20_000)].join()).toBe(before);
        producer.tryReserve(4);
        expect(() => producer.tryReserve(4)).toThrow(code('ERR_RAM_RING_STATE'));
        expect(() => producer.commit(0, 5)).toThrow(code('ERR_OUT_OF_RANGE'));
        expect(() => producer.commit(0, -1)).toThrow(code('ERR_OUT_OF_RANGE'));
        producer.commit(0, 4);
        expect(() => consumer.tryRead(new Uint8Array(3))).toThrow(code('ERR_OUT_OF_RANGE'));
        expect(consumer.tryRead(new Uint8Array(4))).toBe(4);
      });
    });

    it('throws after close, of an end and of the ring', () => {
      const ring = Ring.create(4096);
      const producer = ring.producer();
      const consumer = ring.consumer();
      const { bytes } = producer;
      consumer.close();
      expect(() => consumer.peek()).toThrow(code('ERR_RAM_RING_CLOSED'));
      expect(() => consumer.takeLost()).toThrow(code('ERR_RAM_RING_CLOSED'));
      producer.close();
      expect(() => producer.tryWrite(text('x'))).toThrow(code('ERR_RAM_RING_CLOSED'));
      expect(() => producer.fail('x')).toThrow(code('ERR_RAM_RING_CLOSED'));
      ring.close();
      ring.close();
      expect(bytes.length).toBe(0);
      for (const act of [
        () => ring.producer(),
        () => ring.consumer(),
        () => ring.token(),
        () => ring.descriptor,
      ]) {
        expect(act).toThrow(code('ERR_RAM_RING_CLOSED'));
      }
    });

    for (const size of [0, -1, 1.5, NaN, Infinity, 2 ** 30 + 1]) {
      it(`refuses the size ${size}`, () => {
        expect(() => Ring.create(size)).toThrow(code('ERR_OUT_OF_RANGE'));
      });
    }
  });
}

function compareWithQueue(producer: RingProducer, consumer: RingConsumer, seed: number): void {
  let state = seed;
  const random = (below: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return Math.floor((state / 2 ** 31) * below);
  };
  const queue: { type: number; bytes: Buffer }[] = [];
  const sizeOf = (length: number): number => 16 + Math.ceil(length / 16) * 16;
  for (let step = 0; step < 4_000; step++) {
    const label = `seed ${seed}, step ${step}`;
    const length = random(4) === 0 ? random(4081) : random(200);
    const kind = random(6);
    if (kind < 3) {
      const used = queue.reduce((sum, { bytes }) => sum + sizeOf(bytes.length), 0);
      const bytes = Buffer.alloc(length, step);
      const offset = producer.tryReserve(length);
      expect(offset >= 0, label).toBe(used + sizeOf(length) <= 4096);
      if (offset < 0) continue;
      producer.bytes.set(bytes, offset);
      const kept = kind === 2 ? random(length + 1) : length;
      producer.commit(step, kept);
      // An MPSC ring keeps the place of what was reserved until it has been passed over.
      queue.push({ type: step, bytes: bytes.subarray(0, kept) });
      if (kept !== length) drainBoth(consumer, queue, label);
    } else if (kind < 5) {
      expect(consumer.tryReadRecord(), label).toEqual(queue.shift());
    } else {
      if (producer.tryReserve(0) >= 0) producer.abort();
      drainBoth(consumer, queue, label);
    }
  }
}

function drainBoth(
  consumer: RingConsumer,
  queue: { type: number; bytes: Buffer }[],
  label: string,
): void {
  for (let record = consumer.tryReadRecord(); record; record = consumer.tryReadRecord()) {
    expect(record, label).toEqual(queue.shift());
  }
  expect(queue.length, label).toBe(0);
}
