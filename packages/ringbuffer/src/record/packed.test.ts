import { describe, expect, it } from 'vitest';
import { MpscRing, SpscRing } from '../index.ts';

const rings = [
  ['SpscRing', SpscRing],
  ['MpscRing', MpscRing],
] as const;

describe.each(rings)('packed records of %s', (_name, Ring) => {
  it('arrive with their lengths and types, and mix with single ones', () => {
    using ring = Ring.create(4096);
    const producer = ring.producer();
    const consumer = ring.consumer();
    const bytes = Uint8Array.from({ length: 60 }, (_, i) => i);
    expect(producer.tryWritePacked(bytes, Uint32Array.of(3, 0, 57), Int32Array.of(7, -1, 9))).toBe(
      3,
    );
    expect(producer.tryWrite(Uint8Array.of(99), 5)).toBe(true);
    const into = new Uint8Array(61);
    const lengths = new Uint32Array(8);
    const types = new Int32Array(8);
    expect(consumer.tryReadPacked(into, lengths, types)).toBe(4);
    expect([...into]).toEqual([...bytes, 99]);
    expect([...lengths]).toEqual([3, 0, 57, 1, 0, 0, 0, 0]);
    expect([...types]).toEqual([7, -1, 9, 5, 0, 0, 0, 0]);
    expect(consumer.tryReadPacked(into, lengths)).toBe(0);
  });

  it('are written and read as far as there is room, lap after lap, in order', () => {
    using ring = Ring.create(4096);
    const producer = ring.producer();
    const consumer = ring.consumer();
    const lengths = Uint32Array.from({ length: 40 }, (_, i) => (i * 7) % 150);
    const bytes = new Uint8Array(lengths.reduce((sum, length) => sum + length));
    const into = new Uint8Array(1000);
    const got = new Uint32Array(9);
    let written = 0;
    let read = 0;
    for (let lap = 0; lap < 500; lap++) {
      const types = Int32Array.from(lengths, (_, i) => written + i);
      const start = written % lengths.length;
      written += producer.tryWritePacked(bytes, lengths.subarray(start), types);
      const gotTypes = new Int32Array(got.length);
      const count = consumer.tryReadPacked(into, got, gotTypes);
      expect(count).toBeGreaterThan(0);
      for (let i = 0; i < count; i++, read++) {
        expect(gotTypes[i]).toBe(read);
        expect(got[i]).toBe(lengths[read % lengths.length]);
      }
    }
    expect(read).toBeGreaterThan(2_000);
  });

  it('pass over what was aborted, and stop at what is reserved', () => {
    using ring = Ring.create(4096);
    const producer = ring.producer();
    const consumer = ring.consumer();
    producer.tryReserve(100);
    producer.abort();
    producer.tryWrite(Uint8Array.of(1));
    producer.tryReserve(8);
    const into = new Uint8Array(100);
    const lengths = new Uint32Array(4);
    expect(consumer.tryReadPacked(into, lengths)).toBe(1);
    expect(consumer.tryReadPacked(into, lengths)).toBe(0);
    producer.commit();
    expect(consumer.tryReadPacked(into, lengths)).toBe(1);
  });

  it('refuse what can not be right, and write nothing then', () => {
    using ring = Ring.create(4096);
    const producer = ring.producer();
    const consumer = ring.consumer();
    const bytes = new Uint8Array(10);
    const range = expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' });
    const type = expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' });
    expect(() => producer.tryWritePacked(bytes, Uint32Array.of(4, 7))).toThrow(range);
    expect(() => producer.tryWritePacked(bytes, Uint32Array.of(1, 2 ** 31))).toThrow(range);
    expect(() => producer.tryWritePacked(bytes, Uint32Array.of(1, 1), new Int32Array(1))).toThrow(
      range,
    );
    for (const wrong of [null, {}, [1], new Int32Array(1), 'x'] as unknown as Uint32Array[]) {
      expect(() => producer.tryWritePacked(bytes, wrong)).toThrow(type);
      expect(() => consumer.tryReadPacked(bytes, wrong)).toThrow(type);
    }
    expect(producer.tryWritePacked(bytes, new Uint32Array(0))).toBe(0);
    expect(consumer.peek()).toBe(false);
    producer.tryWrite(bytes);
    expect(() => consumer.tryReadPacked(new Uint8Array(9), new Uint32Array(1))).toThrow(range);
    expect(consumer.tryReadPacked(bytes, new Uint32Array(0))).toBe(0);
    expect(consumer.tryReadPacked(bytes, new Uint32Array(1))).toBe(1);
    consumer.close();
    const epipe = expect.objectContaining({ code: 'EPIPE' });
    expect(() => producer.tryWritePacked(bytes, Uint32Array.of(1))).toThrow(epipe);
    ring.close();
    const closed = expect.objectContaining({ code: 'ERR_RAM_RING_CLOSED' });
    expect(() => producer.tryWritePacked(bytes, Uint32Array.of(1))).toThrow(closed);
    expect(() => consumer.tryReadPacked(bytes, new Uint32Array(1))).toThrow(closed);
  });
});
