// oxlint-disable unicorn/require-post-message-target-origin -- threads, not windows
// The writing side of pairs.mjs: a worker, or a process with the job as its argument. It writes as
// many records as it is told, says when they are written, and ends when it is told 0.
import { writeSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { MpscRing, SpscRing } from '@ram/ringbuffer';
import { RingBuffer as PeerRing } from 'ringbuf.js';
import { packedRecords, patience } from './ways.mjs';

const job = workerData ?? JSON.parse(process.argv[2] ?? '');
const from = new Uint8Array(job.bytes).fill(1);
const write = writerOf(String(job.way));

const channel = /** @type {import('node:events').EventEmitter} */ (parentPort ?? process);
const say = (/** @type {string} */ word) =>
  parentPort === null ? process.send?.(word) : parentPort.postMessage(word);
channel.on('message', (count) => {
  if (count === 0) {
    parentPort?.close();
    if (parentPort === null) process.disconnect();
    return;
  }
  write(Number(count));
  say('written');
});
say('ready');

/** @param {string} way @returns {(count: number) => void} */
function writerOf(way) {
  if (way === 'pipe') return writePipe;
  if (way === 'ringbuf') return writerOfPeer();
  if (way.startsWith('pong')) return answer;
  const ring = (way === 'mpsc' ? MpscRing : SpscRing).fromToken(job.token);
  const producer = ring.producer();
  if (way === 'packed') return (count) => writePacked(producer, count);
  if (way === 'place' || way === 'batch') return (count) => writeBatches(producer, count);
  return (count) => {
    for (let i = 0; i < count; i++) {
      if (!producer.tryWrite(from)) producer.write(from, 0, patience);
    }
  };
}

/** @param {number} count */
function writePipe(count) {
  for (let i = 0; i < count; i++) {
    for (let at = 0; at < from.length;) {
      try {
        at += writeSync(1, from, at);
      } catch (error) {
        if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EAGAIN') throw error;
      }
    }
  }
}

/** @returns {(count: number) => void} */
function writerOfPeer() {
  const ring = new PeerRing(job.shared, Uint8Array);
  return (count) => {
    for (let left = count; left > 0;) {
      if (ring.availableWrite() >= from.length) {
        ring.push(from);
        left--;
      }
    }
  };
}

/** @param {import('@ram/ringbuffer').RingProducer} producer @param {number} count */
function writePacked(producer, count) {
  const batch = new Uint8Array(from.length * packedRecords).fill(1);
  const lengths = new Uint32Array(packedRecords).fill(from.length);
  for (let left = count; left > 0;) {
    const end = Math.min(left, packedRecords);
    left -= end;
    for (let at = 0; at < end;) {
      const whole = at === 0 && end === packedRecords;
      at += whole
        ? producer.tryWritePacked(batch, lengths)
        : producer.tryWritePacked(batch.subarray(at * from.length), lengths.subarray(at, end));
      // What didn't fit: one record that waits, and on with the rest.
      if (at < end) {
        producer.write(from, 0, patience);
        at++;
      }
    }
  }
}

/** @param {import('@ram/ringbuffer').RingProducer} producer @param {number} count */
function writeBatches(producer, count) {
  const words = new Int32Array(producer.bytes.buffer);
  let left = count;
  while (left > 0) {
    producer.cork();
    for (let i = 0; i < packedRecords && left > 0; i++) {
      if (job.way === 'place') {
        const offset = producer.tryReserve(from.length);
        if (offset < 0) break;
        const end = (offset + from.length) >> 2;
        for (let at = offset >> 2; at < end; at++) words[at] = left;
        producer.commit();
      } else if (!producer.tryWrite(from)) break;
      left--;
    }
    producer.uncork();
    // One more, which waits when there is no room.
    if (left > 0) {
      producer.write(from, 0, patience);
      left--;
    }
  }
}

function answer() {
  const options = { spinMs: job.way === 'pong-spin' ? 1 : 0 };
  const consumer = SpscRing.fromToken(job.token).consumer();
  const producer = SpscRing.fromToken(job.back).producer();
  while (consumer.wait(options)) {
    consumer.tryRead(from);
    producer.tryWrite(from);
  }
  producer.close();
}
