// Rings: ours beside ringbuf.js, an OS pipe and memcpy.
import { pingPong, throughput } from './pairs.mjs';
import { memcpyBandwidth, oneThread } from './one-thread.mjs';

/** @typedef {import('../run-suite.mjs').Case} Case */

const million = 1e6;
const gibibyte = 2 ** 30;

/** @type {Case[]} */
export const suite = [
  {
    name: 'threads, 64 bytes',
    unit: 'M records/s',
    goal: 'one at a time 3x, batches 8x',
    contestants: [
      records('SpscRing, in place, batches', 'place', 64, 3e6),
      records('SpscRing, batches', 'batch', 64, 4e6),
      records('SpscRing, one at a time', 'single', 64, 3e6),
      records('MpscRing, one at a time', 'mpsc', 64, 2e6),
      records('ringbuf.js', 'ringbuf', 64, 2e6),
    ],
  },
  {
    name: 'threads, 1 KiB',
    unit: 'M records/s',
    goal: 'one at a time 2x',
    contestants: [
      records('SpscRing, batches', 'batch', 1024, 1e6),
      records('SpscRing, one at a time', 'single', 1024, 1e6),
      records('ringbuf.js', 'ringbuf', 1024, 1e6),
    ],
  },
  {
    name: 'threads, 64 KiB',
    unit: 'GiB/s',
    goal: '0.6x of memcpy',
    contestants: [
      bandwidth('SpscRing, copied in and out', 'single', 65_536, 30e3),
      bandwidth('SpscRing, copied in, read in place', 'peek', 65_536, 30e3),
      { name: 'memcpy of 64 KiB', run: async (scale) => memcpyBandwidth(65_536, 2e5 * scale) },
    ],
  },
  {
    name: 'processes, 64 bytes',
    unit: 'M records/s',
    goal: '0.7x of threads',
    contestants: [
      records('SpscRing, processes, one at a time', 'single', 64, 3e6, true),
      records('SpscRing, threads, one at a time', 'single', 64, 3e6),
    ],
  },
  {
    name: 'processes, 4 KiB',
    unit: 'GiB/s',
    goal: '3x of a pipe',
    contestants: [
      bandwidth('SpscRing, processes, one at a time', 'single', 4096, 3e5, true),
      bandwidth('OS pipe', 'pipe', 4096, 2e5, true),
    ],
  },
  {
    name: 'one thread, write and read of 4 KiB',
    unit: 'ns',
    goal: 'within 2x of the 78 ns of the Go ring',
    contestants: [
      { name: 'RingBuffer', run: async (scale) => oneThread('ring', 4096, 3e6 * scale) },
      {
        name: 'two copies, nothing else',
        run: async (scale) => oneThread('copy', 4096, 3e6 * scale),
      },
    ],
  },
  ...['p50', 'p99', 'p999'].map((percentile) => ({
    name: `ping-pong between threads, ${percentile}`,
    unit: 'µs',
    contestants: [
      latency('SpscRing, spinning', 'spin', percentile, false),
      latency('SpscRing, processes, waiting', 'wait', percentile, true),
      latency('SpscRing, waiting', 'wait', percentile, false),
    ],
  })),
];

/**
 * @param {string} name @param {string} way @param {number} bytes @param {number} count
 * @param {boolean} [apart] In two processes.
 */
function records(name, way, bytes, count, apart = false) {
  /** @param {number} scale */
  const run = async (scale) => {
    const seconds = await throughput({ way, bytes, count: Math.ceil(count * scale), apart });
    return Math.ceil(count * scale) / seconds / million;
  };
  return { name, run };
}

/** @type {typeof records} */
function bandwidth(name, way, bytes, count, apart = false) {
  /** @param {number} scale */
  const run = async (scale) => {
    const seconds = await throughput({ way, bytes, count: Math.ceil(count * scale), apart });
    return (Math.ceil(count * scale) * bytes) / seconds / gibibyte;
  };
  return { name, run };
}

/**
 * @param {string} name @param {string} way @param {string} percentile @param {boolean} apart
 */
function latency(name, way, percentile, apart) {
  /** @param {number} scale */
  const run = async (scale) => {
    const found = await pingPong({ way, count: Math.ceil(20_000 * scale), apart });
    return found[percentile] ?? NaN;
  };
  return { name, run };
}
