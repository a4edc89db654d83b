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

  /** Oldest first; a gap in the numbers are those that nobody has any more. */
  since(id: number): PageEvent[] {
    return this.#events.slice(-this.#max).filter((event) => event.id > id);
  }
}
