import { once } from 'node:events';
import { expect } from 'vitest';
import { MpscRing, SpscRing } from '../src/index.ts';
import { checkRecord } from './check-record.ts';
import { kill, startProcess, whileItWorks } from './other-thread.ts';

/**
 * Producers of an SPSC ring that are killed after a random number of records were read: the
 * consumer gets whole records in order, and then that its peer has died.
 */
export async function killProducers(rounds: number): Promise<void> {
  using ring = SpscRing.create(4096);
  const consumer = ring.consumer();
  for (let round = 0; round < rounds; round++) {
    const child = startProcess('produce.mjs', ['spsc', ring.token(), '1e9', '7', modeOf(round)]);
    let left = 1 + Math.floor(Math.random() * 2_000);
    let next = 0;
    const readAll = async (): Promise<void> => {
      while (await consumer.waitAsync()) {
        consumer.drain((bytes, offset, length, type) => {
          expect(checkRecord(bytes, offset, length, type)).toBe(7);
          if (type !== next++) throw new Error(`record ${type} where ${next - 1} was due`);
          if (left-- === 0) child.kill('SIGKILL');
        });
      }
    };
    await expect(whileItWorks(child, readAll())).rejects.toThrow(
      expect.objectContaining({ code: 'ERR_RAM_RING_PEER_DIED' }),
    );
    await kill(child);
  }
}

/** One of two producers of an MPSC ring is killed: the other's records all arrive, in order. */
export async function killOneOfTwo(rounds: number): Promise<void> {
  using ring = MpscRing.create(4096);
  const consumer = ring.consumer();
  for (let round = 0; round < rounds; round++) {
    const args = ['mpsc', ring.token()];
    const victim = startProcess('produce.mjs', [...args, '1e9', '7', modeOf(round)]);
    const other = startProcess('produce.mjs', [...args, '3000', '8', 'abort']);
    const due = { records: 1 + Math.floor(Math.random() * 2_000), number: 0 };
    while (due.number < 3_000 || due.records > 0) {
      expect(await whileItWorks(other, consumer.waitAsync())).toBe(true);
      consumer.drain((bytes, offset, length, type) => {
        const id = checkRecord(bytes, offset, length, type);
        if (id === 8 && type !== due.number++) throw new Error(`${type}: not the next`);
        if (--due.records === 0) victim.kill('SIGKILL');
      });
    }
    await Promise.all([kill(victim), kill(other)]);
  }
}

/** Consumers that are killed: the producer is told, and the next one reads on, whole records. */
export async function killConsumers(rounds: number): Promise<void> {
  using ring = SpscRing.create(4096);
  const producer = ring.producer();
  const words = new Int32Array(producer.bytes.buffer);
  let number = 0;
  for (let round = 0; round < rounds; round++) {
    const child = startProcess('consume.mjs', [ring.token(), modeOf(round)]);
    await whileItWorks(child, once(child, 'message'));
    let left = 1 + Math.floor(Math.random() * 2_000);
    const writeAll = async (): Promise<void> => {
      for (;;) {
        const offset = producer.tryReserve(12);
        if (offset < 0) {
          await producer.waitForSpace(12);
          continue;
        }
        words.fill(number, offset >> 2, (offset >> 2) + 3);
        producer.commit(number++);
        if (left-- === 0) child.kill('SIGKILL');
      }
    };
    await expect(whileItWorks(child, writeAll())).rejects.toThrow(
      expect.objectContaining({ code: 'ERR_RAM_RING_PEER_DIED' }),
    );
    await kill(child);
  }
  const consumer = ring.consumer();
  let next: number | undefined;
  consumer.drain((bytes, offset, length, type) => {
    expect(checkRecord(bytes, offset, length, type)).toBe(type);
    expect(type).toBe(next ?? type);
    next = type + 1;
  });
  expect(next).toBe(number);
}

function modeOf(round: number): string {
  return round % 2 === 0 ? 'spin' : 'wait';
}
