import type { PageEvent } from '@ram/viewer';

/** The latest events, so many and no more, numbered. */
export class EventFeed {
  readonly #max: number;
  readonly #events: PageEvent[] = [];
  #lastId = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get lastId(): number {
    return this.#lastId;
  }

  add(event: Omit<PageEvent, 'id'>): void {
    this.#lastId += 1;
    this.#events.push({ ...event, id: this.#lastId });
    if (this.#events.length > this.#max * 2) this.#events.splice(0, this.#max);
  }

  /** Oldest first, and how many there were before them that nobody has any more. */
  since(id: number): { events: PageEvent[]; skipped: number } {
    const events = this.#events.slice(-this.#max).filter((event) => event.id > id);
    return { events, skipped: this.#lastId - id - events.length };
  }
}
