// Rings: ours beside ringbuf.js, an OS pipe and memcpy.
import { startPair, startPingPong } from './pairs.mjs';
import { memcpyBandwidth, oneThread } from './one-thread.mjs';

/** @typedef {import('../run-suite.mjs').Case} Case */
/** @typedef {import('../run-suite.mjs').Contestant} Contestant */
/** @typedef {import('./pairs.mjs').Job} Job */

const million = 1e6;
const gibibyte = 2 ** 30;
/** Short rounds in turns: what the machine does beside them hits all contestants alike. */
const rounds = 15;
/** More than a CPU's second-level cache: what was written has left it when it is read. */
const largeRingBytes = 4 << 20;

/** @type {Case[]} */
export const suite = [
  {
    name: 'threads, 64 bytes',
    unit: 'M records/s',
    goal: 'one at a time 3x, batches 8x',
    rounds,
    contestants: [
      records('SpscRing, packed batches', { way: 'packed' }, 5e5),
      records('SpscRing, batches in place', { way: 'place' }, 5e5),
      records('SpscRing, corked', { way: 'batch' }, 5e5),
      records('SpscRing, one at a time', { way: 'single' }, 5e5),
      records(
        'SpscRing of 4 MiB, packed batches',
        { way: 'packed', ringBytes: largeRingBytes },
        5e5,
      ),
      records(
        'SpscRing of 4 MiB, one at a time',
        { way: 'single', ringBytes: largeRingBytes },
        5e5,
      ),
      records('MpscRing, one at a time', { way: 'mpsc' }, 3e5),
      records('ringbuf.js of 4 MiB', { way: 'ringbuf', ringBytes: largeRingBytes }, 3e5),
      records('ringbuf.js', { way: 'ringbuf' }, 3e5),
    ],
  },
  {
    name: 'threads, 1 KiB',
    unit: 'M records/s',
    goal: 'one at a time 2x',
    rounds,
    contestants: [
      records('SpscRing, packed batches', { way: 'packed', bytes: 1024 }, 2e5),
      records('SpscRing, one at a time', { way: 'single', bytes: 1024 }, 2e5),
      records('ringbuf.js', { way: 'ringbuf', bytes: 1024 }, 1e5),
    ],
  },
  {
    name: 'threads, 64 KiB',
    unit: 'GiB/s',
    goal: '0.6x of memcpy',
    rounds,
    contestants: [
      bandwidth('SpscRing of 4 MiB, read in place', { way: 'peek', bytes: 65_536 }, 1e4),
      bandwidth('SpscRing of 4 MiB, copied out', { way: 'single', bytes: 65_536 }, 1e4),
      {
        name: 'memcpy, source cold',
        run: async (scale) => memcpyBandwidth(65_536, 4e4 * scale, 64),
      },
      {
        name: 'memcpy, all in cache',
        run: async (scale) => memcpyBandwidth(65_536, 4e4 * scale, 1),
      },
    ],
  },
  ...['packed', 'single'].map((way) => ({
    name: `processes, 64 bytes, ${way === 'packed' ? 'packed batches' : 'one at a time'}`,
    unit: 'M records/s',
    goal: '0.7x of threads',
    rounds,
    contestants: [
      records('SpscRing, processes', { way, apart: true }, 5e5),
      records('SpscRing, threads', { way }, 5e5),
    ],
  })),
  {
    name: 'processes, 4 KiB',
    unit: 'GiB/s',
    goal: '3x of a pipe',
    rounds,
    contestants: [
      bandwidth('SpscRing, processes', { way: 'single', bytes: 4096, apart: true }, 5e4),
      bandwidth('SpscRing, threads', { way: 'single', bytes: 4096 }, 5e4),
      bandwidth('OS pipe', { way: 'pipe', bytes: 4096, apart: true }, 3e4),
    ],
  },
  {
    name: 'one thread, write and read of 4 KiB',
    unit: 'ns',
    goal: '156 ns, twice the 78 of the Go ring',
    rounds,
    contestants: [
      { name: 'RingBuffer', run: async (scale) => oneThread('ring', 4096, 3e5 * scale) },
      { name: 'two copies', run: async (scale) => oneThread('copy', 4096, 3e5 * scale) },
    ],
  },
  ...['p50', 'p99', 'p999'].map((percentile) => ({
    name: `ping-pong, ${percentile}`,
    unit: 'µs',
    rounds: 7,
    contestants: [
      latency('threads, spinning', { way: 'spin' }, percentile),
      latency('processes, spinning', { way: 'spin', apart: true }, percentile),
      latency('processes, waiting', { way: 'wait', apart: true }, percentile),
      latency('threads, waiting', { way: 'wait' }, percentile),
    ],
  })),
];

/** @param {string} name @param {Job} job @param {number} count @returns {Contestant} */
function records(name, job, count) {
  return { name, start: () => start(job, count, (records) => records / million) };
}

/**
 * @param {string} name @param {Job & { bytes: number }} job @param {number} count
 * @returns {Contestant}
 */
function bandwidth(name, job, count) {
  const ringBytes = job.bytes < 65_536 ? 1 << 20 : largeRingBytes;
  const gibibytes = (/** @type {number} */ records) => (records * job.bytes) / gibibyte;
  return { name, start: () => start({ ringBytes, ...job }, count, gibibytes) };
}

/** @param {Job} job @param {number} count @param {(records: number) => number} amountOf */
async function start(job, count, amountOf) {
  const pair = await startPair(job);
  return {
    run: async (/** @type {number} */ scale) => {
      const records = Math.ceil(count * scale);
      return amountOf(records) / (await pair.run(records));
    },
    close: pair.close,
  };
}

/** @param {string} name @param {Job} job @param {string} percentile @returns {Contestant} */
function latency(name, job, percentile) {
  return {
    name,
    start: async () => {
      const pair = await startPingPong(job);
      return {
        run: async (scale) => {
          /** @type {Record<string, number>} */
          const found = await pair.run(Math.ceil(10_000 * scale));
          return found[percentile] ?? NaN;
        },
        close: pair.close,
      };
    },
  };
}
