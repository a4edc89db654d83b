import { packedShift } from '../native.ts';
import { checkType } from '../size.ts';
import * as layout from './layout.ts';
import { RingProducer } from './producer.ts';
import { unitsOf } from './ring-writer.ts';
import type { RingMemory } from './ring-memory.ts';

const tail = layout.tailAt >> 2;
const state = layout.stateAt >> 2;
const data = layout.dataOffset >> 2;

/**
 * The one producer of an SPSC ring. Nothing of a record is seen before `tail` has moved over it, so
 * a producer that is killed leaves no trace of its unfinished record.
 */
export class SpscProducer extends RingProducer {
  /** Where the next record goes: ours alone. */
  #tail: number;
  /** `tail` as the consumer sees it. */
  #published: number;
  /** `head` when it was last looked at; it only moves on. */
  #head: number;
  #corked = false;

  constructor(memory: RingMemory, token: number) {
    super(memory, token);
    this.#tail = memory.load(layout.tailAt);
    this.#published = this.#tail;
    this.#head = this.loadHead();
  }

  override cork(): void {
    this.#corked = true;
  }

  override uncork(): void {
    this.#corked = false;
    if (this.#published !== this.#tail) this.#publish();
  }

  /** Ends the ring: the consumer gets what is in it, then the end. */
  override close(): void {
    if (!this.memory.closed) this.end();
    else this.leave();
  }

  /** The same as the inherited one, which does what isn't the rule, in one piece. */
  override tryWrite(bytes: Uint8Array, type = 0): boolean {
    this.copier.check('bytes', bytes);
    checkType(type);
    const { length } = bytes;
    const units = unitsOf(length);
    const index = this.#tail & (this.units - 1);
    if (
      units > this.#free() ||
      this.reservedLength >= 0 ||
      this.words[state] !== 0 ||
      this.closed
    ) {
      return super.tryWrite(bytes, type);
    }
    const header = data + (index << 2);
    this.copier.copyIn(bytes, (header << 2) + layout.unit);
    this.words[header] = layout.committed | length;
    this.words[header + 1] = type;
    this.#tail = (this.#tail + units) | 0;
    if (!this.#corked) this.#publish();
    return true;
  }

  protected override writePacked(
    bytes: Uint8Array,
    lengths: Uint32Array,
    types: Int32Array | number,
  ): number {
    // Checks the state, and that the first one fits.
    if (this.tryReserve(lengths[0] ?? 0) < 0) return 0;
    this.abort();
    const unitsMax = 2 * lengths.length + (bytes.length >> layout.unitShift);
    if (unitsMax > this.#free()) this.#head = this.loadHead();
    const isOne = typeof types === 'number';
    const moved = this.memory.writePacked(
      this.#tail,
      this.#free(),
      isOne ? types : 0,
      bytes,
      lengths,
      isOne ? undefined : types,
    );
    this.#tail = (this.#tail + (moved % packedShift)) | 0;
    if (!this.#corked) this.#publish();
    return Math.floor(moved / packedShift);
  }

  protected override freePart(): number {
    return this.#free() / this.units;
  }

  protected override reserveUnits(length: number): boolean {
    if (!this.hasRoom(unitsOf(length))) return false;
    this.reservedAt = this.#tail;
    return true;
  }

  protected override hasRoom(units: number): boolean {
    if (units <= this.#free()) return true;
    // What the consumer read before it moved `head` is read before we write over it.
    this.#head = this.loadHead();
    if (units <= this.#free()) return true;
    if (this.#published !== this.#tail) this.#publish();
    return false;
  }

  protected override commitUnits(type: number, length: number): void {
    const header = data + ((this.reservedAt & (this.units - 1)) << 2);
    this.words[header] = layout.committed | length;
    this.words[header + 1] = type;
    this.#tail = (this.reservedAt + unitsOf(length)) | 0;
    if (!this.#corked) this.#publish();
  }

  protected override abortUnits(): void {}

  /** Units that are known to be free. */
  #free(): number {
    return this.units - ((this.#tail - this.#head) | 0);
  }

  #publish(): void {
    this.#published = this.#tail;
    // For the records; and before the look at who waits.
    this.memory.publish(tail, this.#tail);
    this.wakeConsumer();
  }
}
