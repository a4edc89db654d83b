import { callError } from '../call-error.ts';
import { native } from '../native.ts';
import type { EventPort } from '../native.ts';
import { EventBatch } from './event-batch.ts';
import type { QueuedEvent } from './event-batch.ts';
import type { Listener, ListenerHost, ListenerOptions } from './listener.ts';
import { FileEvent } from './volume-event.ts';
import type { EventFiles } from './volume-event.ts';
import { VolumeEvents } from './volume-events.ts';

// How long events are delivered before other things of the event loop get their turn.
const turnMs = 10;

/**
 * Reads the events of one Volume object and hands them to its listeners, each event to all of them
 * before the next. Woken by C++ once for all events that are there.
 */
export class EventDispatcher implements ListenerHost {
  readonly #token: string;
  readonly #files: EventFiles;
  readonly #batch: EventBatch;
  readonly #run = (): void => this.#turn();
  // Replaced, never changed, so that whoever goes through it sees it as it was.
  #listeners: readonly Listener[] = [];
  #port: EventPort | undefined;
  // Copies of contents, and how many listeners will still get or drop each.
  readonly #copies = new Map<number, number>();
  // What of the batch is not dispatched yet; a listener may close the Volume in the middle of it.
  #start = 0;
  #end = 0;
  #lastId = 0;
  #turns = 0;
  #alive = 0;
  #scheduled: NodeJS.Immediate | undefined;

  constructor(token: string, files: EventFiles) {
    this.#token = token;
    this.#files = files;
    this.#batch = new EventBatch(files);
  }

  get listeners(): readonly Listener[] {
    return this.#listeners;
  }

  /** @throws ENOMEM, EMFILE, when there are too many threads that listen. */
  add<T extends Listener>(options: ListenerOptions, make: (id: number) => T): T {
    const { mask, path, contents } = options;
    const isFirst = this.#port === undefined;
    this.#port ??= this.#open();
    this.#lastId += 1;
    const id = this.#lastId;
    const result = this.#port.listen(id, mask, path?.bytes, contents);
    if (result < 0) {
      if (this.#listeners.length === 0) this.#closePort();
      throw callError(result, 'listen');
    }
    const listener = make(id);
    this.#listeners = [...this.#listeners, listener];
    if (isFirst && !this.#port.arm()) this.#schedule();
    return listener;
  }

  remove(listener: Listener): void {
    if (!this.#listeners.includes(listener)) return;
    this.#listeners = this.#listeners.filter((other) => other !== listener);
    this.#port?.ignore(listener.id);
    if (this.#listeners.length === 0) this.#closePort();
  }

  /** Reads what happened until now; then no listener gets anything more. */
  close(): void {
    const listeners = this.#listeners;
    this.#listeners = listeners.filter((listener) => listener instanceof VolumeEvents);
    while (this.#readBatch()) {
      // Until it is empty.
    }
    this.#takeLosses();
    for (const listener of listeners) {
      if (listener instanceof VolumeEvents) listener.end();
      else this.remove(listener);
    }
    this.#listeners = [];
    this.#closePort();
  }

  fillContents(entry: QueuedEvent): void {
    const { event, copy } = entry;
    if (copy === 0) return;
    if (event.contents === undefined) {
      const bytes = this.#port?.exposeCopy(copy);
      if (bytes !== undefined) event.contents = Buffer.from(bytes);
    }
    this.dropContents(entry);
  }

  dropContents({ copy }: QueuedEvent): void {
    if (copy === 0) return;
    const left = (this.#copies.get(copy) ?? 1) - 1;
    if (left > 0) {
      this.#copies.set(copy, left);
    } else {
      this.#copies.delete(copy);
      this.#port?.dropCopy(copy);
    }
  }

  makeOverflow(lost: number): QueuedEvent {
    const event = new FileEvent(this.#files, 'overflow', undefined, 0, undefined, undefined);
    event.lost = lost;
    for (const listener of this.#listeners) listener.hearOverflow(event);
    return { event, bit: 0, era: Infinity, copy: 0, lossBefore: false };
  }

  settle(): void {
    let oldest = Infinity;
    for (const listener of this.#listeners) oldest = Math.min(oldest, listener.oldestEra);
    const isEverything = oldest === Infinity;
    this.#port?.settled(isEverything, isEverything ? 0 : oldest);
  }

  keepAlive(change: 1 | -1): void {
    this.#alive += change;
    this.#port?.keepAlive(this.#alive > 0);
  }

  #open(): EventPort {
    const port = new (native().EventPort)();
    const result = port.open(this.#token, this.#run);
    if (result < 0) throw callError(result, 'listen');
    return port;
  }

  #closePort(): void {
    this.#port?.close();
    this.#port = undefined;
    this.#end = 0;
    this.#copies.clear();
    if (this.#scheduled !== undefined) clearImmediate(this.#scheduled);
    this.#scheduled = undefined;
  }

  #schedule(): void {
    this.#scheduled ??= setImmediate(this.#run);
  }

  #turn(): void {
    this.#scheduled = undefined;
    const start = performance.now();
    this.#turns += 1;
    for (const listener of this.#listeners) listener.beginTurn(this.#turns);
    let isMore = true;
    while (isMore && this.#port !== undefined) {
      isMore = this.#readBatch();
      if (!isMore) {
        if (this.#port?.takeLoss()) this.#takeLosses();
      } else if (performance.now() - start > turnMs || this.#hasBusyIterator()) {
        break;
      }
    }
    if (this.#port === undefined) return;
    this.settle();
    const hasBacklog = this.#listeners.some((listener) => listener.hasBacklog);
    if (isMore || hasBacklog || !this.#port.arm()) this.#schedule();
  }

  // Its consumer runs between turns.
  #hasBusyIterator(): boolean {
    return this.#listeners.some((listener) => listener instanceof VolumeEvents && listener.isBusy);
  }

  /** False: there was nothing. */
  #readBatch(): boolean {
    if (this.#start >= this.#end) {
      this.#start = 0;
      this.#end = this.#port?.read(this.#batch.bytes) ?? 0;
    }
    const isMore = this.#start < this.#end;
    while (this.#start < this.#end) {
      const entry = this.#batch.at(this.#start);
      this.#start += this.#batch.lengthAt(this.#start);
      if (entry.lossBefore) this.#takeLosses();
      this.#dispatch(entry);
    }
    return isMore;
  }

  #dispatch(entry: QueuedEvent): void {
    const listeners = this.#listeners;
    if (entry.copy !== 0) this.#expectContents(entry, listeners);
    for (const listener of listeners) {
      if (listener.wants(entry)) listener.accept(entry);
    }
  }

  #expectContents(entry: QueuedEvent, listeners: readonly Listener[]): void {
    const wanting = listeners.filter((one) => one.options.contents && one.wants(entry));
    if (wanting.length > 0) this.#copies.set(entry.copy, wanting.length);
    else this.#port?.dropCopy(entry.copy);
  }

  #takeLosses(): void {
    for (const listener of this.#listeners) {
      const lost = this.#port?.takeLost(listener.id) ?? 0;
      if (lost > 0) listener.countLost(lost);
    }
  }
}
