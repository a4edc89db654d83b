import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough, Readable, Writable } from 'node:stream';
import { temporaryDirectory } from '@ram/test-support';
import { describe, expect, it } from 'vitest';
import { collectGarbage } from '../test/garbage.ts';
import { RingBuffer } from './index.ts';
import { native } from './native.ts';

const page = native().pageBytes;
const bytes = (text: string): Uint8Array => Buffer.from(text);
const text = (view: Uint8Array): string => Buffer.from(view).toString();
const closed = expect.objectContaining({ code: 'ERR_RAM_RING_CLOSED' });
const outOfRange = expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' });

/** A full ring whose content starts in the middle of its memory. */
function fullRing(): RingBuffer {
  const ring = new RingBuffer(page);
  ring.write(new Uint8Array(100));
  ring.skip(100);
  ring.write(Uint8Array.from({ length: page }, (_, i) => i));
  return ring;
}

describe('RingBuffer', () => {
  it('writes what fits and says how much', () => {
    const ring = new RingBuffer(10);
    expect([ring.capacity, ring.length, ring.empty, ring.full]).toEqual([page, 0, true, false]);
    expect(ring.write(new Uint8Array(page - 1))).toBe(page - 1);
    expect(ring.write(bytes('abc'))).toBe(1);
    expect([ring.length, ring.empty, ring.full]).toEqual([page, false, true]);
    expect(ring.write(bytes('d'))).toBe(0);
    expect(ring.write(new Uint8Array(0))).toBe(0);
  });

  it('uses an exact page multiple as it is', () => {
    expect(new RingBuffer(4 * page).capacity).toBe(4 * page);
  });

  it('reads in order over the seam, and 0 when empty', () => {
    const ring = fullRing();
    const into = new Uint8Array(page + 5);
    expect(ring.read(into)).toBe(page);
    expect(into.subarray(0, page)).toEqual(Uint8Array.from({ length: page }, (_, i) => i));
    expect(ring.read(into)).toBe(0);
    expect(ring.read(new Uint8Array(0))).toBe(0);
  });

  it('peeks without taking, in one piece over the seam', () => {
    const ring = fullRing();
    expect(ring.peek().length).toBe(page);
    expect(ring.peek(page * 9).length).toBe(page);
    expect([...ring.peek(3)]).toEqual([0, 1, 2]);
    expect(ring.length).toBe(page);
  });

  it('skips at most what is there; skip(0) and next(0) leave a full ring full', () => {
    const ring = fullRing();
    expect(ring.skip(0)).toBe(0);
    expect(ring.next(0).length).toBe(0);
    expect(ring.full).toBe(true);
    expect([...ring.next(2)]).toEqual([0, 1]);
    expect(ring.skip(page)).toBe(page - 2);
    expect(ring.empty).toBe(true);
    expect(ring.skip(1)).toBe(0);
    expect(ring.next(1).length).toBe(0);
  });

  it('is empty after reset', () => {
    const ring = fullRing();
    ring.reset();
    expect([ring.length, ring.empty]).toEqual([0, true]);
    expect(ring.write(bytes('x'))).toBe(1);
    expect(text(ring.next())).toBe('x');
  });

  it('throws after free, and EINVAL when freed twice; a view has length 0 then', () => {
    const ring = fullRing();
    const view = ring.peek(10);
    ring.free();
    expect(view.length).toBe(0);
    expect(ring.length).toBe(0);
    for (const act of [
      () => ring.write(bytes('x')),
      () => ring.read(new Uint8Array(1)),
      () => ring.peek(),
      () => ring.skip(1),
      () => ring.next(1),
      () => ring.reset(),
      () => ring.writeTo(1),
      () => ring.readFrom(0),
    ]) {
      expect(act).toThrow(closed);
    }
    expect(() => ring.free()).toThrow(expect.objectContaining({ code: 'EINVAL' }));
    ring[Symbol.dispose]();
  });

  it('leaves a view valid when the ring is dropped', async () => {
    const view = (() => {
      const ring = new RingBuffer(page);
      ring.write(bytes('kept'));
      return ring.peek(4);
    })();
    await collectGarbage();
    expect(text(view)).toBe('kept');
  });

  it('refuses what is no count and no bytes', () => {
    const ring = fullRing();
    for (const count of [-1, 1.5, NaN]) {
      expect(() => ring.peek(count)).toThrow(outOfRange);
      expect(() => ring.skip(count)).toThrow(outOfRange);
      expect(() => ring.next(count)).toThrow(outOfRange);
      expect(() => ring.writeTo(1, count)).toThrow(outOfRange);
      expect(() => ring.readFrom(0, count)).toThrow(outOfRange);
    }
    expect(() => ring.write('text' as never)).toThrow(TypeError);
    expect(() => ring.read([1] as never)).toThrow(TypeError);
    expect(() => ring.skip('1' as never)).toThrow(TypeError);
    expect(() => ring.writeTo({} as never)).toThrow(TypeError);
    expect(() => ring.readFrom(undefined as never)).toThrow(TypeError);
    expect(ring.length).toBe(page);
  });

  it('behaves as a plain queue does under random operations', () => {
    const seed = Number(process.env.RAM_SEED ?? (Math.random() * 2 ** 31) | 0);
    let state = seed;
    const random = (below: number): number => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
      return Math.floor((state / 2 ** 31) * below);
    };
    const ring = new RingBuffer(page);
    let model: number[] = [];
    for (let step = 0; step < 5_000; step++) {
      const count = random(2) === 0 ? random(50) : random(page + 10);
      const label = `seed ${seed}, step ${step}`;
      const kind = random(5);
      if (kind < 2) {
        const data = Uint8Array.from({ length: count }, () => random(256));
        const written = ring.write(data);
        expect(written, label).toBe(Math.min(count, page - model.length));
        model.push(...data.subarray(0, written));
      } else {
        const expected = model.slice(0, count);
        if (kind === 2) expect([...ring.peek(count)], label).toEqual(expected);
        else model = model.slice(count);
        if (kind === 3) expect([...ring.next(count)], label).toEqual(expected);
        if (kind === 4) {
          const into = new Uint8Array(count);
          expect(ring.read(into), label).toBe(expected.length);
          expect([...into.subarray(0, expected.length)], label).toEqual(expected);
        }
      }
      expect(ring.length, label).toBe(model.length);
    }
  });
});

