// Takes apart what EventPort.read() filled in: records as native/core/event_record.h draws them.
import { eventTypes } from './event-types.ts';
import { FileEvent } from './volume-event.ts';
import type { EventFiles } from './volume-event.ts';

/** Offsets of a record's fields, in bytes; a test holds them to the C++ struct. */
export const layout = {
  length: 0,
  kind: 4,
  flags: 5,
  pathLength: 6,
  fromLength: 8,
  pid: 12,
  inode: 16,
  generation: 20,
  size: 24,
  era: 32,
  copy: 40,
  path: 48,
} as const;

const hasPath = 1;
const wasWritten = 2;
const lossBefore = 4;
const hasInode = 8;

// Room for the longest record, and for enough short ones that a call is nothing among them.
const batchBytes = 64 * 1024;

/** An event on its way to the listeners, with what only the way needs. */
export interface QueuedEvent {
  readonly event: FileEvent;
  /** Its bit, as in a listener's mask. */
  readonly bit: number;
  readonly era: number;
  /** The number of the copy of the file's contents, 0: none. */
  readonly copy: number;
  /** Events were lost between the one before and this one. */
  readonly lossBefore: boolean;
}

/** The memory that records are read into, and the reading of it. */
export class EventBatch {
  readonly bytes = Buffer.from(new ArrayBuffer(batchBytes));
  readonly #words = new Uint32Array(this.bytes.buffer);
  readonly #halves = new Uint16Array(this.bytes.buffer);
  readonly #numbers = new Float64Array(this.bytes.buffer);
  readonly #files: EventFiles;

  constructor(files: EventFiles) {
    this.#files = files;
  }

  /** How long the record at `start` is. */
  lengthAt(start: number): number {
    return this.#words[start >>> 2] as number;
  }

  /** The event at `start`. */
  at(start: number): QueuedEvent {
    const word = start >>> 2;
    const half = start >>> 1;
    const kind = this.bytes[start + layout.kind] as number;
    const flags = this.bytes[start + layout.flags] as number;
    const pid = this.#words[word + layout.pid / 4] as number;
    const isFile = (flags & hasInode) !== 0;
    const event = new FileEvent(
      this.#files,
      eventTypes[kind] as (typeof eventTypes)[number],
      isFile ? this.#words[word + layout.inode / 4] : undefined,
      this.#words[word + layout.generation / 4] as number,
      isFile ? this.#numbers[(start + layout.size) / 8] : undefined,
      pid === 0 ? undefined : pid,
    );
    if (eventTypes[kind] === 'closed') event.written = (flags & wasWritten) !== 0;
    if ((flags & hasPath) !== 0) {
      const pathStart = start + layout.path;
      const pathEnd = pathStart + (this.#halves[half + layout.pathLength / 2] as number);
      const fromLength = this.#halves[half + layout.fromLength / 2] as number;
      if (isFile) this.#readPaths(event, pathStart, pathEnd, pathEnd + fromLength);
      else event.directory = this.bytes.toString('utf8', pathStart, pathEnd);
    }
    return {
      event,
      bit: 1 << kind,
      era: this.#numbers[(start + layout.era) / 8] as number,
      copy: this.#numbers[(start + layout.copy) / 8] as number,
      lossBefore: (flags & lossBefore) !== 0,
    };
  }

  #readPaths(event: FileEvent, start: number, end: number, fromEnd: number): void {
    const path = this.bytes.toString('utf8', start, end);
    event.path = path;
    if (path.includes('\ufffd')) event.pathBytes = Buffer.from(this.bytes.subarray(start, end));
    if (fromEnd === end) return;
    const from = this.bytes.toString('utf8', end, fromEnd);
    event.fromPath = from;
    if (from.includes('\ufffd'))
      event.fromPathBytes = Buffer.from(this.bytes.subarray(end, fromEnd));
  }
}
