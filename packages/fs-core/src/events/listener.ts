import type { QueuedEvent } from './event-batch.ts';
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
  protected readonly host: ListenerHost;

  constructor(id: number, options: ListenerOptions, host: ListenerHost) {
    this.id = id;
    this.options = options;
    this.host = host;
  }

  wants({ event, bit }: QueuedEvent): boolean {
    const { mask, path } = this.options;
    return (mask & bit) !== 0 && (path === undefined || path.passes(event));
  }

  /** Takes an event, to deliver it now or later. */
  abstract accept(entry: QueuedEvent): void;

  /** It lost events before they were read. */
  abstract countLost(lost: number): void;

  /** The era of the oldest event that is not delivered; Infinity: there is none. */
  abstract get oldestEra(): number;

  /** Whether it has more to do in the dispatcher's next turn. */
  get hasBacklog(): boolean {
    return false;
  }

  /** A turn of the event loop begins, in which it may deliver what waits. */
  beginTurn(_turn: number): void {}

  /** Some listener lost events. */
  hearOverflow(_event: VolumeEvent): void {}
}
