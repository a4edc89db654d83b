import type { QueuedEvent } from './event-batch.ts';
import { EventQueue } from './event-queue.ts';
import { Listener } from './listener.ts';
import type { ListenerHost, ListenerOptions } from './listener.ts';
import type { VolumeEvent } from './volume-event.ts';

type Result = IteratorResult<VolumeEvent, undefined>;

const ended = { done: true, value: undefined } as const;

/**
 * The events of a Volume, one after the other: `for await (const event of volume.events())`. It
 * ends with the Volume, with its `signal`, and when the loop is left. Waiting for the next event
 * keeps the process alive, unless `unref()` was called.
 */
export interface VolumeEventIterator extends AsyncIterableIterator<VolumeEvent, undefined> {
  /** Stops listening; what waits is dropped. */
  return(): Promise<Result>;
  /** Let waiting for an event keep the process alive; the default. */
  ref(): this;
  /** Let the process end while this waits for an event. */
  unref(): this;
  [Symbol.asyncIterator](): this;
  [Symbol.asyncDispose](): Promise<void>;
}

export class VolumeEvents extends Listener implements VolumeEventIterator {
  readonly #onEnd: () => void;
  readonly #queue: EventQueue<QueuedEvent>;
  #waiting: ((result: Result) => void)[] = [];
  #isEnded = false;
  #isReferenced = true;
  #heldEra = Infinity;
  #isAlive = false;

  constructor(id: number, options: ListenerOptions, host: ListenerHost, onEnd: () => void) {
    super(id, options, host);
    this.#onEnd = onEnd;
    this.#queue = new EventQueue((lost) => host.makeOverflow(lost), options.maxQueued);
  }

  accept(entry: QueuedEvent): void {
    if (!this.#queue.push(entry)) this.#drop(entry);
    this.#answer();
  }

  countLost(lost: number): void {
    this.#queue.countLost(lost);
    this.#answer();
  }

  /** The event that was given out last counts until the next one is asked for. */
  get oldestEra(): number {
    return Math.min(this.#heldEra, this.#queue.oldestEra);
  }

  /** Whether a consumer must come by before more is read for it. */
  get isBusy(): boolean {
    return this.#queue.length > 0;
  }

  next(): Promise<Result> {
    this.#heldEra = Infinity;
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      if (this.#waiting.length === 1) this.#setAlive(true);
      this.#answer();
      if (this.#waiting.length > 0) this.host.settle();
    });
  }

  return(): Promise<Result> {
    this.#finish();
    for (let one = this.#queue.shift(); one !== undefined; one = this.#queue.shift()) {
      this.#drop(one);
    }
    this.#answer();
    return Promise.resolve(ended);
  }

  /** As `return()`, and rejects with `error`. */
  throw(error?: unknown): Promise<Result> {
    void this.return();
    return Promise.reject(error as Error);
  }

  /** Nothing more comes; what waits can still be fetched. */
  end(): void {
    if (this.options.contents)
      this.#queue.entries.forEach((entry) => this.host.fillContents(entry));
    this.#finish();
    this.#answer();
  }

  ref(): this {
    this.#setReferenced(true);
    return this;
  }

  unref(): this {
    this.#setReferenced(false);
    return this;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  #drop(entry: QueuedEvent): void {
    if (this.options.contents) this.host.dropContents(entry);
  }

  #finish(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#heldEra = Infinity;
    this.#onEnd();
  }

  #answer(): void {
    while (this.#waiting.length > 0) {
      const entry = this.#queue.shift();
      if (entry === undefined && !this.#isEnded) return;
      if (entry && this.options.contents) this.host.fillContents(entry);
      this.#heldEra = entry?.era ?? Infinity;
      const resolve = this.#waiting.shift();
      if (this.#waiting.length === 0) this.#setAlive(false);
      resolve?.(entry === undefined ? ended : { done: false, value: entry.event });
    }
  }

  #setAlive(isWaiting: boolean): void {
    const isAlive = isWaiting && this.#isReferenced;
    if (isAlive !== this.#isAlive) this.host.keepAlive(isAlive ? 1 : -1);
    this.#isAlive = isAlive;
  }

  #setReferenced(isReferenced: boolean): void {
    this.#isReferenced = isReferenced;
    this.#setAlive(this.#waiting.length > 0);
  }
}
