import { errnoNumber, invalidArgument, outOfRange, systemError } from '@ram/errno';
import { checkInteger, checkType } from '../size.ts';
import * as layout from './layout.ts';
import { checkPacked } from './packed.ts';
import { RecordCopier } from './record-copier.ts';
import { closedError, peerDiedError, stateError } from './ring-error.ts';
import type { RingMemory } from './ring-memory.ts';

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

/** Where a producer is in the ring: reserves records, copies them in, commits them. Never waits. */
export abstract class RingWriter {
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
  protected isClosed = false;
  /** When it was last seen that the consumer lives, by `performance.now()`. */
  #consumerSeenMs = 0;

  constructor(memory: RingMemory, token: number) {
    this.memory = memory;
    this.words = memory.words;
    this.bytes = memory.bytes;
    this.units = memory.capacityBytes >> layout.unitShift;
    this.token = token;
    this.copier = new RecordCopier(memory);
  }

  get closed(): boolean {
    return this.isClosed;
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
    if (this.isClosed) throw closedError('producer');
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
    if (this.memory.look(dataWaiting) === 0) return;
    if (Atomics.exchange(this.words, dataWaiting, 0) !== 0) {
      this.memory.wake(layout.dataWaitingAt);
    }
  }

  protected loadHead(): number {
    return this.memory.look(head);
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
    this.checkConsumer();
    this.#consumerSeenMs = now;
  }

  protected checkConsumer(): void {
    if (this.memory.isAbandoned(0)) throw peerDiedError('consumer');
  }
}
