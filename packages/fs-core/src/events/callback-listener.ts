import type { QueuedEvent } from './event-batch.ts';
import type { VolumeEventType } from './event-types.ts';
import { Listener } from './listener.ts';
import type { ListenerHost, ListenerOptions } from './listener.ts';
import type { VolumeEvent } from './volume-event.ts';

export type VolumeEventListener = (event: VolumeEvent) => unknown;

/** How long one listener may keep the others waiting in a turn of the event loop. */
export const sliceMs = 2;

/**
 * A function that is called with each event: at once, as long as it has not used up its slice of
 * this turn, then from its queue in the turns that follow. So a slow one delays itself alone.
 */
export class CallbackListener extends Listener {
  readonly type: VolumeEventType;
  readonly listener: VolumeEventListener;
  readonly #removeFirst: (() => void) | undefined;
  #usedMs = 0;
  #isRemoved = false;

  constructor(
    id: number,
    options: ListenerOptions,
    host: ListenerHost,
    { type, listener, removeFirst }: CallbackOptions,
  ) {
    super(id, options, host);
    this.type = type;
    this.listener = listener;
    this.#removeFirst = removeFirst;
  }

  accept(entry: QueuedEvent): void {
    const mustWait = this.#usedMs > sliceMs || !this.queue.isEmpty;
    if (mustWait && !this.#isRemoved) return this.enqueue(entry);
    if (mustWait) return this.drop(entry);
    if (this.options.contents) this.host.fillContents(entry);
    this.#call(entry.event);
  }

  /** Begins a turn: calls it with what waits, for its slice. */
  runBacklog(): void {
    this.#usedMs = 0;
    while (this.#usedMs <= sliceMs && !this.#isRemoved) {
      const event = this.take();
      if (event === undefined) return;
      this.#call(event);
    }
  }

  override remove(): void {
    this.#isRemoved = true;
    super.remove();
  }

  /** Calls it with an event that goes past its queue. */
  callNow(event: VolumeEvent): void {
    this.#call(event);
  }

  // An error is the listener's own: the others go on, and it becomes an uncaught exception, as with
  // an EventTarget.
  #call(event: VolumeEvent): void {
    // Who wants one event has not missed any as long as it comes.
    if (this.#removeFirst && event.type !== this.type) return;
    const start = performance.now();
    this.#removeFirst?.();
    try {
      this.listener(event);
    } catch (error) {
      process.nextTick(() => {
        throw error;
      });
    }
    this.#usedMs += performance.now() - start;
  }
}

interface CallbackOptions {
  type: VolumeEventType;
  listener: VolumeEventListener;
  /** For a listener that is called once: removes it. */
  removeFirst: (() => void) | undefined;
}
