import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { ramError } from '@ram/errno';

/** The addon. What returns a number returns a result >= 0 or a negative errno; nothing throws. */
export interface Native {
  pageBytes: number;
  /** `maker` is an index of `makers`. */
  makeMirror(maker: number, bytes: number, directory: string): ArrayBuffer | NativeFailure;
  /** Detaches and frees at once; -EINVAL when that was done before. */
  freeMemory(buffer: ArrayBuffer): number;

  NativeRing: new () => NativeRing;
  /** Keeps the CPU for so long without touching memory. */
  pause(nanoseconds: number): void;
  /** Lets another thread have the CPU, if one wants it. */
  yieldThread(): void;
  /**
   * 1: this process is registered for the barriers of those who go to sleep, and its CPU keeps
   * stores in order; so publishing takes no more than a plain store. See ring.h.
   */
  cheapStores(): number;
  /** Sends a descriptor over a connected unix socket. */
  sendDescriptor(socket: number, descriptor: number): number;
  /** Connects and waits in a thread for a descriptor. */
  receiveDescriptor(path: string, timeoutMs: number): Promise<number>;
  /** The numbers of ring_layout.h, for the test that compares. */
  ringLayout: Record<string, number>;
}

/** One opening of a record ring; `offset` is a byte offset of a word in its memory. */
export interface NativeRing {
  create(kind: number, capacityBytes: number, path: string | undefined): number;
  /** The descriptor stays the caller's. */
  open(pathOrDescriptor: string | number): number;
  /** Of the last `create` or `open`. */
  failedSyscall(): string;
  memory(): ArrayBuffer | number;
  /** Takes a free slot of [first, first + count): a token, or -EBUSY. */
  attach(first: number, count: number): number;
  detach(token: number): number;
  isDead(token: number): number;
  isAbandoned(slot: number): number;
  isAttached(slot: number): number;
  stealLock(holder: number): number;
  wait(offset: number, expected: number, timeoutMs: number): number;
  wake(offset: number): number;
  /** Stores 1 and does the barrier that a look needs after it. */
  announceSleep(offset: number): number;
  /** Whether waits of `which` keep the event loop alive. */
  keepAlive(which: number, on: number): number;
  /** Both return records * `packedShift` + the units that they take. */
  writePacked(
    tail: number,
    freeUnits: number,
    type: number,
    bytes: Uint8Array,
    lengths: Uint32Array,
    types: Int32Array | undefined,
  ): number;
  readPacked(
    head: number,
    filledUnits: number,
    into: Uint8Array,
    lengths: Uint32Array,
    types: Int32Array | undefined,
  ): number;
  /** `length` bytes at `offset` to the start of `into`; -EINVAL when it is shorter. */
  copyOut(into: Uint8Array, offset: number, length: number): number;
  /** `which`: 0 the consumer's wait, 1 the producer's. `watched`: a token, or 0. */
  waitAsync(
    which: number,
    offset: number,
    expected: number,
    watched: number,
    callback: () => void,
  ): number;
  descriptor(): number;
  ownDescriptor(): number;
  inode(): number;
  close(memory: ArrayBuffer): number;
}

/** What `NativeRing.open` returns beside error numbers (native/core/ring_file.h). */
export const openErrors = {
  notARing: -100_001,
  otherVersion: -100_002,
  damaged: -100_003,
  wrongOwner: -100_004,
} as const;

/** See `NativeRing.writePacked`. */
export const packedShift = 2 ** 27;

export type NativeFailure = [errno: number, syscall: string];

let loaded: Native | undefined;

/**
 * Loads the addon, once per thread.
 * @throws `ERR_RAM_UNSUPPORTED_PLATFORM` where there is none for this system.
 */
export function native(): Native {
  loaded ??= load();
  return loaded;
}

/** Whether this system has what it takes: Linux, and an addon that loads. Never throws. */
export function isSupported(): boolean {
  try {
    native();
    return true;
  } catch {
    return false;
  }
}

function load(): Native {
  const system = `${process.platform} ${process.arch}`;
  if (process.platform !== 'linux') {
    throw ramError(
      'ERR_RAM_UNSUPPORTED_PLATFORM',
      `@ram/ringbuffer needs Linux; this is ${system}`,
    );
  }
  const require = createRequire(import.meta.url);
  const nodeGypBuild = require('node-gyp-build') as (directory: string) => Native;
  try {
    return nodeGypBuild(fileURLToPath(new URL('..', import.meta.url)));
  } catch (cause) {
    const message = `The addon of @ram/ringbuffer does not load on this system (${system})`;
    throw ramError('ERR_RAM_UNSUPPORTED_PLATFORM', message, { cause });
  }
}