describe('RingBuffer with descriptors', () => {
  const directory = temporaryDirectory();
  const path = join(directory, 'file');

  it('writes the span to a file and takes it out', () => {
    const ring = fullRing();
    const fd = openSync(path, 'w');
    expect(ring.writeTo(fd, 10)).toBe(10);
    expect(ring.writeTo(fd)).toBe(page - 10);
    expect(ring.writeTo(fd)).toBe(0);
    closeSync(fd);
    expect(readFileSync(path)).toEqual(Buffer.from(Uint8Array.from({ length: page }, (_, i) => i)));
  });

  it('reads from a file into what is free, 0 at its end', () => {
    writeFileSync(path, 'hello world');
    const ring = new RingBuffer(page);
    const fd = openSync(path, 'r');
    expect(ring.readFrom(fd, 0)).toBe(0);
    expect([ring.empty, ring.full]).toEqual([true, false]);
    expect(ring.readFrom(fd, 5)).toBe(5);
    expect(ring.readFrom(fd)).toBe(6);
    expect(ring.readFrom(fd)).toBe(0);
    closeSync(fd);
    expect(text(ring.next())).toBe('hello world');
    expect(() => ring.readFrom(fd)).toThrow(expect.objectContaining({ code: 'EBADF' }));
    ring.write(bytes('kept'));
    expect(() => ring.writeTo(fd)).toThrow(expect.objectContaining({ code: 'EBADF' }));
    expect(ring.length).toBe(4);
  });
});

describe('RingBuffer with Node streams', () => {
  it('gives the span to a stream and takes it out when that has it', async () => {
    const ring = fullRing();
    const sink = new PassThrough();
    expect(await ring.writeTo(sink, 7)).toBe(7);
    expect([...(sink.read() as Buffer)]).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(ring.length).toBe(page - 7);
  });

  it('keeps what a failing stream has not taken', async () => {
    const ring = fullRing();
    const sink = new Writable({ write: (_chunk, _encoding, done) => done(new Error('no')) });
    sink.on('error', () => {});
    await expect(ring.writeTo(sink)).rejects.toThrow('no');
    expect(ring.length).toBe(page);
  });

  it('takes from a stream what fits, and leaves the rest in it', async () => {
    const ring = new RingBuffer(page);
    const source = new PassThrough();
    const waiting = ring.readFrom(source, 3);
    source.end('hello');
    expect(await waiting).toBe(3);
    expect(await ring.readFrom(source)).toBe(2);
    expect(await ring.readFrom(source)).toBe(0);
    expect(text(ring.next())).toBe('hello');
  });

  it('fails as the stream does', async () => {
    const source = new Readable({ read: () => source.destroy(new Error('gone')) });
    source.on('error', () => {});
    await expect(new RingBuffer(page).readFrom(source)).rejects.toThrow('gone');
    await expect(new RingBuffer(page).readFrom(source)).rejects.toThrow('gone');
  });
});
