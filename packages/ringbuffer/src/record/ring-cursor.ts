import { invalidArgument, outOfRange } from '@ram/errno';
import { packedShift } from '../native.ts';
import { checkInteger } from '../size.ts';
import * as layout from './layout.ts';
import { checkPacked } from './packed.ts';
import { RecordCopier } from './record-copier.ts';
import { closedError, damagedError, stateError } from './ring-error.ts';
import type { RingMemory } from './ring-memory.ts';

const tail = layout.tailAt >> 2;
const head = layout.headAt >> 2;
const spaceWaiting = layout.spaceWaitingAt >> 2;
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

/** Where the consumer is in the ring: finds records, copies them, takes them out. Never waits. */
export abstract class RingCursor {
  /** The ring's whole mapping. Empty after the ring closes. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Of the record that `peek` found: where its payload starts in `bytes`, a multiple of 16. */
  offset = 0;
  length = 0;
  type = 0;
  protected readonly memory: RingMemory;
  protected readonly words: Int32Array<ArrayBuffer>;
  /** There is one producer. */
  protected readonly alone: boolean;
  protected isClosed = false;
  readonly #mask: number;
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

  constructor(memory: RingMemory) {
    this.memory = memory;
    this.words = memory.words;
    this.bytes = memory.bytes;
    this.alone = memory.kind === layout.kindSpsc;
    this.#mask = (memory.capacityBytes >> layout.unitShift) - 1;
    this.#copier = new RecordCopier(memory);
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
    if (this.isClosed) throw closedError('consumer');
    for (;;) {
      if (this.#tail === this.#head) {
        // For headers and payloads; and after we said that we wait.
        this.#tail = this.memory.look(tail);
        if (this.#tail === this.#head) {
          if (this.#published !== this.#head) this.#publish();
          return false;
        }
      }
      const index = this.#head & this.#mask;
      const header = data + (index << 2);
      // MPSC: for the payload of a record that was reserved when `tail` was loaded; and after we
      // said that we wait. SPSC: `tail` has covered it.
      const word = this.alone ? (this.words[header] as number) : this.memory.look(header);
      const length = word & layout.lengthMask;
      const units = (length + 2 * layout.unit - 1) >> layout.unitShift;
      const filled = (this.#tail - this.#head) | 0;
      if (units > filled || filled > this.#mask + 1) throw damagedError();
      if (word >> 30 === 1) {
        this.offset = layout.dataOffset + layout.unit + (index << layout.unitShift);
        this.length = length;
        this.type = this.words[header + 1] as number;
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
   * Moves the next record to the start of `into`, and sets `type`: its length, or -1 when there is
   * none. Allocates nothing if `into` is one and the same array.
   * @throws ERR_OUT_OF_RANGE when `into` is too short; the record stays. As `peek`.
   */
  tryRead(into: Uint8Array): number {
    this.#copier.check('into', into);
    const filled = (this.#tail - this.#head) | 0;
    // The rule, in one piece; what isn't it comes below.
    if (this.alone && filled > 0 && this.#peeked === 0 && !this.isClosed) {
      const header = data + ((this.#head & this.#mask) << 2);
      const word = this.words[header] as number;
      const length = word & layout.lengthMask;
      const units = (length + 2 * layout.unit - 1) >> layout.unitShift;
      const fits = length <= into.length && units <= filled && filled <= this.#mask + 1;
      if (word >> 30 === 1 && fits) {
        this.type = this.words[header + 1] as number;
        this.#copier.copyOut(into, (header << 2) + layout.unit, length);
        this.#advance(units);
        return length;
      }
    }
    if (!this.peek()) return -1;
    const { length } = this;
    if (length > into.length) throw outOfRange('into.length', `>= ${length}`, into.length);
    this.#copier.copyOut(into, this.offset, length);
    this.consume();
    return length;
  }

  /**
   * Moves records to `into`, end to end, as many as fit into it and into `lengths`, in one batch:
   * the cheapest way for many short ones. Allocates nothing.
   * @param lengths Gets the length of each record; and `types`, if given, its type.
   * @returns How many; 0 when there is none.
   * @throws as `tryRead`
   */
  tryReadPacked(into: Uint8Array, lengths: Uint32Array, types?: Int32Array): number {
    checkPacked(into, lengths, types);
    // It passes over what was aborted.
    if (lengths.length === 0 || !this.peek()) return 0;
    const filled = (this.#tail - this.#head) | 0;
    const moved = this.memory.readPacked(this.#head, filled, into, lengths, types);
    if (moved === 0) throw outOfRange('into.length', `>= ${this.length}`, into.length);
    this.#peeked = 0;
    this.#advance(moved % packedShift);
    return Math.floor(moved / packedShift);
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
    if (typeof read !== 'function') throw invalidArgument('read', 'Function', read);
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
      if (!corked && !this.isClosed) this.uncork();
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

  /** Which part of the ring is known to hold records; 1 when there is only the one peeked at. */
  protected filledPart(): number {
    const filled = (this.#tail - this.#head) | 0;
    return filled <= this.#peeked ? 1 : filled / (this.#mask + 1);
  }

  /** The token of whom a sleep must watch, or 0. */
  protected producerToWatch(): number {
    if (this.alone) return this.memory.memberOf(1);
    if (this.#tail === this.#head) return 0;
    return this.words[data + ((this.#head & this.#mask) << 2) + 2] as number;
  }

  /** The next look at an unfinished record asks whether its producer lives. */
  protected losePatience(): void {
    this.#unfinishedSeen = patience;
  }

  /** Gives back all that was consumed. @returns whether everything was */
  protected leaveRecords(): boolean {
    this.#peeked = 0;
    this.uncork();
    return this.memory.load(layout.tailAt) === this.#head;
  }

  #advance(units: number): void {
    this.#head = (this.#head + units) | 0;
    if (!this.#corked) this.#publish();
  }

  #publish(): void {
    this.#published = this.#head;
    // Our reads come before the producer's writes.
    this.memory.publish(head, this.#head);
    if (this.memory.look(spaceWaiting) === 0) return;
    if (Atomics.exchange(this.words, spaceWaiting, 0) !== 0) {
      this.memory.wake(layout.spaceWaitingAt);
    }
  }

  /** The record is reserved: whether its producer is dead, seen now and then. */
  #discardIfDead(header: number, word: number): boolean {
    if (++this.#unfinishedSeen < patience) return false;
    this.#unfinishedSeen = 0;
    const owner = this.words[header + 2] as number;
    if (!this.memory.isDead(owner)) return false;
    // It may have committed as its last deed.
    return Atomics.compareExchange(this.words, header, word, layout.aborted | word) === word;
  }
}
