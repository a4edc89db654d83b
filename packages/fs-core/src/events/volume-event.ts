import { ramError } from '@ram/errno';
import type { VolumeEventType } from './event-types.ts';

/** Something that happened to a file of a Volume, to one of its mounts, or to a listener. */
export interface VolumeEvent {
  readonly type: VolumeEventType;
  /**
   * Absolute within the Volume, at the time of the event; of `renamed` the new one. Undefined when
   * the file had no name, and for `mounted`, `unmounted` and `overflow`. Of a file with several
   * names it is the one that was given last, and undefined once that one is removed. Bytes that
   * are not UTF-8 are U+FFFD here; `pathBytes` has them.
   */
  readonly path?: string | undefined;
  /** Of `renamed`: the old one. */
  readonly fromPath?: string | undefined;
  /** `path` and `fromPath` as they are, where they are not UTF-8. */
  readonly pathBytes?: Buffer | undefined;
  readonly fromPathBytes?: Buffer | undefined;
  /** As `ino` of a Stats. */
  readonly inode?: number | undefined;
  /** The file's size after it. */
  readonly sizeBytes?: number | undefined;
  /**
   * The process that did it: this one, or a client of a mount (of one with several threads: the
   * thread). Undefined when unknown.
   */
  readonly pid?: number | undefined;
  /** Of `closed`: whether the file was written through what is closed. */
  readonly written?: boolean | undefined;
  /** Of `overflow`: how many events this listener lost. */
  readonly lost?: number | undefined;
  /** Of `mounted` and `unmounted`. */
  readonly directory?: string | undefined;
  /**
   * Of `closed` that are `written`, with the option `contents`: the bytes at that instant.
   * Undefined when copies that wait for their listeners would take more than 64 MiB.
   */
  readonly contents?: Buffer | undefined;
  /**
   * Opens exactly this file, also when it was renamed or removed. The descriptor is for the calls
   * of `volume.fs`. Until the event is delivered (the listener has returned, or `next()` is called
   * again) a removed file is kept, within bounds; after that it is ESTALE.
   * @param flags As for `fs.openSync`; it never creates. Default `'r'`.
   * @throws ESTALE when the file is gone; `ERR_RAM_NO_FILE` when the event is about none.
   */
  open(flags?: string): number;
  /** The bytes of exactly this file as they are in memory, as by `volume.view()`. As `open()`. */
  view(): Buffer;
}

/** What an event needs of its Volume to reach its file. */
export interface EventFiles {
  open(inode: number, generation: number, flags: string | undefined): number;
  view(inode: number, generation: number): Buffer;
}

export class FileEvent implements VolumeEvent {
  readonly type: VolumeEventType;
  path: string | undefined = undefined;
  fromPath: string | undefined = undefined;
  readonly inode: number | undefined;
  readonly sizeBytes: number | undefined;
  readonly pid: number | undefined;
  written: boolean | undefined = undefined;
  declare pathBytes?: Buffer;
  declare fromPathBytes?: Buffer;
  declare contents?: Buffer;
  declare lost?: number;
  declare directory?: string;
  readonly #files: EventFiles;
  readonly #generation: number;

  constructor(
    files: EventFiles,
    type: VolumeEventType,
    inode: number | undefined,
    generation: number,
    sizeBytes: number | undefined,
    pid: number | undefined,
  ) {
    this.#files = files;
    this.#generation = generation;
    this.type = type;
    this.inode = inode;
    this.sizeBytes = sizeBytes;
    this.pid = pid;
  }

  open(flags?: string): number {
    return this.#files.open(this.#fileInode(), this.#generation, flags);
  }

  view(): Buffer {
    return this.#files.view(this.#fileInode(), this.#generation);
  }

  #fileInode(): number {
    if (this.inode !== undefined) return this.inode;
    throw ramError('ERR_RAM_NO_FILE', `An event '${this.type}' is not about a file`);
  }
}
