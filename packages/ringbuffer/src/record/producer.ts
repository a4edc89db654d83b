import type { Writable } from 'node:stream';
import type { WritableStream } from 'node:stream/web';
import { errnoNumber, invalidArgument, outOfRange, systemError } from '@ram/errno';
import { checkInteger, checkType } from '../size.ts';
import * as layout from './layout.ts';
import { checkPacked } from './packed.ts';
import { RecordCopier } from './record-copier.ts';
import { closedError, peerDiedError, stateError } from './ring-error.ts';
import type { RingMemory } from './ring-memory.ts';
import { makeWritable, makeWritableStream } from './streams.ts';
import { Spinner, checkWaitOptions, waitForEver } from './wait.ts';
import type { WaitOptions } from './wait.ts';

const EPIPE = errnoNumber('EPIPE') ?? 0;
const head = layout.headAt >> 2;
const dataWaiting = layout.dataWaitingAt >> 2;
const state = layout.stateAt >> 2;

/** So often a full ring's consumer is looked for. */
const watchMs = 100;

/** Units of a record with `length` bytes of payload. */
export function unitsOf(length: number): number {
  return (length + 2 * layout.unit - 1) >> layout.unitShift;
}

/**
 * The writing end of a record ring.
 *
 * ```
 * const offset = producer.tryReserve(12);     // -1: no room now
 * producer.bytes[offset] = …                  // 12 bytes, contiguous, aligned to 16
 * producer.commit(type);                      // or abort()
 * ```
 *
 * Or `tryWrite`, `write` and `writeAsync`, which copy. A full ring is a return value. EPIPE: the
 * ring has ended, or its consumer has closed; ERR_RAM_RING_PEER_DIED: the consumer died. Both from
 * any method that would reserve.
 */
export abstract class RingProducer {
  /** The ring's whole mapping, in which `tryReserve` gives offsets. Empty after the ring closes. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  protected readonly memory: RingMemory;
  protected readonly words: Int32Array<ArrayBuffer>;
  protected readonly units: number;
  protected readonly token: number;
  /** The position and the length of the open reservation; length -1: there is none. */
  protected reservedAt = 0;
  protected reservedLength = -1;
  protected readonly copier: RecordCopier;
  readonly #spinner = new Spinner();
  /** When it was last seen that the consumer lives, by `performance.now()`. */
  #consumerSeenMs = 0;
  #closed = false;

