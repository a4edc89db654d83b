import type { QueuedEvent } from './event-batch.ts';
import { EventQueue } from './event-queue.ts';
import type { PathFilter } from './path-filter.ts';
import type { VolumeEvent } from './volume-event.ts';

/** What a listener asked for. */
export interface ListenerOptions {
  mask: number;
  path: PathFilter | undefined;
  contents: boolean;
  maxQueued: number;
}

/** What listeners need of the dispatcher. */
export interface ListenerHost {
  /** Gives the event its contents, for one of the listeners that want them. */
  fillContents(entry: QueuedEvent): void;
  /** One of those listeners goes without. */
  dropContents(entry: QueuedEvent): void;
  makeOverflow(lost: number): QueuedEvent;
  /** Something was delivered, perhaps the last. */
  settle(): void;
  keepAlive(change: 1 | -1): void;
}

/** One registration. */
export abstract class Listener {
  readonly id: number;
  readonly options: ListenerOptions;
  protected readonly queue: EventQueue;
  protected readonly host: ListenerHost;

  constructor(id: number, options: ListenerOptions, host: ListenerHost) {
    this.id = id;
    this.options = options;
    this.host = host;
    this.queue = new EventQueue(options.maxQueued, (lost) => host.makeOverflow(lost));
  }

  wants({ event, bit }: QueuedEvent): boolean {
    const { mask, path } = this.options;
    return (mask & bit) !== 0 && (path === undefined || path.passes(event));
  }

  /** Takes an event, to deliver it now or later. */
  abstract accept(entry: QueuedEvent): void;

  /** It lost events before they were read. */
  countLost(lost: number): void {
    this.queue.countLost(lost);
  }

  /** The era of the oldest event that is not delivered; Infinity: there is none. */
  get oldestEra(): number {
    return this.queue.oldestEra;
  }

  /** Whether it has more to do in the dispatcher's next turn. */
  get hasBacklog(): boolean {
    return !this.queue.isEmpty;
  }

  /** Gets nothing any more. */
  remove(): void {
    for (let entry = this.queue.shift(); entry !== undefined; entry = this.queue.shift()) {
      this.drop(entry);
    }
  }

  protected enqueue(entry: QueuedEvent): void {
    if (!this.queue.push(entry)) this.drop(entry);
  }

  /** The next event, with its contents. */
  protected take(): VolumeEvent | undefined {
    const entry = this.queue.shift();
    if (entry === undefined) return undefined;
    if (this.options.contents) this.host.fillContents(entry);
    return entry.event;
  }

  protected drop(entry: QueuedEvent): void {
    if (this.options.contents) this.host.dropContents(entry);
  }
}
