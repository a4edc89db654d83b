// oxlint-disable unicorn/require-post-message-target-origin -- threads, not windows
// Two threads or processes that stay while they are measured again and again: this one reads,
// other-side.mjs writes on demand.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { MpscRing, SpscRing } from '@ram/ringbuffer';
import { RingBuffer as PeerRing } from 'ringbuf.js';
import { patience, packedRecords } from './ways.mjs';

/**
 * @typedef {object} Job
 * @property {string} way
 * @property {number} [bytes] Of a record.
 * @property {number} [ringBytes]
 * @property {boolean} [apart] The writer is a process of its own, not a worker.
 */

/**
 * @typedef {object} Pair
 * @property {(count: number) => Promise<number>} run Seconds that `count` records take.
 * @property {() => Promise<void>} close
 */

const otherSide = new URL('./other-side.mjs', import.meta.url);

/** @param {Job} asked @returns {Promise<Pair>} */
export async function startPair(asked) {
  const job = { bytes: 64, ringBytes: 1 << 20, ...asked };
  if (job.way === 'pipe') return startPipe(job);
  if (job.way === 'ringbuf') return startPeer(job);
  const ring = (job.way === 'mpsc' ? MpscRing : SpscRing).create(job.ringBytes);
  const consumer = ring.consumer();
  const other = startOther(job, { token: ring.token() });
  const read = readerOf(job.way, consumer, job.bytes);
  return {
    run: (count) =>
      measure(other, count, () => {
        for (let left = count; left > 0;) {
          const done = read(left);
          if (done === 0) consumer.wait(patience);
          left -= done;
        }
      }),
    close: async () => {
      await other.end();
      ring.close();
    },
  };
}

/**
 * @param {Other} other
 * @param {number} count
 * @param {() => void} readAll
 */
async function measure(other, count, readAll) {
  const begin = await other.write(count);
  readAll();
  const seconds = Number(process.hrtime.bigint() - begin) / 1e9;
  await other.written();
  return seconds;
}

/**
 * @param {string} way
 * @param {import('@ram/ringbuffer').RingConsumer} consumer
 * @param {number} bytes
 * @returns {(max: number) => number} How many records it has read.
 */
function readerOf(way, consumer, bytes) {
  const words = new Int32Array(consumer.bytes.buffer);
  const into = new Uint8Array(bytes);
  const found = new Int32Array(1);
  // Looks at each cache line of the record, so that all of it comes to this CPU.
  const touch = (
    /** @type {Uint8Array} */ _bytes,
    /** @type {number} */ offset,
    /** @type {number} */ length,
  ) => {
    const end = (offset + length) >> 2;
    let all = 0;
    for (let at = offset >> 2; at < end; at += 16) all |= words[at] ?? 0;
    found[0] = all;
  };
  if (way === 'place') return (max) => consumer.drain(touch, Math.min(max, packedRecords));
  if (way === 'peek') return () => consumer.drain(touch, 1);
  if (way === 'packed') {
    const batch = new Uint8Array(bytes * packedRecords);
    const lengths = new Uint32Array(packedRecords);
    return () => consumer.tryReadPacked(batch, lengths);
  }
  if (way === 'batch') {
    return (max) => {
      let count = 0;
      consumer.cork();
      while (count < Math.min(max, packedRecords) && consumer.tryRead(into) >= 0) count++;
      consumer.uncork();
      return count;
    };
  }
  return () => (consumer.tryRead(into) < 0 ? 0 : 1);
}

/** @param {Required<Omit<Job, 'apart'>> & Job} job @returns {Pair} */
function startPeer(job) {
  const shared = PeerRing.getStorageForCapacity(job.ringBytes, Uint8Array);
  const ring = new PeerRing(shared, Uint8Array);
  const other = startOther(job, { shared });
  const into = new Uint8Array(job.bytes);
  return {
    run: (count) =>
      measure(other, count, () => {
        for (let left = count; left > 0;) {
          if (ring.availableRead() >= job.bytes) {
            ring.pop(into);
            left--;
          }
        }
      }),
    close: () => other.end(),
  };
}

/** @param {Required<Omit<Job, 'apart'>> & Job} job @returns {Pair} */
function startPipe(job) {
  const other = startOther(job, {});
  const into = new Uint8Array(65_536);
  return {
    run: (count) =>
      measure(other, count, () => {
        for (let left = count * job.bytes; left > 0;) {
          try {
            left -= readSync(other.pipe, into);
          } catch (error) {
            if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EAGAIN') throw error;
          }
        }
      }),
    close: () => other.end(),
  };
}

/**
 * Microseconds of round trips of 64 bytes.
 * @param {Job} job
 */
export async function startPingPong(job) {
  const there = SpscRing.create(65_536);
  const back = SpscRing.create(65_536);
  const producer = there.producer();
  const consumer = back.consumer();
  const tokens = { token: there.token(), back: back.token() };
  const other = startOther({ ...job, bytes: 64, way: `pong-${job.way}` }, tokens);
  const bytes = new Uint8Array(64);
  const options = { spinMs: job.way === 'spin' ? 1 : 0 };
  const trip = () => {
    producer.tryWrite(bytes);
    consumer.wait(options);
    consumer.tryRead(bytes);
  };
  await other.write(1);
  for (let i = 0; i < 2_000; i++) trip();
  return {
    /** @param {number} count */
    run: async (count) => {
      const times = new Float64Array(count);
      for (let i = 0; i < count; i++) {
        const begin = process.hrtime.bigint();
        trip();
        times[i] = Number(process.hrtime.bigint() - begin) / 1e3;
      }
      times.sort();
      const at = (/** @type {number} */ part) => times[Math.floor(part * count)] ?? NaN;
      return { p50: at(0.5), p99: at(0.99), p999: at(0.999) };
    },
    close: async () => {
      producer.end();
      await other.written();
      await other.end();
      there.close();
      back.close();
    },
  };
}

/** @typedef {ReturnType<typeof startOther>} Other */

/**
 * @param {Job} job
 * @param {Record<string, unknown>} rings
 */
function startOther(job, rings) {
  const data = { ...job, ...rings };
  const other =
    job.apart === true
      ? spawn(process.execPath, [fileURLToPath(otherSide), JSON.stringify(data)], {
          stdio: ['ignore', job.way === 'pipe' ? 'pipe' : 'inherit', 'inherit', 'ipc'],
        })
      : new Worker(otherSide, { workerData: data });
  const send = (/** @type {number} */ count) => {
    if (other instanceof Worker) return other.postMessage(count);
    return new Promise((resolve) => other.send(count, resolve));
  };
  const ready = once(other, 'message');
  /** @type {Promise<unknown>} */
  let written = ready;
  return {
    /** Has it write; when that began. @param {number} count */
    write: async (count) => {
      await ready;
      written = once(other, 'message');
      const begin = process.hrtime.bigint();
      await send(count);
      return begin;
    },
    written: () => written,
    end: async () => {
      const exited = once(other, 'exit');
      await send(0);
      await exited;
    },
    get pipe() {
      const { stdout } = /** @type {import('node:child_process').ChildProcess} */ (other);
      return /** @type {{ fd: number }} */ (Reflect.get(stdout ?? {}, '_handle')).fd;
    },
  };
}
