import { invalidArgument, invalidValue, unknownOption } from '@ram/errno';
import { volumeClosedError } from '../call-error.ts';
import { toBoolean, toInteger } from '../fs/arguments.ts';
import { CallbackListener } from './callback-listener.ts';
import { Callee } from './callee.ts';
import type { VolumeEventListener } from './callee.ts';
import { EventDispatcher } from './event-dispatcher.ts';
import { eventTypes, isEventType, maskOf, maskOfAll } from './event-types.ts';
import type { VolumeEventType } from './event-types.ts';
import type { ListenerOptions } from './listener.ts';
import { PathFilter } from './path-filter.ts';
import type { EventFiles } from './volume-event.ts';
import { VolumeEvents } from './volume-events.ts';
import type { VolumeEventIterator } from './volume-events.ts';

/** Which events a listener gets, and how. */
export interface VolumeListenOptions {
  /** Only events of this path and of everything below it. Default: all. */
  path?: string | Buffer | URL | undefined;
  /** Gives `closed` events of written files their `contents`. Default false. */
  contents?: boolean | undefined;
  /** How many events may wait for the listener before it loses some. Default 16,384. */
  maxQueued?: number | undefined;
}

export interface VolumeEventsOptions extends VolumeListenOptions {
  /** Default: all. `overflow` always comes. */
  types?: readonly VolumeEventType[] | undefined;
  /** Ends the iterator at once and without an error; what waits is dropped. */
  signal?: AbortSignal | undefined;
}

const known = ['path', 'contents', 'maxQueued'];
const defaultMaxQueued = 16_384;
const maxQueuedLimit = 2 ** 24;

/** The listeners of one Volume object: checks what is given, and keeps who is who. */
export class VolumeListeners {
  readonly #dispatcher: EventDispatcher;
  readonly #callees = new Map<VolumeEventListener, Callee>();
  #isClosed = false;

  constructor(token: string, files: EventFiles) {
    this.#dispatcher = new EventDispatcher(token, files);
  }

  add(type: unknown, listener: unknown, options: unknown, isOnce: boolean): void {
    const checkedType = checkType(type, 'type');
    const call = checkListener(listener);
    const checked = checkOptions(checkObject(options, known), maskOf([checkedType]));
    if (this.#isClosed) throw volumeClosedError();
    const callee = this.#callees.get(call) ?? new Callee(call, this.#dispatcher);
    this.#dispatcher.add(checked, (id) => {
      const added: CallbackListener = new CallbackListener(id, checked, this.#dispatcher, {
        type: checkedType,
        callee,
        removeFirst: isOnce ? () => this.#remove(added) : undefined,
      });
      return added;
    });
    this.#callees.set(call, callee);
  }

  /** Removes what was added last, as an EventEmitter does. */
  remove(type: unknown, listener: unknown): void {
    const checkedType = checkType(type, 'type');
    const call = checkListener(listener);
    const found = this.#dispatcher.listeners.findLast(
      (one) =>
        one instanceof CallbackListener && one.type === checkedType && one.callee.listener === call,
    );
    if (found instanceof CallbackListener) this.#remove(found);
  }

  iterate(options: unknown): VolumeEventIterator {
    const given: VolumeEventsOptions = checkObject(options, [...known, 'types', 'signal']);
    const types: unknown = given.types;
    if (types !== undefined && !Array.isArray(types)) {
      throw invalidArgument('options.types', 'Array', types);
    }
    const named = types?.map((type, i) => checkType(type, `options.types[${i}]`));
    const signal = checkSignal(given.signal);
    const checked = checkOptions(given, named === undefined ? maskOfAll : maskOf(named));
    if (this.#isClosed) throw volumeClosedError();
    const events: VolumeEvents = this.#dispatcher.add(
      checked,
      (id) => new VolumeEvents(id, checked, this.#dispatcher, () => end()),
    );
    const abort = () => void events.return();
    const end = () => {
      signal?.removeEventListener('abort', abort);
      this.#dispatcher.remove(events);
    };
    if (signal?.aborted) abort();
    else signal?.addEventListener('abort', abort);
    return events;
  }

  close(): void {
    this.#isClosed = true;
    this.#dispatcher.close();
    this.#callees.clear();
  }

  #remove(listener: CallbackListener): void {
    this.#dispatcher.remove(listener);
    if (listener.callee.leave(listener)) this.#callees.delete(listener.callee.listener);
  }
}

function checkType(type: unknown, name: string): VolumeEventType {
  if (typeof type !== 'string') throw invalidArgument(name, 'string', type);
  if (!isEventType(type)) {
    const known = [...eventTypes, 'overflow'].join("', '");
    throw invalidValue(name, type, `must be one of: '${known}'`);
  }
  return type;
}

function checkListener(listener: unknown): VolumeEventListener {
  if (typeof listener !== 'function') throw invalidArgument('listener', 'function', listener);
  return listener as VolumeEventListener;
}

function checkSignal(signal: unknown): AbortSignal | undefined {
  if (signal === undefined || signal instanceof AbortSignal) return signal;
  throw invalidArgument('options.signal', 'AbortSignal', signal);
}

function checkObject(options: unknown, names: readonly string[]): object {
  if (options === undefined) return {};
  if (typeof options !== 'object' || options === null) {
    throw invalidArgument('options', 'Object', options);
  }
  const unknown = unknownOption(options, names);
  if (unknown) throw unknown;
  return options;
}

function checkOptions(options: VolumeListenOptions, mask: number): ListenerOptions {
  const { path, contents, maxQueued } = options;
  return {
    mask,
    path: path === undefined ? undefined : PathFilter.of(path, 'options.path'),
    contents: toBoolean(contents ?? false, 'options.contents'),
    maxQueued: toInteger(maxQueued ?? defaultMaxQueued, 'options.maxQueued', 1, maxQueuedLimit),
  };
}
