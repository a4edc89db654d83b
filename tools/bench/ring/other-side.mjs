// The writing side of pairs.mjs: a worker, or a process with the job as its argument.
import { writeSync } from 'node:fs';
import { workerData } from 'node:worker_threads';
import { MpscRing, SpscRing } from '@ram/ringbuffer';
import { RingBuffer as PeerRing } from 'ringbuf.js';

const job = workerData ?? JSON.parse(process.argv[2] ?? '');
const from = new Uint8Array(job.bytes).fill(1);
const count = Number(job.count);
// On a machine with other work a side that only spins takes the CPU that its peer needs.
const patience = { spinMs: 0.05 };

if (job.way === 'pipe') writePipe();
else if (job.way === 'ringbuf') writePeer();
else if (String(job.way).startsWith('pong')) answer();
else if (job.way === 'place' || job.way === 'batch') writeBatches();
else writeOneByOne();

function writePipe() {
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

function writePeer() {
  const ring = new PeerRing(job.shared, Uint8Array);
  for (let left = count; left > 0;) {
    if (ring.availableWrite() >= from.length) {
      ring.push(from);
      left--;
    }
  }
}

function writeOneByOne() {
  const ring = (job.way === 'mpsc' ? MpscRing : SpscRing).fromToken(job.token);
  const producer = ring.producer();
  for (let i = 0; i < count; i++) if (!producer.tryWrite(from)) producer.write(from, 0, patience);
  producer.close();
}

function writeBatches() {
  const ring = SpscRing.fromToken(job.token);
  const producer = ring.producer();
  const words = new Int32Array(producer.bytes.buffer);
  let left = count;
  while (left > 0) {
    producer.cork();
    for (let i = 0; i < 256 && left > 0; i++) {
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
  producer.close();
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
