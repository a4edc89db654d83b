import { ramError } from '@ram/errno';
import { MirroredBuffer } from './mirrored-buffer.ts';
import type { MirrorOptions } from './mirrored-buffer.ts';
import { readInto, writeOut } from './ring-buffer-transfer.ts';
import type { ByteSink, ByteSource } from './ring-buffer-transfer.ts';
import { checkBytes, checkInteger } from './size.ts';

/**
 * A ring of bytes over mirrored memory, for one thread: what is in it and what is free are each one
 * contiguous span. No call allocates pages or copies more than it says; see the README for costs.
 *
 * ```
 *            head           tail
 *   ──────────┬──────────────┬──────────────
 *     free    │    length    │    free
 * ```
 *
 * Any method after `free()` throws ERR_RAM_RING_CLOSED.
 */
export class RingBuffer {
  readonly #memory: MirroredBuffer;
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #capacity: number;
  /** INVARIANT: 0 <= #head < #capacity, 0 <= #length <= #capacity. */
  #head = 0;
  #length = 0;
  #freed = false;
  /** The last span that was read, which is the next one too when equal pieces come and go. */
  #span: Uint8Array<ArrayBuffer>;
  #spanAt = 0;

  /**
   * @param sizeBytes Rounded up to whole pages, all of which are usable; at most 2 GiB.
   * @throws as `new MirroredBuffer`.
   */
  constructor(sizeBytes: number, options: MirrorOptions = {}) {
    this.#memory = new MirroredBuffer(sizeBytes, options);
    this.#bytes = this.#memory.bytes;
    this.#capacity = this.#memory.sizeBytes;
    this.#span = this.#bytes.subarray(0, 0);
  }

  /** Bytes that can be in it. */
  get capacity(): number {
    return this.#capacity;
  }

  /** Bytes that are in it. */
  get length(): number {
    return this.#length;
  }

  get empty(): boolean {
    return this.#length === 0;
  }

  get full(): boolean {
    return this.#length === this.#capacity;
  }

  /** Copies what fits, from the start of `bytes`; returns how much that was. */
  write(bytes: Uint8Array): number {
    this.#check();
    checkBytes('bytes', bytes);
    const free = this.#capacity - this.#length;
    if (bytes.length === 0) return 0;
    const fits = bytes.length <= free;
    this.#bytes.set(fits ? bytes : bytes.subarray(0, free), this.#tail());
    const count = fits ? bytes.length : free;
    this.#length += count;
    return count;
  }

  /** Moves up to `into.length` bytes out; returns how many, 0 when the ring is empty. */
  read(into: Uint8Array): number {
    this.#check();
    checkBytes('into', into);
    const count = Math.min(into.length, this.#length);
    if (count === 0) return 0;
    if (this.#spanAt !== this.#head || this.#span.length !== count) {
      this.#span = this.#bytes.subarray(this.#head, this.#head + count);
      this.#spanAt = this.#head;
    }
    into.set(this.#span);
    this.#drop(count);
    return count;
  }

  /**
   * The first `count` bytes (default all; fewer when there are fewer) without taking them out and
   * without copying: a live view, valid until the next write. It stays memory when the ring is
   * dropped, and has length 0 after `free()`.
   */
  peek(count: number = this.#length): Uint8Array<ArrayBuffer> {
    this.#check();
    checkInteger('count', count, 0, Number.MAX_SAFE_INTEGER);
    return this.#bytes.subarray(this.#head, this.#head + Math.min(count, this.#length));
  }

  /** Takes up to `count` bytes out unseen; returns how many. */
  skip(count: number): number {
    this.#check();
    checkInteger('count', count, 0, Number.MAX_SAFE_INTEGER);
    const skipped = Math.min(count, this.#length);
    this.#drop(skipped);
    return skipped;
  }

  /** `peek` and `skip` in one: the view is valid until the next write. */
  next(count: number = this.#length): Uint8Array<ArrayBuffer> {
    const view = this.peek(count);
    this.#drop(view.length);
    return view;
  }

  /** Empties it. */
  reset(): void {
    this.#check();
    this.#head = 0;
    this.#length = 0;
  }

  /**
   * Moves up to `count` bytes (default all) to a descriptor or a Node stream, without a copy in
   * between: the span itself is given to write(2). A descriptor is written synchronously, once.
   * With a stream, don't write to the ring before the promise settles; what it has not taken when
   * it fails stays in the ring.
   *
   * @returns How many bytes; a promise of that for a stream.
   * @throws what `fs.writeSync` throws; the promise rejects with the stream's error.
   */
  writeTo(sink: number, count?: number): number;
  writeTo(sink: NodeJS.WritableStream, count?: number): Promise<number>;
  writeTo(sink: ByteSink, count: number = this.#length): number | Promise<number> {
    const moved = writeOut(sink, this.peek(count));
    if (typeof moved === 'number') return this.skip(moved);
    return moved.then((written) => (this.#freed ? written : this.skip(written)));
  }

  /**
   * Moves up to `count` bytes (default and at most: what is free) from a descriptor or a Node
   * stream into the ring. A descriptor is read synchronously, once, straight into the span;
   * 0 is its end, or a full ring. A stream is waited for until it has something, and copied from.
   *
   * @returns How many bytes; a promise of that for a stream, 0 at its end.
   * @throws what `fs.readSync` throws; the promise rejects with the stream's error.
   */
  readFrom(source: number, count?: number): number;
  readFrom(source: NodeJS.ReadableStream, count?: number): Promise<number>;
  readFrom(source: ByteSource, count?: number): number | Promise<number> {
    this.#check();
    const wanted = count ?? this.#capacity;
    checkInteger('count', wanted, 0, Number.MAX_SAFE_INTEGER);
    const span = (): Uint8Array => {
      this.#check();
      const tail = this.#tail();
      return this.#bytes.subarray(tail, tail + Math.min(wanted, this.#capacity - this.#length));
    };
    const moved = readInto(source, span, (length) => {
      this.#length += length;
    });
    return moved;
  }

  /**
   * Frees the memory at once; views of it have length 0 from now on.
   * @throws EINVAL when it was freed before.
   */
  free(): void {
    this.#memory.free();
    this.#freed = true;
    this.#length = 0;
  }

  [Symbol.dispose](): void {
    if (!this.#freed) this.free();
  }

  #tail(): number {
    const tail = this.#head + this.#length;
    return tail < this.#capacity ? tail : tail - this.#capacity;
  }

  #drop(count: number): void {
    const head = this.#head + count;
    this.#length -= count;
    // An empty ring starts over, in memory that is still in the CPU's cache.
    if (this.#length === 0) this.#head = 0;
    else this.#head = head < this.#capacity ? head : head - this.#capacity;
  }

  #check(): void {
    if (this.#freed) throw ramError('ERR_RAM_RING_CLOSED', 'The ring buffer was freed');
  }
}
