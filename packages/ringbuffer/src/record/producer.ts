import type { Writable } from 'node:stream';
import type { WritableStream } from 'node:stream/web';
import { invalidArgument } from '@ram/errno';
import { checkInteger, checkType } from '../size.ts';
import * as layout from './layout.ts';
import { closedError } from './ring-error.ts';
import { RingWriter, unitsOf } from './ring-writer.ts';
import { makeWritable, makeWritableStream } from './streams.ts';
import { Spinner, checkWaitOptions, waitForEver } from './wait.ts';
import type { WaitOptions } from './wait.ts';

const state = layout.stateAt >> 2;

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
export abstract class RingProducer extends RingWriter {
  readonly #spinner = new Spinner();

  /** Whether other producers may be attached too (an MPSC ring). */
  get shared(): boolean {
    return this.memory.kind === layout.kindMpsc;
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
      this.checkConsumer();
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
      if (this.isClosed || this.words[state] !== 0 || this.hasRoom(unitsOf(length))) return;
      const consumer = this.memory.memberOf(0);
      await this.memory.sleepAsync(1, layout.spaceWaitingAt, 1, consumer);
      if (this.memory.closed) return;
      this.checkConsumer();
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
    if (this.isClosed) throw closedError('producer');
    if (typeof message !== 'string') throw invalidArgument('message', 'string', message);
    checkInteger('errno', errno, 0, 4095);
    this.memory.setFailure(errno, message);
    this.leave();
  }

  /** Ends the ring: the consumer gets what is in it, then the end. */
  end(): void {
    if (this.isClosed) return;
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

  protected leave(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    if (this.memory.closed) return;
    if (this.reservedLength >= 0) this.abort();
    this.memory.detach(this.token);
  }
}
