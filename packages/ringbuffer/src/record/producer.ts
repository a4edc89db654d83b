import type { Writable } from 'node:stream';
import type { WritableStream } from 'node:stream/web';
import { errnoNumber, systemError } from '@ram/errno';
import { checkBytes, checkInteger } from '../size.ts';
import * as layout from './layout.ts';
import { RecordCopier } from './record-copier.ts';
import { closedError, peerDiedError, stateError } from './ring-error.ts';
import type { RingMemory } from './ring-memory.ts';
import { makeWritable, makeWritableStream } from './streams.ts';
import { spinUntil } from './wait.ts';
import type { WaitOptions } from './wait.ts';

const EPIPE = errnoNumber('EPIPE') ?? 0;
const head = layout.headAt >> 2;
const dataWaiting = layout.dataWaitingAt >> 2;
const spaceWaiting = layout.spaceWaitingAt >> 2;
const state = layout.stateAt >> 2;

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
  readonly #copier: RecordCopier;
  #closed = false;

  constructor(memory: RingMemory, token: number) {
    this.memory = memory;
    this.words = memory.words;
    this.bytes = memory.bytes;
    this.units = memory.capacityBytes >> layout.unitShift;
    this.token = token;
    this.#copier = new RecordCopier(memory.words, memory.bytes);
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
    if (!(length >= 0 && length <= this.recordBytesMax) || !Number.isInteger(length)) {
      checkInteger('length', length, 0, this.recordBytesMax);
    }
    // Plain: that the ring has ended may be seen a little later.
    if (this.words[state] !== 0) this.checkState();
    if (!this.reserveUnits(length)) return -1;
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
    checkBytes('bytes', bytes);
    const offset = this.tryReserve(bytes.length);
    if (offset < 0) return false;
    this.#copier.copyIn(bytes, offset);
    this.commit(type);
    return true;
  }

  /**
   * Writes as many of the records as fit, in one batch: the consumer is woken once.
   * @returns How many.
   */
  tryWriteBatch(records: readonly Uint8Array[], type = 0): number {
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
   * Copies one record into the ring, and blocks this thread while it is too full.
   * @returns false when `timeoutMs` has passed.
   * @throws as `tryReserve`, and ERR_RAM_RING_PEER_DIED
   */
  write(bytes: Uint8Array, type = 0, options: WaitOptions = {}): boolean {
    if (this.tryWrite(bytes, type)) return true;
    const { timeoutMs = Infinity, spinMs = 0 } = options;
    const deadline = performance.now() + timeoutMs;
    if (spinMs > 0 && spinUntil(() => this.tryWrite(bytes, type), Math.min(spinMs, timeoutMs))) {
      return true;
    }
    for (;;) {
      Atomics.store(this.words, spaceWaiting, 1);
      // After the store: either we see the space, or the consumer sees us waiting.
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
      Atomics.store(this.words, spaceWaiting, 1);
      if (this.#closed || this.words[state] !== 0 || this.hasRoom(unitsOf(length))) return;
      const consumer = this.memory.memberOf(0);
      await this.memory.sleepAsync(1, layout.spaceWaitingAt, 1, consumer);
      if (this.memory.closed) return;
      this.#checkConsumer();
    }
  }

  /**
   * Ends the ring with an error, which the consumer gets after the last record.
   * @param errno An error number, or 0 for an error with the code ERR_RAM_RING_FAILED.
   */
  fail(message: string, errno = 0): void {
    if (this.#closed) throw closedError('producer');
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
    return makeWritable(this, type);
  }

  /** The same as a web stream. */
  writableStream(type = 0): WritableStream<Uint8Array> {
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

  #checkConsumer(): void {
    if (this.memory.isAbandoned(0)) throw peerDiedError('consumer');
  }
}
