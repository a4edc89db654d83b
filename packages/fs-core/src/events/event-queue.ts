import type { QueuedEvent } from './event-batch.ts';

/**
 * What a listener did not get yet, bounded, and the count of what it lost. A queue that was full
 * takes events again when half of it is free, so that losses come together.
 */
export class EventQueue<Entry extends QueuedEvent> {
  /** How many entries it may have. */
  most: number;
  readonly #makeOverflow: (lost: number) => Entry;
  #entries: Entry[] = [];
  #first = 0;
  #lost = 0;
  #isFull = false;

  /** `makeOverflow` makes the event that tells of a loss; it is called once for each. */
  constructor(makeOverflow: (lost: number) => Entry, most = 0) {
    this.most = most;
    this.#makeOverflow = makeOverflow;
  }

  get length(): number {
    return this.#entries.length - this.#first;
  }

  /** Whether there is something to take: an event, or a loss to be told. */
  get isEmpty(): boolean {
    return this.length === 0 && this.#lost === 0;
  }

  /** The era of the oldest event; Infinity when there is none. */
  get oldestEra(): number {
    for (let i = this.#first; i < this.#entries.length; i += 1) {
      const { era } = this.#entries[i] as Entry;
      if (era !== Infinity) return era;
    }
    return Infinity;
  }

  /** False: it was lost, since the queue is full. */
  push(entry: Entry): boolean {
    if (this.#isFull && this.length > this.most / 2) {
      this.#lost += 1;
      return false;
    }
    this.#tellLoss();
    this.#entries.push(entry);
    this.#isFull = this.length >= this.most;
    return true;
  }

  /** Events were lost on the way here, behind those that are in the queue. */
  countLost(lost: number): void {
    this.#lost += lost;
  }

  /** What is in it, in its order. */
  get entries(): readonly Entry[] {
    return this.#entries.slice(this.#first);
  }

  shift(): Entry | undefined {
    if (this.length === 0) this.#tellLoss();
    const entry = this.#entries[this.#first];
    if (entry === undefined) return undefined;
    this.#first += 1;
    if (this.#first === this.#entries.length) {
      this.#entries = [];
      this.#first = 0;
    } else if (this.#first >= 1024 && this.#first * 2 >= this.#entries.length) {
      this.#entries = this.#entries.slice(this.#first);
      this.#first = 0;
    }
    return entry;
  }

  #tellLoss(): void {
    if (this.#lost === 0) return;
    const lost = this.#lost;
    this.#lost = 0;
    this.#entries.push(this.#makeOverflow(lost));
  }
}
