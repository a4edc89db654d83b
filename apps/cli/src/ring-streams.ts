import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { MpscRing, SpscRing, ringStatus } from '@ram/ringbuffer';
import type { RingRecord } from '@ram/ringbuffer';

type RecordRing = SpscRing | MpscRing;

/** Standard input into the ring; how many bytes. */
export async function writeRing(name: string, end: boolean): Promise<number> {
  using ring = openRing(name);
  const producer = ring.producer();
  let bytes = 0;
  const count = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      done(null, chunk);
    },
  });
  await pipeline(process.stdin, count, producer.writable());
  if (end && ring instanceof MpscRing) ring.producer().end();
  return bytes;
}

/** The ring to standard output, as it is or as lines of JSON. */
export async function readRing(name: string, json: boolean): Promise<void> {
  using ring = openRing(name);
  const consumer = ring.consumer();
  const source = json ? Readable.from(toLines(consumer)) : consumer.readable();
  try {
    await pipeline(source, process.stdout, { end: false });
  } catch (error) {
    // Who reads standard output has seen enough: the writer is told, and this is no error.
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (code !== 'EPIPE' || syscall !== 'write') throw error;
  }
}

async function* toLines(records: AsyncIterable<RingRecord>): AsyncGenerator<string, void, void> {
  for await (const { type, bytes } of records) {
    yield `${JSON.stringify({ type, length: bytes.length, data: bytes.toString('base64') })}\n`;
  }
}

function openRing(name: string): RecordRing {
  return ringStatus(name).kind === 'mpsc' ? MpscRing.open(name) : SpscRing.open(name);
}
