import { Readable, Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { describe, expect, it } from 'vitest';
import { MpscRing, SpscRing } from '../index.ts';

const content = Buffer.from(Uint8Array.from({ length: 100_000 }, (_, i) => i * 7));
const peerError = expect.objectContaining({ code: 'ERR_RAM_RING_FAILED' });

function pieces(): Buffer[] {
  const cuts = [0, 1, 17, 4096, 4097, 30_000, 31_000, 100_000];
  return cuts.slice(1).map((end, i) => content.subarray(cuts[i], end));
}

describe('streams over a ring that is smaller than what goes through', () => {
  it('Node streams keep every byte, and the end', async () => {
    using ring = SpscRing.create(4096);
    const reading = buffer(ring.consumer().readable());
    await pipeline(Readable.from(pieces()), ring.producer().writable());
    expect((await reading).equals(content)).toBe(true);
  });

  it('web streams keep every byte, and the end', async () => {
    using ring = SpscRing.create(4096);
    const reading = buffer(ring.consumer().readableStream());
    const writer = ring.producer().writableStream().getWriter();
    for (const piece of pieces()) await writer.write(piece);
    await writer.close();
    expect((await reading).equals(content)).toBe(true);
  });

  it('a slow sink gets every byte: a read between two pushes is not lost', async () => {
    using ring = SpscRing.create(4096);
    const seen: Buffer[] = [];
    const sink = new Writable({
      highWaterMark: 1,
      write(chunk: Buffer, _encoding, done) {
        seen.push(chunk);
        if (seen.length % 3 === 0) done();
        else if (seen.length % 3 === 1) queueMicrotask(done);
        else setImmediate(done);
      },
    });
    await Promise.all([
      pipeline(ring.consumer().readable(), sink),
      pipeline(Readable.from(pieces()), ring.producer().writable()),
    ]);
    expect(Buffer.concat(seen).equals(content)).toBe(true);
  });

  it('the writer is held back until someone reads', async () => {
    using ring = SpscRing.create(4096);
    const writable = ring.producer().writable();
    let written = false;
    writable.write(content, () => (written = true));
    const readable = ring.consumer().readable();
    // A turn of the event loop in which it could have been written, if it did not wait.
    await new Promise(setImmediate);
    expect(written).toBe(false);
    writable.end();
    expect((await buffer(readable)).equals(content)).toBe(true);
    expect(written).toBe(true);
  });

  it('a writer that is destroyed fails the reader; of many it only leaves', async () => {
    using ring = SpscRing.create(4096);
    const reading = buffer(ring.consumer().readable());
    ring.producer().writable().destroy();
    await expect(reading).rejects.toThrow(peerError);

    using shared = MpscRing.create(4096);
    const readable = shared.consumer().readable();
    const ended = shared.producer();
    shared.producer().writable().destroy();
    ended.tryWrite(Buffer.from('still there'));
    ended.end();
    expect((await buffer(readable)).toString()).toBe('still there');
  });

  it('an aborted web writer fails the reader with its reason', async () => {
    using ring = SpscRing.create(4096);
    const reading = buffer(ring.consumer().readableStream());
    await ring.producer().writableStream().abort(new Error('no more'));
    await expect(reading).rejects.toThrow('no more');
  });

  it('a reader that is destroyed fails the writer', async () => {
    using ring = SpscRing.create(4096);
    const writable = ring.producer().writable();
    ring.consumer().readable().destroy();
    const failed = new Promise((resolve) => writable.on('error', resolve));
    writable.write('x');
    expect(await failed).toMatchObject({ code: 'EPIPE' });
  });
});
