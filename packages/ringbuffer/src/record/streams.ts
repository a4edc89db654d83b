import { Readable, Writable } from 'node:stream';
import { ReadableStream, WritableStream } from 'node:stream/web';
import type { RingConsumer } from './consumer.ts';
import type { RingProducer } from './producer.ts';

/** Longer chunks are cut, so that the other side can start on them. */
function pieceBytes(producer: RingProducer): number {
  return Math.max(1, producer.recordBytesMax >> 2);
}

export function makeReadable(consumer: RingConsumer): Readable {
  let pumping = false;
  // Set by read(), which may be called from inside push(): then push() counts for nothing.
  let wanted = false;
  const pushAll = (stream: Readable): void => {
    while (wanted && consumer.peek()) {
      const record = consumer.tryReadRecord();
      wanted = false;
      if (stream.push(record?.bytes)) wanted = true;
    }
  };
  const pump = async (stream: Readable): Promise<void> => {
    for (;;) {
      pushAll(stream);
      if (!wanted) break;
      if (!(await consumer.waitAsync())) {
        if (!stream.destroyed) stream.push(null);
        break;
      }
    }
    pumping = false;
  };
  return new Readable({
    read() {
      wanted = true;
      if (pumping) return;
      pumping = true;
      pump(this).catch((error: Error) => this.destroy(error));
    },
    destroy(error, done) {
      consumer.close();
      done(error);
    },
  });
}

export function makeWritable(producer: RingProducer, type: number): Writable {
  let finished = false;
  const settle = (work: Promise<void>, done: (error?: Error | null) => void): void => {
    work.then(() => done(), done);
  };
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      settle(writePieces(producer, chunk, type), done);
    },
    writev(chunks, done) {
      const writeAll = async (): Promise<void> => {
        producer.cork();
        try {
          for (const { chunk } of chunks) await writePieces(producer, chunk as Buffer, type);
        } finally {
          producer.uncork();
        }
      };
      settle(writeAll(), done);
    },
    final(done) {
      finished = true;
      producer.close();
      done();
    },
    destroy(error, done) {
      if (!finished) leaveUnfinished(producer, error);
      done(error);
    },
  });
}

export function makeReadableStream(consumer: RingConsumer): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        if (await consumer.waitAsync()) {
          const record = consumer.tryReadRecord();
          if (record !== undefined) controller.enqueue(record.bytes);
        } else {
          consumer.close();
          controller.close();
        }
      },
      cancel: () => consumer.close(),
    },
    { highWaterMark: 0 },
  );
}

export function makeWritableStream(
  producer: RingProducer,
  type: number,
): WritableStream<Uint8Array> {
  return new WritableStream<Uint8Array>({
    write: (chunk) => writePieces(producer, chunk, type),
    close: () => producer.close(),
    abort: (reason: unknown) =>
      leaveUnfinished(producer, reason instanceof Error ? reason : new Error(String(reason))),
  });
}

async function writePieces(producer: RingProducer, bytes: Uint8Array, type: number): Promise<void> {
  const length = pieceBytes(producer);
  for (let at = 0; at < bytes.length; at += length) {
    const piece = bytes.subarray(at, at + length);
    if (!producer.tryWrite(piece, type)) await producer.writeAsync(piece, type);
  }
}

/** The reader must not take what there is for all. One of many writers only leaves. */
function leaveUnfinished(producer: RingProducer, error: Error | null): void {
  if (producer.closed) return;
  if (producer.shared) producer.close();
  else producer.fail(error?.message ?? 'The writer left before the end of its stream');
}
