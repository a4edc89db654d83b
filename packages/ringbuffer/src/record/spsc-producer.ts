import * as layout from './layout.ts';
import { RingProducer, unitsOf } from './producer.ts';
import type { RingMemory } from './ring-memory.ts';

const tail = layout.tailAt >> 2;
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

  protected override reserveUnits(length: number): boolean {
    if (!this.hasRoom(unitsOf(length))) return false;
    this.reservedAt = this.#tail;
    return true;
  }

  protected override hasRoom(units: number): boolean {
    if (units <= this.units - ((this.#tail - this.#head) | 0)) return true;
    // Acquire: what the consumer read before it moved `head` is read before we write over it.
    this.#head = this.loadHead();
    if (units <= this.units - ((this.#tail - this.#head) | 0)) return true;
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

  #publish(): void {
    this.#published = this.#tail;
    // Release for the records; sequentially consistent, before the look at who waits.
    Atomics.store(this.words, tail, this.#tail);
    this.wakeConsumer();
  }
}
