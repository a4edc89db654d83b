// Two threads or processes: this one reads, other-side.mjs writes.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { MpscRing, SpscRing } from '@ram/ringbuffer';
import { RingBuffer as PeerRing } from 'ringbuf.js';

/**
 * @typedef {object} Job
 * @property {string} way
 * @property {number} count
 * @property {boolean} apart In a process of its own, or in a worker.
 * @property {number} [bytes] Of a record.
 */

const otherSide = new URL('./other-side.mjs', import.meta.url);
const ringBytes = 1 << 20;
// As in other-side.mjs.
const patience = { spinMs: 0.05 };

/**
 * Seconds from the first record that is read to the last.
 * @param {Job & { bytes: number }} job
 */
export async function throughput(job) {
  if (job.way === 'pipe') return readPipe(job);
  if (job.way === 'ringbuf') return readPeer(job);
  const ring = (job.way === 'mpsc' ? MpscRing : SpscRing).create(ringBytes);
  const consumer = ring.consumer();
  const ended = start(job, { token: ring.token() });
  const into = new Uint8Array(job.bytes);
  const read = readerOf(job.way, consumer, into);
  consumer.wait();
  const begin = process.hrtime.bigint();
  for (let left = job.count; left > 0;) {
    const count = read();
    if (count === 0) consumer.wait(patience);
    left -= count;
  }
  const seconds = Number(process.hrtime.bigint() - begin) / 1e9;
  await ended;
  ring.close();
  return seconds;
}

/**
 * @param {string} way
 * @param {import('@ram/ringbuffer').RingConsumer} consumer
 * @param {Uint8Array} into
 * @returns {() => number} How many records it has read.
 */
function readerOf(way, consumer, into) {
  const words = new Int32Array(consumer.bytes.buffer);
  let sum = 0;
  const touch = (
    /** @type {Uint8Array} */ _bytes,
    /** @type {number} */ offset,
    /** @type {number} */ length,
  ) => {
    const end = (offset + length) >> 2;
    for (let at = offset >> 2; at < end; at += 16) sum += words[at] ?? 0;
    into[0] = sum;
  };
  if (way === 'place') return () => consumer.drain(touch, 256);
  if (way === 'batch') {
    return () => {
      let count = 0;
      consumer.cork();
      while (count < 256 && consumer.tryRead(into) >= 0) count++;
      consumer.uncork();
      return count;
    };
  }
  if (way === 'peek') return () => consumer.drain(touch, 1);
  return () => (consumer.tryRead(into) < 0 ? 0 : 1);
}

/** @param {Job & { bytes: number }} job */
async function readPeer(job) {
  const shared = PeerRing.getStorageForCapacity(ringBytes, Uint8Array);
  const ring = new PeerRing(shared, Uint8Array);
  const ended = start(job, { shared });
  const into = new Uint8Array(job.bytes);
  while (ring.empty());
  const begin = process.hrtime.bigint();
  for (let left = job.count; left > 0;) {
    if (ring.availableRead() >= job.bytes) {
      ring.pop(into);
      left--;
    }
  }
  const seconds = Number(process.hrtime.bigint() - begin) / 1e9;
  await ended;
  return seconds;
}

/** @param {Job & { bytes: number }} job */
async function readPipe(job) {
  const program = fileURLToPath(otherSide);
  const child = spawn(process.execPath, [program, JSON.stringify(job)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const { fd } = /** @type {{ fd: number }} */ (Reflect.get(child.stdout, '_handle'));
  const into = new Uint8Array(65_536);
  let left = job.count * job.bytes;
  let begin = 0n;
  while (left > 0) {
    try {
      left -= readSync(fd, into);
      if (begin === 0n) begin = process.hrtime.bigint();
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EAGAIN') throw error;
    }
  }
  const seconds = Number(process.hrtime.bigint() - begin) / 1e9;
  await exited;
  return seconds;
}

/**
 * Microseconds of a round trip of 64 bytes.
 * @param {Job} job
 * @returns {Promise<Record<string, number>>}
 */
export async function pingPong(job) {
  const there = SpscRing.create(65_536);
  const back = SpscRing.create(65_536);
  const producer = there.producer();
  const consumer = back.consumer();
  const ended = start(
    { ...job, bytes: 64, way: `pong-${job.way}` },
    {
      token: there.token(),
      back: back.token(),
    },
  );
  const bytes = new Uint8Array(64);
  const options = { spinMs: job.way === 'spin' ? 1 : 0 };
  const times = new Float64Array(job.count);
  for (let i = -100; i < job.count; i++) {
    const begin = process.hrtime.bigint();
    producer.tryWrite(bytes);
    consumer.wait(options);
    consumer.tryRead(bytes);
    if (i >= 0) times[i] = Number(process.hrtime.bigint() - begin) / 1e3;
  }
  producer.end();
  await ended;
  there.close();
  back.close();
  times.sort();
  const at = (/** @type {number} */ part) => times[Math.floor(part * job.count)] ?? NaN;
  return { p50: at(0.5), p99: at(0.99), p999: at(0.999) };
}

/**
 * @param {Job & { bytes: number }} job
 * @param {Record<string, unknown>} rings
 */
function start(job, rings) {
  const data = { ...job, ...rings };
  if (!job.apart) return once(new Worker(otherSide, { workerData: data }), 'exit');
  const program = fileURLToPath(otherSide);
  const child = spawn(process.execPath, [program, JSON.stringify(data)], { stdio: 'inherit' });
  return once(child, 'exit');
}