  constructor(memory: RingMemory, token: number) {
    this.memory = memory;
    this.words = memory.words;
    this.bytes = memory.bytes;
    this.units = memory.capacityBytes >> layout.unitShift;
    this.token = token;
    this.copier = new RecordCopier(memory);
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Whether other producers may be attached too (an MPSC ring). */
  get shared(): boolean {
    return this.memory.kind === layout.kindMpsc;
  }

  /** The longest record that fits into an empty ring. */
  get recordBytesMax(): number {
    return this.memory.capacityBytes - layout.unit;
  }

  /**
   * Room for a record of `length` bytes: the offset in `bytes` of its payload, or -1 when the ring
   * is too full. Allocates nothing.
   * @throws ERR_OUT_OF_RANGE for a record that can never fit, ERR_RAM_RING_STATE when another one
   *   is open, ERR_RAM_RING_CLOSED, EPIPE
   */
  tryReserve(length: number): number {
    if (this.#closed) throw closedError('producer');
    if (this.reservedLength >= 0) throw stateError('The last reservation is still open');
    if (!Number.isInteger(length) || length < 0 || length > this.recordBytesMax) {
      checkInteger('length', length, 0, this.recordBytesMax);
    }
    // Plain: that the ring has ended may be seen a little later.
    if (this.words[state] !== 0) this.checkState();
    if (!this.reserveUnits(length)) {
      this.#watchConsumer();
      return -1;
    }
    this.reservedLength = length;
    const index = this.reservedAt & (this.units - 1);
    return layout.dataOffset + layout.unit + (index << layout.unitShift);
  }

  /**
   * Hands the reserved record over, or its first `length` bytes.
   * @param type A number of yours, 32 bits.
   * @throws ERR_RAM_RING_STATE when nothing is reserved, ERR_OUT_OF_RANGE for more than that
   */
  commit(type = 0, length: number = this.reservedLength): void {
    if (this.reservedLength < 0) throw stateError('Nothing is reserved');
    checkType(type);
    if (length !== this.reservedLength) checkInteger('length', length, 0, this.reservedLength);
    this.commitUnits(type, length);
    this.reservedLength = -1;
  }

  /** Gives the reservation back. @throws ERR_RAM_RING_STATE when nothing is reserved */
  abort(): void {
    if (this.reservedLength < 0) throw stateError('Nothing is reserved');
    this.abortUnits();
    this.reservedLength = -1;
  }

  /** Copies one record into the ring; false when it is too full. Allocates nothing. */
  tryWrite(bytes: Uint8Array, type = 0): boolean {
    this.copier.check('bytes', bytes);
    checkType(type);
    const offset = this.tryReserve(bytes.length);
    if (offset < 0) return false;
    this.copier.copyIn(bytes, offset);
    this.commit(type);
    return true;
  }

  /**
   * Writes as many of the records as fit, in one batch: the consumer is woken once.
   * @returns How many.
   */
  tryWriteBatch(records: readonly Uint8Array[], type = 0): number {
    if (!Array.isArray(records)) throw invalidArgument('records', 'Array', records);
    let count = 0;
    this.cork();
    try {
      while (count < records.length && this.tryWrite(records[count] as Uint8Array, type)) count++;
    } finally {
      this.uncork();
    }
    return count;
  }

  /**
   * Writes as many of the records as fit, in one batch, from memory in which they lie end to end:
   * the cheapest way for many short ones. Allocates nothing.
   * @param lengths Of each record.
   * @param types Of each record; or one for all.
   * @returns How many.
   * @throws ERR_OUT_OF_RANGE when a record can never fit, or they are longer than `bytes`; as
   *   `tryReserve`. Nothing is written then.
   */
  tryWritePacked(bytes: Uint8Array, lengths: Uint32Array, types: Int32Array | number = 0): number {
    checkPacked(bytes, lengths, typeof types === 'number' ? undefined : (types ?? null));
    let total = 0;
    for (let i = 0; i < lengths.length; i++) {
      const length = lengths[i] as number;
      if (length > this.recordBytesMax) {
        throw outOfRange(`lengths[${i}]`, `<= ${this.recordBytesMax}`, length);
      }
      total += length;
    }
    if (total > bytes.length) throw outOfRange('bytes.length', `>= ${total}`, bytes.length);
    return this.writePacked(bytes, lengths, types);
  }

  /**
   * Copies one record into the ring, and blocks this thread while it is too full.
   * @returns false when `timeoutMs` has passed.
   * @throws as `tryReserve`, and ERR_RAM_RING_PEER_DIED
   */
  write(bytes: Uint8Array, type = 0, options: WaitOptions = waitForEver): boolean {
    const { timeoutMs, spinMs } = checkWaitOptions(options);
    if (this.tryWrite(bytes, type)) return true;
    const deadline = performance.now() + timeoutMs;
    if (spinMs > 0) {
      const look = (): number => (this.tryWrite(bytes, type) ? this.freePart() : 0);
      if (this.#spinner.until(look, Math.min(spinMs, timeoutMs))) return true;
    }
    for (;;) {
      this.memory.announceSleep(layout.spaceWaitingAt);
      if (this.tryWrite(bytes, type)) return true;
      const left = deadline - performance.now();
      if (left <= 0) return false;
      this.memory.sleep(layout.spaceWaitingAt, 1, left);
      this.#checkConsumer();
    }
  }

  /** As `write`, without blocking: resolves when the record is in the ring. */
  async writeAsync(bytes: Uint8Array, type = 0): Promise<void> {
    while (!this.tryWrite(bytes, type)) await this.waitForSpace(bytes.length);
  }

  /** Resolves when a record of `length` bytes may fit. One wait at a time. */
  async waitForSpace(length: number): Promise<void> {
    checkInteger('length', length, 0, this.recordBytesMax);
    for (;;) {
      this.memory.announceSleep(layout.spaceWaitingAt);
      if (this.#closed || this.words[state] !== 0 || this.hasRoom(unitsOf(length))) return;
      const consumer = this.memory.memberOf(0);
      await this.memory.sleepAsync(1, layout.spaceWaitingAt, 1, consumer);
      if (this.memory.closed) return;
      this.#checkConsumer();
    }
  }

  /** Lets a pending `writeAsync` or `waitForSpace` keep the process alive, as it does at first. */
  ref(): this {
    this.memory.keepAlive(1, true);
    return this;
  }

  /** Lets the process end although one is pending. */
  unref(): this {
    this.memory.keepAlive(1, false);
    return this;
  }

  /**
   * Ends the ring with an error, which the consumer gets after the last record.
   * @param errno An error number, or 0 for an error with the code ERR_RAM_RING_FAILED.
   */
  fail(message: string, errno = 0): void {
    if (this.#closed) throw closedError('producer');
    if (typeof message !== 'string') throw invalidArgument('message', 'string', message);
    checkInteger('errno', errno, 0, 4095);
    this.memory.setFailure(errno, message);
    this.leave();
  }

  /** Ends the ring: the consumer gets what is in it, then the end. */
  end(): void {
    if (this.#closed) return;
    this.uncork();
    this.memory.setState(layout.ended);
    this.leave();
  }

  /**
   * A Node stream of bytes into the ring, with back-pressure. Long chunks are cut into records of
   * at most a quarter of the ring. Its end is `close()`; destroyed before that it fails the ring
   * (of an MPSC ring: leaves it).
   */
  writable(type = 0): Writable {
    checkType(type);
    return makeWritable(this, type);
  }

  /** The same as a web stream. */
  writableStream(type = 0): WritableStream<Uint8Array> {
    checkType(type);
    return makeWritableStream(this, type);
  }

  /** Leaves the ring. What is reserved is aborted. */
  abstract close(): void;

  [Symbol.dispose](): void {
    this.close();
  }

  /** Holds back what is committed until `uncork`, so that a batch is published at once. */
  cork(): void {}
  uncork(): void {}

  /** Sets `reservedAt`; false when there is no room. */
  protected abstract reserveUnits(length: number): boolean;
  protected abstract commitUnits(type: number, length: number): void;
  protected abstract abortUnits(): void;
  protected abstract hasRoom(units: number): boolean;
  /** Which part of the ring is known to be free; 1 when it isn't known. */
  protected abstract freePart(): number;

  /** As `tryWritePacked`, with arguments that are right. */
  protected writePacked(
    bytes: Uint8Array,
    lengths: Uint32Array,
    types: Int32Array | number,
  ): number {
    let at = 0;
    let count = 0;
    this.cork();
    try {
      for (; count < lengths.length; count++) {
        const length = lengths[count] as number;
        const offset = this.tryReserve(length);
        if (offset < 0) break;
        this.bytes.set(bytes.subarray(at, at + length), offset);
        this.commit(typeof types === 'number' ? types : types[count]);
        at += length;
      }
    } finally {
      this.uncork();
    }
    return count;
  }

  protected wakeConsumer(): void {
    if (Atomics.load(this.words, dataWaiting) === 0) return;
    if (Atomics.exchange(this.words, dataWaiting, 0) !== 0) {
      this.memory.wake(layout.dataWaitingAt);
    }
  }

  protected loadHead(): number {
    return Atomics.load(this.words, head);
  }

  protected leave(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.memory.closed) return;
    if (this.reservedLength >= 0) this.abort();
    this.memory.detach(this.token);
  }

  protected checkState(): void {
    this.memory.check();
    const bits = this.memory.load(layout.stateAt);
    const over = layout.ended | layout.consumerClosed | layout.failed;
    if ((bits & over) !== 0) throw systemError(EPIPE, 'write');
  }

  /** The ring is full, for someone who may look again for ever: a system call now and then. */
  #watchConsumer(): void {
    const now = performance.now();
    if (now - this.#consumerSeenMs < watchMs) return;
    this.#checkConsumer();
    this.#consumerSeenMs = now;
  }

  #checkConsumer(): void {
    if (this.memory.isAbandoned(0)) throw peerDiedError('consumer');
  }
}
