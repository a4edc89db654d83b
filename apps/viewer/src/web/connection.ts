import type { PageChanges, PageImages, PageSnapshot } from '../protocol.ts';

/**
 * - `live`: what is shown is so.
 * - `reconnecting`: the server doesn't answer; the browser tries again by itself.
 * - `ended`: the disk is unmounted.
 * - `refused`: this browser has no access any more.
 */
export type ConnectionState = 'connecting' | 'live' | 'reconnecting' | 'ended' | 'refused';

export interface ConnectionEvents {
  snapshot(snapshot: PageSnapshot): void;
  changes(changes: PageChanges): void;
  images(images: PageImages): void;
  state(state: ConnectionState): void;
}

/** The stream of events from ramd. A page that nobody sees has none, and catches up later. */
export class Connection {
  readonly #events: ConnectionEvents;
  #source: EventSource | undefined;
  #isOver = false;

  constructor(events: ConnectionEvents) {
    this.#events = events;
    document.addEventListener('visibilitychange', () => this.#follow());
    this.#follow();
  }

  /** No more events. */
  close(state: 'ended' | 'refused'): void {
    this.#isOver = true;
    this.#source?.close();
    this.#source = undefined;
    this.#events.state(state);
  }

  #follow(): void {
    if (document.hidden) {
      this.#source?.close();
      this.#source = undefined;
    } else if (this.#source === undefined && !this.#isOver) {
      this.#open();
    }
  }

  #open(): void {
    const source = new EventSource('/events');
    this.#source = source;
    this.#on(source, 'snapshot', (data) => {
      this.#events.snapshot(data as PageSnapshot);
      this.#events.state('live');
    });
    this.#on(source, 'changes', (data) => this.#events.changes(data as PageChanges));
    this.#on(source, 'image', (data) => this.#events.images(data as PageImages));
    this.#on(source, 'end', () => this.close('ended'));
    source.addEventListener('error', () => {
      // Any answer but a stream closes it for good.
      if (source.readyState === EventSource.CLOSED) this.close('refused');
      else this.#events.state('reconnecting');
    });
  }

  #on(source: EventSource, type: string, take: (data: unknown) => void): void {
    source.addEventListener(type, (event) =>
      take(JSON.parse((event as MessageEvent<string>).data)),
    );
  }
}
