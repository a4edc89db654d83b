import { closeSync, openSync } from 'node:fs';
import { errnoNumber, ramError, systemError } from '@ram/errno';
import { native } from '../native.ts';
import type { NativeRing } from '../native.ts';
import * as layout from './layout.ts';
import { closedError, openError } from './ring-error.ts';

const EBUSY = errnoNumber('EBUSY') ?? 0;
/** A blocking wait returns at least this often, so that a worker can be terminated. */
const sliceMs = 50;

/** How a ring is found: a path, a descriptor. */
export type RingPlace = string | number;

/**
 * One opening of a record ring: its memory as typed arrays, its members, and sleeping. Words
 * are accessed with Atomics, which are sequentially consistent: stronger than the release and
 * acquire that most places need (ring.h says which), and as cheap as JavaScript offers; but see
 * `storesAreCheap`.
 */
export class RingMemory {
  readonly words: Int32Array<ArrayBuffer>;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly kind: number;
  readonly capacityBytes: number;
  /**
   * Plain stores and loads will do, see `cheapStores` of native.ts: the CPU keeps their order, the
   * optimizer that of all accesses to typed arrays, and who goes to sleep does the barrier.
   */
  readonly storesAreCheap: boolean;
  readonly #native: NativeRing;
  /** Who waits, to be told when this closes. */
  readonly #sleepers: [(() => void)?, (() => void)?] = [];
  #closed = false;

  private constructor(opened: NativeRing) {
    this.#native = opened;
    const memory = opened.memory();
    if (typeof memory === 'number') throw systemError(memory, 'mmap');
    this.words = new Int32Array(memory);
    this.bytes = new Uint8Array(memory);
    this.kind = this.words[layout.kindAt >> 2] ?? 0;
    this.capacityBytes = this.words[layout.capacityAt >> 2] ?? 0;
    this.storesAreCheap = native().cheapStores() === 1;
  }

  static create(kind: number, capacityBytes: number, path: string | undefined): RingMemory {
    const made = new (native().NativeRing)();
    const result = made.create(kind, capacityBytes, path);
    if (result < 0) throw openError(result, made.failedSyscall(), path ?? 'memory');
    return new RingMemory(made);
  }

  static open(place: RingPlace): RingMemory {
    const opened = new (native().NativeRing)();
    const result = opened.open(place);
    if (result < 0) throw openError(result, opened.failedSyscall(), place);
    return new RingMemory(opened);
  }

  /** Opens what a descriptor that was handed over is open on, and closes it: see `open`. */
  static takeDescriptor(descriptor: number): RingMemory {
    try {
      return RingMemory.open(descriptor);
    } finally {
      closeSync(descriptor);
    }
  }

  /** A link in /proc to a descriptor of any process. */
  static openLink(path: string): RingMemory {
    let descriptor: number;
    try {
      descriptor = openSync(path, 'r+');
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'EACCES') {
        throw ramError('ERR_RAM_RING_OWNER', 'The ring of the token is of another user', { cause });
      }
      throw ramError('ERR_RAM_NOT_A_RING', 'The ring of the token is closed', { cause });
    }
    return RingMemory.takeDescriptor(descriptor);
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Views of the memory have length 0 from now on. Who is attached here must have detached. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#native.close(this.bytes.buffer);
    for (const resolve of this.#sleepers) resolve?.();
  }

  load(at: number): number {
    return Atomics.load(this.words, at >> 2);
  }

  /**
   * Stores a word, by its index, that shows the other side what was stored before. A release; and
   * before a `look` at who waits, as the sleeper does the barrier for both.
   */
  publish(index: number, value: number): void {
    if (this.storesAreCheap) this.words[index] = value;
    else Atomics.store(this.words, index, value);
  }

  /**
   * Loads a word, by its index, of the other side's. An acquire; after `publish`, and after
   * `announceSleep`. Where stores are cheap any load is one, and `Atomics.load` a call of 8 ns.
   */
  look(index: number): number {
    return this.storesAreCheap ? (this.words[index] as number) : Atomics.load(this.words, index);
  }

  /** @throws ERR_RAM_RING_BUSY when no slot of the range is free */
  attach(first: number, count: number): number {
    this.check();
    const token = this.#native.attach(first, count);
    if (token === -EBUSY) {
      const who = first === 0 ? 'a consumer' : count === 1 ? 'a producer' : 'all its producers';
      throw ramError('ERR_RAM_RING_BUSY', `The ring has ${who} already`);
    }
    if (token < 0) throw systemError(token, 'fcntl');
    return token;
  }

