// What one thread does alone.
import { RingBuffer } from '@ram/ringbuffer';

/**
 * Nanoseconds of one write and one read.
 * @param {'ring' | 'copy'} way @param {number} bytes @param {number} count
 */
export function oneThread(way, bytes, count) {
  const from = new Uint8Array(bytes).fill(1);
  const to = new Uint8Array(bytes);
  const between = new Uint8Array(65_536);
  const span = between.subarray(0, bytes);
  const ring = new RingBuffer(65_536);
  const act =
    way === 'ring'
      ? () => {
          ring.write(from);
          ring.read(to);
        }
      : () => {
          between.set(from);
          to.set(span);
        };
  for (let i = 0; i < count / 10; i++) act();
  const start = process.hrtime.bigint();
  for (let i = 0; i < count; i++) act();
  const elapsed = Number(process.hrtime.bigint() - start);
  ring.free();
  return elapsed / count;
}

/**
 * GiB/s of copying records into 1 MiB, from as many sources in turn: 1 is in the cache of the CPU,
 * 64 of them are not.
 * @param {number} bytes @param {number} count @param {number} sources
 */
export function memcpyBandwidth(bytes, count, sources) {
  const from = Array.from({ length: sources }, () => new Uint8Array(bytes).fill(1));
  const to = new Uint8Array(1 << 20);
  const places = to.length / bytes;
  let seconds = 0;
  for (const rounds of [sources, count]) {
    const start = process.hrtime.bigint();
    for (let i = 0; i < rounds; i++) {
      to.set(/** @type {Uint8Array} */ (from[i % sources]), (i % places) * bytes);
    }
    seconds = Number(process.hrtime.bigint() - start) / 1e9;
  }
  return (count * bytes) / seconds / 2 ** 30;
}
