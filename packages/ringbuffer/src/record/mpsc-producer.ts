import * as layout from './layout.ts';
import { RingProducer } from './producer.ts';
import { unitsOf } from './ring-writer.ts';

const tail = layout.tailAt >> 2;
const lock = layout.lockAt >> 2;
const lockWaiters = layout.lockWaitersAt >> 2;
const data = layout.dataOffset >> 2;
const spinRounds = 64;

/**
 * One of many producers. The lock is held while a header is written, a few nanoseconds; the payload
 * is written outside of it. Records are delivered in the order of their reservation, so an open
 * reservation holds back what others commit behind it.
 */
export class MpscProducer extends RingProducer {
  #corked = false;
  #unannounced = false;

  override cork(): void {
    this.#corked = true;
  }

  override uncork(): void {
    this.#corked = false;
    this.#announce();
  }

  override close(): void {
    this.uncork();
    this.leave();
  }

  protected override reserveUnits(length: number): boolean {
    this.#lock();
    // Only who holds the lock stores it.
    const position = this.words[tail] as number;
    const units = unitsOf(length);
    const fits = units <= this.units - ((position - this.loadHead()) | 0);
    if (fits) {
      const header = this.#headerOf(position);
      // Plain: `tail` publishes it.
      this.words[header] = layout.reserved | length;
      this.words[header + 2] = this.token;
      // For the header.
      this.memory.publish(tail, (position + units) | 0);
      this.reservedAt = position;
    }
    this.#unlock();
    if (!fits) this.#announce();
    return fits;
  }

  protected override hasRoom(units: number): boolean {
    const position = this.memory.look(tail);
    return units <= this.units - ((position - this.loadHead()) | 0);
  }

  protected override freePart(): number {
    return 1;
  }

  protected override commitUnits(type: number, length: number): void {
    const header = this.#headerOf(this.reservedAt);
    const rest = unitsOf(this.reservedLength) - unitsOf(length);
    if (rest > 0) {
      // The store of the record in front of it publishes it.
      const padding = this.#headerOf(this.reservedAt + unitsOf(length));
      this.words[padding] = layout.aborted | ((rest - 1) << layout.unitShift);
    }
    this.words[header + 1] = type;
    // For the payload; and before the look at who waits.
    this.memory.publish(header, layout.committed | length);
    this.#unannounced = true;
    if (!this.#corked) this.#announce();
  }

  protected override abortUnits(): void {
    const header = this.#headerOf(this.reservedAt);
    this.memory.publish(header, layout.aborted | this.reservedLength);
    this.#unannounced = true;
    if (!this.#corked) this.#announce();
  }

  #announce(): void {
    if (!this.#unannounced) return;
    this.#unannounced = false;
    this.wakeConsumer();
  }

  #headerOf(position: number): number {
    return data + ((position & (this.units - 1)) << 2);
  }

  #lock(): void {
    for (let round = 0; ; round++) {
      // Acquire for what the last holder stored.
      const holder = Atomics.compareExchange(this.words, lock, 0, this.token);
      if (holder === 0) return;
      if (round >= spinRounds) this.#sleepOnLock(holder);
    }
  }

  /** Its holder was put aside by the scheduler, or is dead. */
  #sleepOnLock(holder: number): void {
    Atomics.add(this.words, lockWaiters, 1);
    this.memory.sleep(layout.lockAt, holder, 1);
    Atomics.sub(this.words, lockWaiters, 1);
    if (Atomics.load(this.words, lock) === holder) this.memory.stealLock(holder);
  }

  #unlock(): void {
    // Release; and sequentially consistent, before the look at who waits, who does no barrier.
    Atomics.store(this.words, lock, 0);
    if (this.memory.look(lockWaiters) !== 0) this.memory.wake(layout.lockAt);
  }
}