  detach(token: number): void {
    this.#native.detach(token);
  }

  isDead(token: number): boolean {
    return this.#native.isDead(token) === 1;
  }

  isAbandoned(slot: number): boolean {
    return this.#native.isAbandoned(slot) === 1;
  }

  isAttached(slot: number): boolean {
    return this.#native.isAttached(slot) === 1;
  }

  stealLock(holder: number): void {
    this.#native.stealLock(holder);
  }

  /** The token of whoever is attached to the slot, or 0. */
  memberOf(slot: number): number {
    const member = this.load(layout.membersAt + 4 * slot) >>> 0;
    return (member & 1) === 0 ? 0 : ((member >>> 1) << layout.slotBits) | slot;
  }

  /**
   * The first step of a sleep on a `…Waiting` word; the second is to look once more. Either that
   * look sees what the other side has stored, or the other side sees that we wait.
   */
  announceSleep(at: number): void {
    this.#native.announceSleep(at);
  }

  /** Whether asynchronous sleeps keep the process alive. */
  keepAlive(which: 0 | 1, on: boolean): void {
    this.#native.keepAlive(which, on ? 1 : 0);
  }

  /** Sleeps at most `timeoutMs`, and at most a slice, while the word is `expected`. */
  sleep(at: number, expected: number, timeoutMs: number): void {
    this.#native.wait(at, expected, Math.max(1, Math.ceil(Math.min(timeoutMs, sliceMs))));
  }

  /** The same without blocking; also ends when the member `watched` dies. Once at a time. */
  sleepAsync(which: 0 | 1, at: number, expected: number, watched: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const result = this.#native.waitAsync(which, at, expected, watched, resolve);
      if (result === 0) this.#sleepers[which] = resolve;
      else reject(systemError(result, 'futex'));
    });
  }

  wake(at: number): void {
    this.#native.wake(at);
  }

  /** See `NativeRing`. */
  writePacked(...of: Parameters<NativeRing['writePacked']>): number {
    return this.#native.writePacked(...of);
  }

  readPacked(...of: Parameters<NativeRing['readPacked']>): number {
    return this.#native.readPacked(...of);
  }

  copyOut(into: Uint8Array, offset: number, length: number): void {
    this.#native.copyOut(into, offset, length);
  }

  /** Sets bits of the state and wakes everyone. */
  setState(bits: number): void {
    Atomics.or(this.words, layout.stateAt >> 2, bits);
    for (const at of [layout.dataWaitingAt, layout.spaceWaitingAt]) {
      Atomics.exchange(this.words, at >> 2, 0);
      this.#native.wake(at);
    }
  }

  /** The error that a producer left. */
  failure(): Error {
    const length = Math.min(this.load(layout.messageLengthAt), layout.messageBytes);
    const message = this.bytes.slice(layout.messageAt, layout.messageAt + Math.max(0, length));
    const errno = this.load(layout.errorAt);
    const text = Buffer.from(message).toString();
    const error = ramError('ERR_RAM_RING_FAILED', text === '' ? 'The producer failed' : text);
    return errno === 0 ? error : Object.assign(systemError(errno, 'read'), { message: text });
  }

  setFailure(errno: number, message: string): void {
    const text = Buffer.from(message).subarray(0, layout.messageBytes);
    this.bytes.set(text, layout.messageAt);
    Atomics.store(this.words, layout.messageLengthAt >> 2, text.length);
    Atomics.store(this.words, layout.errorAt >> 2, errno);
    this.setState(layout.failed | layout.ended);
  }

  descriptor(): number {
    this.check();
    const descriptor = this.#native.descriptor();
    if (descriptor < 0) throw systemError(descriptor, 'open');
    return descriptor;
  }

  /** Where this opening can be found by processes of this user, and what must be there. */
  address(): { path: string; inode: number } {
    this.check();
    const path = `/proc/${process.pid}/fd/${this.#native.ownDescriptor()}`;
    return { path, inode: this.#native.inode() };
  }

  inode(): number {
    return this.#native.inode();
  }

  check(): void {
    if (this.#closed) throw closedError('ring');
  }
}
