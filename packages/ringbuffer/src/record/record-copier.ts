import { checkBytes } from '../size.ts';
import type { RingMemory } from './ring-memory.ts';

/** Below this, a loop over words costs less than `TypedArray.prototype.set`. */
const loopBytesMax = 256;

/**
 * Copies records between a ring and arrays without making a view for each: 10 ns for 64 bytes,
 * where `set` takes 16, and 50 with a subarray. It keeps a view of the last array that it was
 * given, so use one and the same where that can be chosen.
 */
export class RecordCopier {
  readonly #memory: RingMemory;
  readonly #words: Int32Array;
  readonly #bytes: Uint8Array;
  #last: Uint8Array | undefined;
  /** A view of `#last`; undefined when that isn't aligned, or may get another length. */
  #lastWords: Int32Array | undefined;

  constructor(memory: RingMemory) {
    this.#memory = memory;
    this.#words = memory.words;
    this.#bytes = memory.bytes;
  }

  /** @throws ERR_INVALID_ARG_TYPE unless it is an array of bytes */
  check(name: string, array: Uint8Array): void {
    if (array !== this.#last) this.#remember(name, array);
  }

  /** `source`, which was checked, to `offset`, a multiple of 4. */
  copyIn(source: Uint8Array, offset: number): void {
    const { length } = source;
    const from = source === this.#last ? this.#lastWords : undefined;
    if (from === undefined || length > loopBytesMax) {
      this.#bytes.set(source, offset);
      return;
    }
    const start = offset >> 2;
    const whole = length >> 2;
    for (let i = 0; i < whole; i++) this.#words[start + i] = from[i] as number;
    for (let i = whole << 2; i < length; i++) this.#bytes[offset + i] = source[i] as number;
  }

  /** `length` bytes at `offset`, a multiple of 4, to the start of `into`, which is long enough. */
  copyOut(into: Uint8Array, offset: number, length: number): void {
    const to = into === this.#last ? this.#lastWords : undefined;
    if (to === undefined || length > loopBytesMax) {
      this.#memory.copyOut(into, offset, length);
      return;
    }
    const start = offset >> 2;
    const whole = length >> 2;
    for (let i = 0; i < whole; i++) to[i] = this.#words[start + i] as number;
    for (let i = whole << 2; i < length; i++) into[i] = this.#bytes[offset + i] as number;
  }

  #remember(name: string, array: Uint8Array): void {
    checkBytes(name, array);
    const { buffer, byteOffset, length } = array;
    const aligned = (byteOffset & 3) === 0;
    this.#last = array;
    this.#lastWords =
      aligned && !mayChangeSize(buffer) ? new Int32Array(buffer, byteOffset, length >> 2) : undefined;
  }
}

/** A view of such a buffer may follow its size, or be out of bounds from one moment to the next. */
function mayChangeSize(buffer: ArrayBufferLike): boolean {
  return Reflect.get(buffer, 'resizable') === true || Reflect.get(buffer, 'growable') === true;
}
