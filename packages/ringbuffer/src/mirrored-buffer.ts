import { tmpdir } from 'node:os';
import { errnoNumber, invalidArgument, invalidValue, systemError } from '@ram/errno';
import { native } from './native.ts';
import { checkOptions, toWholePages } from './size.ts';

/** In the order of `MirrorMaker` in native/core/mirror.h. */
const makers = ['memfd', 'tmpfile', 'shm', 'mmap+shm', 'remap_file_pages'] as const;

/**
 * How the pages are mapped twice.
 *
 * - `memfd`: a file in memory that has no name. The default.
 * - `tmpfile`: a file without a name in `directory`: the POSIX way; on a disk if that is one.
 * - `shm`: System V shared memory attached twice (SHM_REMAP).
 * - `mmap+shm`: the same over memory of mmap, freed by munmap.
 * - `remap_file_pages`: by the system call of that name; ENOSYS where the kernel has none.
 */
export type MirrorMaker = (typeof makers)[number];

/**
 * A maker of your own. It gets the size, a multiple of the page size, and answers with an
 * ArrayBuffer of twice that size whose halves are the same memory, zeroed.
 */
export type CustomMaker = (sizeBytes: number) => CustomMirror;

export interface CustomMirror {
  buffer: ArrayBuffer;
  /** Called by `free()`, once. Not called by the garbage collector. */
  free?(): void;
}

export interface MirrorOptions {
  /** Default `'memfd'`. */
  maker?: MirrorMaker | CustomMaker;
  /** For `'tmpfile'`. Default `os.tmpdir()`. */
  directory?: string;
}

/**
 * Memory that is mapped twice, side by side: `bytes[i]` and `bytes[i + sizeBytes]` are the same
 * byte, so that any span of up to `sizeBytes` bytes is contiguous, wherever it starts.
 *
 * ```
 * buffer   0 ──────────────── sizeBytes ──────────── 2 * sizeBytes
 *          │      pages       │    the same pages   │
 * ```
 *
 * All pages are allocated when it is made: a full file system is an error then, never a signal
 * later. The memory goes when the garbage collector finds neither this object nor a view of it, or
 * at once with `free()` or `using`. It blocks while the kernel clears the pages (0.5 to 3 GiB/s).
 */
export class MirroredBuffer {
  /** Both halves; after `free()` of length 0. */
  readonly buffer: ArrayBuffer;
  /** Both halves as bytes. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Of one half: a multiple of the page size. */
  readonly sizeBytes: number;
  readonly #freeCustom: (() => void) | undefined;
  readonly #custom: boolean;
  #freed = false;

  /**
   * @param sizeBytes Rounded up to whole pages; at most 2 GiB.
   * @throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE, ERR_INVALID_ARG_VALUE; ENOSPC, ENOMEM and what
   *   else the system calls answer; ENOTSUP in a runtime that refuses memory of others (Electron).
   * @see https://man7.org/linux/man-pages/man2/memfd_create.2.html
   */
  constructor(sizeBytes: number, options: MirrorOptions = {}) {
    checkOptions(options);
    const { maker = 'memfd', directory = tmpdir() } = options;
    this.sizeBytes = toWholePages(sizeBytes);
    this.#custom = typeof maker === 'function';
    if (typeof maker === 'function') {
      const made = maker(this.sizeBytes);
      checkMirror(made?.buffer, this.sizeBytes);
      this.buffer = made.buffer;
      this.#freeCustom = made.free?.bind(made);
    } else {
      this.buffer = make(maker, this.sizeBytes, directory);
    }
    this.bytes = new Uint8Array(this.buffer);
  }

  get freed(): boolean {
    return this.#freed;
  }

  /**
   * Frees the memory at once. Views that are still held have length 0 from now on.
   * @throws EINVAL when it was freed before.
   */
  free(): void {
    if (this.#freed) throw systemError(errnoNumber('EINVAL') ?? 0, 'munmap');
    this.#freed = true;
    if (this.#custom) this.#freeCustom?.();
    // -EINVAL: JavaScript has moved the memory elsewhere, and the collector will free it.
    else native().freeMemory(this.buffer);
  }

  /** `free()`, unless that was done. */
  [Symbol.dispose](): void {
    if (!this.#freed) this.free();
  }
}

function make(maker: MirrorMaker, bytes: number, directory: string): ArrayBuffer {
  const index = makers.indexOf(maker);
  if (index < 0) throw invalidValue('options.maker', maker, `must be one of ${makers.join(', ')}`);
  if (typeof directory !== 'string') {
    throw invalidArgument('options.directory', 'string', directory);
  }
  const made = native().makeMirror(index, bytes, directory);
  if (made instanceof ArrayBuffer) return made;
  const [errno, syscall] = made;
  if (syscall === 'open' || syscall === 'mkostemp') throw systemError(errno, syscall, directory);
  throw systemError(errno, syscall);
}

/** Looks at the first byte of each page, and leaves the memory as it was. */
function checkMirror(buffer: unknown, bytes: number): asserts buffer is ArrayBuffer {
  if (!(buffer instanceof ArrayBuffer) || buffer.byteLength !== 2 * bytes) {
    const reason = `must answer with an ArrayBuffer of ${2 * bytes} bytes`;
    throw invalidValue('options.maker', buffer, reason);
  }
  const view = new Uint8Array(buffer);
  for (let at = 0; at < bytes; at += native().pageBytes) {
    const before = view[at] ?? 0;
    view[at + bytes] = before ^ 0xff;
    const mirrored = view[at] === (before ^ 0xff);
    view[at + bytes] = before;
    if (!mirrored) throw invalidValue('options.maker', buffer, 'must answer with mirrored memory');
  }
}
