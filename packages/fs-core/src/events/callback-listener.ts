import type { Callee } from './callee.ts';
import type { QueuedEvent } from './event-batch.ts';
import type { VolumeEventType } from './event-types.ts';
import { Listener } from './listener.ts';
import type { ListenerHost, ListenerOptions } from './listener.ts';
import type { VolumeEvent } from './volume-event.ts';

/** A function for one type of events. */
export class CallbackListener extends Listener {
  readonly type: VolumeEventType;
  readonly callee: Callee;
  /** For one that is called once: removes it. */
  readonly removeFirst: (() => void) | undefined;
  isRemoved = false;

  constructor(
    id: number,
    options: ListenerOptions,
    host: ListenerHost,
    { type, callee, removeFirst }: CallbackOptions,
  ) {
    super(id, options, host);
    this.type = type;
    this.callee = callee;
    this.removeFirst = removeFirst;
    callee.join(this);
  }

  accept(entry: QueuedEvent): void {
    this.callee.accept(entry, this);
  }

  countLost(lost: number): void {
    this.callee.countLost(lost);
  }

  get oldestEra(): number {
    return this.callee.oldestEra;
  }

  override get hasBacklog(): boolean {
    return this.callee.hasBacklog;
  }

  override beginTurn(turn: number): void {
    this.callee.beginTurn(turn);
  }

  override hearOverflow(event: VolumeEvent): void {
    if (this.type === 'overflow') this.callee.call(event, this);
  }
}

interface CallbackOptions {
  type: VolumeEventType;
  callee: Callee;
  removeFirst: (() => void) | undefined;
}
