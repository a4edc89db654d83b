import type { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import * as layout from './layout.ts';
import { RingCursor } from './ring-cursor.ts';
import type { RingRecord } from './ring-cursor.ts';
import { closedError, peerDiedError } from './ring-error.ts';
import type { RingMemory } from './ring-memory.ts';
import { makeReadable, makeReadableStream } from './streams.ts';
import { Spinner, checkWaitOptions, waitForEver } from './wait.ts';
import type { WaitOptions } from './wait.ts';

const lost = layout.lostAt >> 2;

/**
 * The reading end of a record ring.
 *
 * ```
 * if (consumer.peek()) {
 *   consumer.bytes[consumer.offset] …          // consumer.length bytes, contiguous
 *   consumer.consume();
 * }
 * ```
 *
 * Or `tryRead`, which copies, and `drain` for batches. An empty ring is a return value; `ended`
 * tells whether it is one for good. When a producer has ended the ring with `fail`, or the producer
 * of an SPSC ring died, methods throw that once all records are read.
 */
export class RingConsumer extends RingCursor {
  readonly #token: number;
  readonly #spinner = new Spinner();
  readonly #look = (): number => (this.peek() ? this.filledPart() : 0);

  constructor(memory: RingMemory, token: number) {
    super(memory);
    this.#token = token;
  }

  /**
   * Blocks this thread until there is a record (true), the ring has ended, or `timeoutMs` have
   * passed (false).
   * @throws as `peek`, the error of a producer that failed, ERR_RAM_RING_PEER_DIED
   */
  wait(options: WaitOptions = waitForEver): boolean {
    const { timeoutMs, spinMs } = checkWaitOptions(options);
    if (this.peek()) return true;
    const deadline = performance.now() + timeoutMs;
    if (spinMs > 0 && this.#spinner.until(this.#look, Math.min(spinMs, timeoutMs))) return true;
    for (;;) {
      this.memory.announceSleep(layout.dataWaitingAt);
      // After the store: either we see the record, or its producer sees us waiting.
      if (this.peek()) return true;
      if (this.#isOver()) return this.peek();
      const left = deadline - performance.now();
      if (left <= 0) return false;
      this.memory.sleep(layout.dataWaitingAt, 1, left);
      this.#lookForDead();
    }
  }

  /** As `wait`, without blocking: true when there is a record, false at the end. */
  async waitAsync(): Promise<boolean> {
    for (;;) {
      if (this.peek()) return true;
      this.memory.announceSleep(layout.dataWaitingAt);
      if (this.peek()) return true;
      if (this.#isOver()) return this.peek();
      await this.memory.sleepAsync(0, layout.dataWaitingAt, 1, this.producerToWatch());
      if (this.isClosed) return false;
      this.#lookForDead();
    }
  }

  /**
   * Whether all records are read and no more can come.
   * @throws the error of a producer that failed, ERR_RAM_RING_PEER_DIED
   */
  get ended(): boolean {
    if (this.peek()) return false;
    if (this.#isOver()) return !this.peek();
    this.#lookForDead();
    return false;
  }

  /** Lets a pending `waitAsync` (also of a loop or stream) keep the process alive, as at first. */
  ref(): this {
    this.memory.keepAlive(0, true);
    return this;
  }

  /** Lets the process end although one is pending. */
  unref(): this {
    this.memory.keepAlive(0, false);
    return this;
  }

  /** How many records producers have counted as lost since the last call. */
  takeLost(): number {
    if (this.isClosed) throw closedError('consumer');
    return Atomics.exchange(this.words, lost, 0) >>> 0;
  }

  /** Leaves the ring: producers get EPIPE, until another consumer comes. */
  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    if (this.memory.closed) return;
    const readAll = this.leaveRecords();
    const bits = this.memory.load(layout.stateAt);
    const atEnd = (bits & layout.ended) !== 0 && readAll;
    this.memory.setState(atEnd ? layout.endSeen : layout.consumerClosed);
    this.memory.detach(this.#token);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Records in Buffers of their own, until the ring ends. Leaving the loop closes the consumer. */
  async *[Symbol.asyncIterator](): AsyncGenerator<RingRecord, void, void> {
    try {
      while (await this.waitAsync()) {
        for (let record = this.tryReadRecord(); record; record = this.tryReadRecord()) yield record;
      }
    } finally {
      this.close();
    }
  }

  /** A Node stream of the records' bytes, with back-pressure. Destroying it closes the consumer. */
  readable(): Readable {
    return makeReadable(this);
  }

  /** The same as a web stream. */
  readableStream(): ReadableStream<Uint8Array> {
    return makeReadableStream(this);
  }

  #isOver(): boolean {
    const bits = this.memory.load(layout.stateAt);
    if ((bits & layout.failed) !== 0) throw this.memory.failure();
    return (bits & layout.ended) !== 0;
  }

  /** After a sleep: a dead producer of an SPSC ring is an error; of an MPSC ring, a record less. */
  #lookForDead(): void {
    this.losePatience();
    if (!this.alone || !this.memory.isAbandoned(1)) return;
    if (!this.peek()) throw peerDiedError('producer');
  }
}
