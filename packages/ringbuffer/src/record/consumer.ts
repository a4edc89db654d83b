import type { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { outOfRange } from '@ram/errno';
import { checkBytes, checkInteger } from '../size.ts';
import { RecordCopier } from './record-copier.ts';
import * as layout from './layout.ts';
import { closedError, damagedError, peerDiedError, stateError } from './ring-error.ts';
import type { RingMemory } from './ring-memory.ts';
import { makeReadable, makeReadableStream } from './streams.ts';
import { spinUntil } from './wait.ts';
import type { WaitOptions } from './wait.ts';

const tail = layout.tailAt >> 2;
const head = layout.headAt >> 2;
const dataWaiting = layout.dataWaitingAt >> 2;
const spaceWaiting = layout.spaceWaitingAt >> 2;
const lost = layout.lostAt >> 2;
const data = layout.dataOffset >> 2;
/** So often an unfinished record is seen before its producer is looked for: a system call. */
const patience = 256;

/** A record that was copied out. */
export interface RingRecord {
  /** The number given at `commit`. */
  type: number;
  bytes: Buffer;
}

/** Gets the ring's mapping and where in it a record lies, which is valid until it returns. */
export type RecordReader = (
  bytes: Uint8Array<ArrayBuffer>,
  offset: number,
  length: number,
  type: number,
) => void;

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
export class RingConsumer {
  /** The ring's whole mapping. Empty after the ring closes. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Of the record that `peek` found: where its payload starts in `bytes`, a multiple of 16. */
  offset = 0;
  length = 0;
  type = 0;
  readonly #memory: RingMemory;
  readonly #words: Int32Array<ArrayBuffer>;
  readonly #token: number;
  readonly #mask: number;
  /** There is one producer. */
  readonly #alone: boolean;
  readonly #copier: RecordCopier;
  #head: number;
  /** `tail` when it was last looked at; it only moves on. */
  #tail: number;
  /** Units of the record that was peeked at; 0: none. */
  #peeked = 0;
  #unfinishedSeen = 0;
  /** `head` as the producers see it. */
  #published: number;
  #corked = false;
  #closed = false;

  constructor(memory: RingMemory, token: number) {
    this.#memory = memory;
    this.#words = memory.words;
    this.bytes = memory.bytes;
    this.#token = token;
    this.#alone = memory.kind === layout.kindSpsc;
    this.#mask = (memory.capacityBytes >> layout.unitShift) - 1;
    this.#copier = new RecordCopier(memory.words, memory.bytes);
    this.#head = memory.load(layout.headAt);
    this.#tail = this.#head;
    this.#published = this.#head;
  }

  /**
   * Finds the next record, and sets `offset`, `length` and `type`. It stays the same until
   * `consume`. Allocates nothing.
   * @throws ERR_RAM_RING_CLOSED, ERR_RAM_RING_DAMAGED
   */
  peek(): boolean {
    if (this.#peeked !== 0) return true;
    if (this.#closed) throw closedError('consumer');
    for (;;) {
      if (this.#tail === this.#head) {
        // Acquire for headers and payloads; sequentially consistent, after we said that we wait.
        this.#tail = Atomics.load(this.#words, tail);
        if (this.#tail === this.#head) {
          if (this.#published !== this.#head) this.#publish();
          return false;
        }
      }
      const index = this.#head & this.#mask;
      const header = data + (index << 2);
      // MPSC: acquire for the payload of a record that was reserved when `tail` was loaded, and
      // sequentially consistent, after we said that we wait. SPSC: `tail` has covered it.
      const word = this.#alone
        ? (this.#words[header] as number)
        : Atomics.load(this.#words, header);
      const length = word & layout.lengthMask;
      const units = (length + 2 * layout.unit - 1) >> layout.unitShift;
      const filled = (this.#tail - this.#head) | 0;
      if (units > filled || filled > this.#mask + 1) throw damagedError();
      if (word >> 30 === 1) {
        this.offset = layout.dataOffset + layout.unit + (index << layout.unitShift);
        this.length = length;
        this.type = this.#words[header + 1] as number;
        this.#peeked = units;
        return true;
      }
      if (word >= 0 && !this.#discardIfDead(header, word)) return false;
      this.#advance(units);
    }
  }

  /** Takes out the record that `peek` found. @throws ERR_RAM_RING_STATE when it found none */
  consume(): void {
    if (this.#peeked === 0) throw stateError('Nothing was peeked at');
    const units = this.#peeked;
    this.#peeked = 0;
    this.#advance(units);
  }

  /**
   * Moves the next record to the start of `into`: its length, or -1 when there is none. Allocates
   * nothing for records of up to 256 bytes into one and the same buffer.
   * @throws ERR_OUT_OF_RANGE when `into` is too short; the record stays. As `peek`.
   */
  tryRead(into: Uint8Array): number {
    checkBytes('into', into);
    if (!this.peek()) return -1;
    const { length } = this;
    if (length > into.length) throw outOfRange('into.length', `>= ${length}`, into.length);
    this.#copier.copyOut(into, this.offset, length);
    this.consume();
    return length;
  }

  /** The next record in a Buffer of its own, or undefined. */
  tryReadRecord(): RingRecord | undefined {
    if (!this.peek()) return undefined;
    const bytes = Buffer.from(this.bytes.subarray(this.offset, this.offset + this.length));
    const { type } = this;
    this.consume();
    return { type, bytes };
  }

  /**
   * Gives up to `max` records to `read` and takes them out in one batch; producers are woken once.
   * What `read` throws comes out, with its record taken out.
   * @returns How many there were.
   */
  drain(read: RecordReader, max: number = Infinity): number {
    if (max !== Infinity) checkInteger('max', max, 0, Number.MAX_SAFE_INTEGER);
    let count = 0;
    const corked = this.#corked;
    this.#corked = true;
    try {
      while (count < max && this.peek()) {
        count++;
        this.consume();
        read(this.bytes, this.offset, this.length, this.type);
      }
    } finally {
      if (!corked && !this.#closed) this.uncork();
    }
    return count;
  }

  /** Holds back the space of what is consumed until `uncork`, or until the ring is empty. */
  cork(): void {
    this.#corked = true;
  }

  uncork(): void {
    this.#corked = false;
    if (this.#published !== this.#head) this.#publish();
  }

  /**
   * Blocks this thread until there is a record (true), the ring has ended, or `timeoutMs` have
   * passed (false).
   * @throws as `peek`, the error of a producer that failed, ERR_RAM_RING_PEER_DIED
   */
  wait(options: WaitOptions = {}): boolean {
    const { timeoutMs = Infinity, spinMs = 0 } = options;
    if (this.peek()) return true;
    const deadline = performance.now() + timeoutMs;
    if (spinMs > 0 && spinUntil(() => this.peek(), Math.min(spinMs, timeoutMs))) return true;
    for (;;) {
      Atomics.store(this.#words, dataWaiting, 1);
      // After the store: either we see the record, or its producer sees us waiting.
      if (this.peek()) return true;
      if (this.#isOver()) return this.peek();
      const left = deadline - performance.now();
      if (left <= 0) return false;
      this.#memory.sleep(layout.dataWaitingAt, 1, left);
      this.#lookForDead();
    }
  }

  /** As `wait`, without blocking: true when there is a record, false at the end. */
  async waitAsync(): Promise<boolean> {
    for (;;) {
      if (this.peek()) return true;
      Atomics.store(this.#words, dataWaiting, 1);
      if (this.peek()) return true;
      if (this.#isOver()) return this.peek();
      await this.#memory.sleepAsync(0, layout.dataWaitingAt, 1, this.#producerToWatch());
      if (this.#closed) return false;
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

  /** How many records producers have counted as lost since the last call. */
  takeLost(): number {
    if (this.#closed) throw closedError('consumer');
    return Atomics.exchange(this.#words, lost, 0) >>> 0;
  }

  /** Leaves the ring: producers get EPIPE, until another consumer comes. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#peeked = 0;
    if (this.#memory.closed) return;
    this.uncork();
    const bits = this.#memory.load(layout.stateAt);
    const atEnd = (bits & layout.ended) !== 0 && this.#memory.load(layout.tailAt) === this.#head;
    this.#memory.setState(atEnd ? layout.endSeen : layout.consumerClosed);
    this.#memory.detach(this.#token);
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

  #advance(units: number): void {
    this.#head = (this.#head + units) | 0;
    if (!this.#corked) this.#publish();
  }

  #publish(): void {
    this.#published = this.#head;
    // Release: our reads come before the producer's writes. Sequentially consistent, before the
    // look at who waits.
    Atomics.store(this.#words, head, this.#head);
    if (Atomics.load(this.#words, spaceWaiting) === 0) return;
    if (Atomics.exchange(this.#words, spaceWaiting, 0) !== 0) {
      this.#memory.wake(layout.spaceWaitingAt);
    }
  }

  /** The record is reserved: whether its producer is dead, seen now and then. */
  #discardIfDead(header: number, word: number): boolean {
    if (++this.#unfinishedSeen < patience) return false;
    this.#unfinishedSeen = 0;
    const owner = this.#words[header + 2] as number;
    if (!this.#memory.isDead(owner)) return false;
    // It may have committed as its last deed.
    return Atomics.compareExchange(this.#words, header, word, layout.aborted | word) === word;
  }

  #isOver(): boolean {
    const bits = this.#memory.load(layout.stateAt);
    if ((bits & layout.failed) !== 0) throw this.#memory.failure();
    return (bits & layout.ended) !== 0;
  }

  /** After a sleep: a dead producer of an SPSC ring is an error; of an MPSC ring, a record less. */
  #lookForDead(): void {
    this.#unfinishedSeen = patience;
    if (!this.#alone || !this.#memory.isAbandoned(1)) return;
    if (!this.peek()) throw peerDiedError('producer');
  }

  #producerToWatch(): number {
    if (this.#alone) return this.#memory.memberOf(1);
    if (this.#tail === this.#head) return 0;
    return this.#words[data + ((this.#head & this.#mask) << 2) + 2] as number;
  }
}
