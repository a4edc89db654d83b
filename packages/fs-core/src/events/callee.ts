import type { CallbackListener } from './callback-listener.ts';
import type { QueuedEvent } from './event-batch.ts';
import { EventQueue } from './event-queue.ts';
import type { ListenerHost } from './listener.ts';
import type { VolumeEvent } from './volume-event.ts';

export type VolumeEventListener = (event: VolumeEvent) => unknown;

// How long one function may keep the others waiting in a turn of the event loop.
const sliceMs = 2;
// A call counts at most so much: a quick one that the system interrupts is no slow one.
const callMsMax = 0.5;

interface Delivery extends QueuedEvent {
  /** Undefined for an overflow, which is for the function as a whole. */
  readonly to: CallbackListener | undefined;
}

/**
 * A function, for whatever types it was added: called at once, as long as it has not used up its
 * slice of this turn, then from its queue in the turns that follow. So a slow one delays itself
 * alone, and gets its events in their order nonetheless, of all types.
 */
export class Callee {
  readonly listener: VolumeEventListener;
  readonly #host: ListenerHost;
  readonly #queue: EventQueue<Delivery>;
  readonly #registrations = new Set<CallbackListener>();
  #usedMs = 0;
  #turn = 0;

  constructor(listener: VolumeEventListener, host: ListenerHost) {
    this.listener = listener;
    this.#host = host;
    this.#queue = new EventQueue((lost) => ({ ...host.makeOverflow(lost), to: undefined }));
  }

  join(registration: CallbackListener): void {
    this.#registrations.add(registration);
    this.#queue.most = Math.max(this.#queue.most, registration.options.maxQueued);
  }

  /** Returns whether it is the last one. */
  leave(registration: CallbackListener): boolean {
    registration.isRemoved = true;
    this.#registrations.delete(registration);
    if (this.#registrations.size > 0) return false;
    for (let one = this.#queue.shift(); one !== undefined; one = this.#queue.shift()) {
      this.#drop(one);
    }
    return true;
  }

  accept(entry: QueuedEvent, to: CallbackListener): void {
    const mustWait = this.#usedMs > sliceMs || !this.#queue.isEmpty;
    if (!mustWait) {
      if (to.options.contents) this.#host.fillContents(entry);
      return this.call(entry.event, to);
    }
    const delivery = { ...entry, to };
    if (to.isRemoved || !this.#queue.push(delivery)) this.#drop(delivery);
  }

  countLost(lost: number): void {
    this.#queue.countLost(lost);
  }

  get oldestEra(): number {
    return this.#queue.oldestEra;
  }

  get hasBacklog(): boolean {
    return !this.#queue.isEmpty;
  }

  /** Calls it with what waits, for its slice; once in a turn. */
  beginTurn(turn: number): void {
    if (turn === this.#turn) return;
    this.#turn = turn;
    this.#usedMs = 0;
    while (this.#usedMs <= sliceMs) {
      const delivery = this.#queue.shift();
      if (delivery === undefined) return;
      if (delivery.to?.isRemoved) this.#drop(delivery);
      else this.#deliver(delivery);
    }
  }

  // An error is the function's own: the others are called nonetheless, and it becomes an uncaught
  // exception, as with an EventTarget.
  call(event: VolumeEvent, to: CallbackListener | undefined): void {
    const start = performance.now();
    to?.removeFirst?.();
    try {
      this.listener(event);
    } catch (error) {
      process.nextTick(() => {
        throw error;
      });
    }
    this.#usedMs += Math.min(performance.now() - start, callMsMax);
  }

  #deliver(delivery: Delivery): void {
    const { event, to } = delivery;
    if (to?.options.contents) this.#host.fillContents(delivery);
    if (to !== undefined || this.#mustHearOverflow()) this.call(event, to);
  }

  // Who waits for one event has not missed any as long as it comes; who listens to `overflow` has
  // heard of it.
  #mustHearOverflow(): boolean {
    const all = [...this.#registrations];
    return all.some((one) => !one.removeFirst) && all.every((one) => one.type !== 'overflow');
  }

  #drop(delivery: Delivery): void {
    if (delivery.to?.options.contents) this.#host.dropContents(delivery);
  }
}
