import { expect, it } from 'vitest';
import { MirroredBuffer, MpscRing, RingBuffer, SpscRing } from '../src/index.ts';

const detached = new Uint8Array(8);
structuredClone(detached.buffer, { transfer: [detached.buffer] });
const garbage: unknown[] = [undefined, null, true, -1, 1.5, NaN, 2 ** 53, '', 10n, Symbol('s'), {}];
garbage.push(new Proxy(new Uint8Array(8), {}), Object.create(Uint8Array.prototype));
garbage.push([], () => {}, new Int32Array(3), new ArrayBuffer(8), Object.create(null), detached);

/** What a call answers with garbage must be a value, or an error with a code. */
function expectCoded(call: () => unknown): void {
  try {
    call();
  } catch (error) {
    expect((error as { code?: unknown }).code).toMatch(/^E[A-Z_]+$/);
  }
}

const inPlaceOf: Record<string, (value: never) => unknown> = {
  RingBuffer: (value) => new RingBuffer(4096, value),
  MirroredBuffer: (value) => new MirroredBuffer(4096, value),
  'RingBuffer.write': (value) => new RingBuffer(4096).write(value),
  'RingBuffer.read': (value) => new RingBuffer(4096).read(value),
  'RingBuffer.peek': (value) => new RingBuffer(4096).peek(value),
  'new SpscRing': (value) => Reflect.construct(SpscRing, [value]),
  'new MpscRing': (value) => Reflect.construct(MpscRing, [value, 1, 'x']),
  'SpscRing.create': (value) => SpscRing.create(4096, value).close(),
  'MpscRing.open': (value) => MpscRing.open(value),
  'SpscRing.fromToken': (value) => SpscRing.fromToken(value),
};
for (const [name, call] of Object.entries(inPlaceOf)) {
  it(`${name} refuses garbage with a code`, () => {
    for (const value of garbage) expectCoded(() => call(value as never));
  });
}

for (const Ring of [SpscRing, MpscRing]) {
  it(`the ends of an ${Ring.name} refuse garbage with a code, and work afterwards`, () => {
    using ring = Ring.create(4096);
    const producer = ring.producer();
    const consumer = ring.consumer();
    const four = Uint8Array.of(1, 2, 3, 4);
    for (const value of garbage as never[]) {
      expectCoded(() => producer.tryWrite(value));
      expectCoded(() => producer.tryWrite(four, value));
      expectCoded(() => producer.tryWriteBatch(value));
      expectCoded(() => producer.tryWriteBatch([value]));
      expectCoded(() => producer.tryReserve(value));
      expectCoded(() => producer.commit(value));
      expectCoded(() => producer.abort());
      expectCoded(() => producer.fail(value, value));
      if (producer.closed) return;
      expectCoded(() => consumer.tryRead(value));
      expectCoded(() => consumer.drain(value));
      expectCoded(() => consumer.wait({ timeoutMs: 0, spinMs: value }));
    }
    consumer.drain(() => {});
    expect(producer.tryWrite(four, 7)).toBe(true);
    expect(consumer.tryReadRecord()).toEqual({ type: 7, bytes: Buffer.from(four) });
  });
}
