import { constants } from 'node:buffer';
import { invalidArgument, ramError } from '@ram/errno';
import type { PathArgument } from '@ram/errno';
import { callError, volumeClosedError } from './call-error.ts';
import type { VolumeEventListener } from './events/callee.ts';
import type { VolumeEventType } from './events/event-types.ts';
import type { VolumeEventIterator } from './events/volume-events.ts';
import { VolumeListeners } from './events/volume-listeners.ts';
import type { VolumeEventsOptions, VolumeListenOptions } from './events/volume-listeners.ts';
import { toBoolean, toPath } from './fs/arguments.ts';
import { toFlags } from './fs/options.ts';
import { makeVolumeFs } from './fs/volume-fs.ts';
import type { VolumeFs } from './fs/volume-fs.ts';
import { callErrors, native } from './native.ts';
import type { NativeVolume } from './native.ts';
import { setSpill } from './spill.ts';
import type { SpillOptions } from './spill.ts';
import { checkOptions, makeError, processUmask } from './volume-options.ts';
import type { VolumeOptions } from './volume-options.ts';
import { makeVolumeXattr } from './xattr.ts';
import type { VolumeXattr } from './xattr.ts';

/** What a Volume holds, in bytes where not said otherwise. */
export interface VolumeUsage {
  maxBytes: number;
  /** All memory that is taken, metadata included; with `freeBytes` it makes `maxBytes`. */
  usedBytes: number;
  freeBytes: number;
  /** `usedBytes` by what it is for. */
  bytes: {
    /** Content of small files. */
    slab: number;
    /** Content of large files, each a file of its own in the backing. */
    file: number;
    /** Content that lies in files of someone else, not counted in `usedBytes`. */
    external: number;
    /** Inodes, names, directories, attributes. */
    metadata: number;
  };
  /** Files, directories and links, the root included. */
  inodes: number;
  /** 0: no limit but memory. */
  maxInodes: number;
  swappedBytes: number;
}

export interface ViewOptions {
  /** Whether stores into the Buffer go to the file. Default false: they stay in the Buffer. */
  writable?: boolean;
}

/** A hold on a Volume that exists already. */
class Adopted {
  readonly token: string;

  constructor(token: string) {
    this.token = token;
  }
}

/**
 * A file system in memory.
 *
 * It lives until the last Volume object that shares it is closed or collected; drivers (a mount)
 * and views may hold its memory longer. Close it: the collector doesn't see how large it is.
 *
 * ```ts
 * using volume = new Volume({ maxBytes: '512M' });
 * volume.fs.writeFileSync('/hello', 'world');
 * ```
 */
export class Volume {
  /** The calls of `node:fs`. Paths are absolute inside the Volume, or relative to its root. */
  readonly fs: VolumeFs;
  readonly xattr: VolumeXattr;
  /** What a mount of it is called. */
  readonly name: string;
  /** What the bytes lie in. */
  readonly backing: 'tmpfs' | 'memfd';
  /**
   * Names this Volume inside the process, for `Volume.fromToken` in another thread. Whoever has it
   * has the Volume. It holds nothing: the Volume must stay open until it was taken up.
   */
  readonly token: string;
  readonly #native: NativeVolume;
  readonly #listeners: VolumeListeners;
  #closed = false;

  /**
   * @throws `ERR_RAM_UNSUPPORTED_PLATFORM`, `ERR_RAM_INVALID_SIZE`, `ERR_RAM_SWAP_NOT_ALLOWED`;
   *   TypeErrors and RangeErrors of Node for options; ENOMEM, EMFILE … from the kernel.
   */
  constructor(options?: VolumeOptions) {
    const results = native();
    this.#native = new results.NativeVolume();
    const given: unknown = options;
    this.name = given instanceof Adopted ? this.#adopt(given) : this.#make(options);
    this.backing = this.#native.isTmpfs() === true ? 'tmpfs' : 'memfd';
    this.token = this.#native.token() as string;
    this.fs = makeVolumeFs(this.#native, results);
    this.xattr = makeVolumeXattr(this.#native);
    this.#listeners = new VolumeListeners(this.token, {
      open: (inode, generation, flags) => this.#openInode(inode, generation, flags),
      view: (inode, generation) => this.#viewInode(inode, generation),
    });
  }

  /**
   * The Volume with this token, made in any thread of the process: the same files, the same
   * descriptors. Each object is closed on its own.
   * @throws `ERR_RAM_VOLUME_CLOSED` when no thread has it open.
   */
  static fromToken(token: string): Volume {
    if (typeof token !== 'string') throw invalidArgument('token', 'string', token);
    return new Volume(new Adopted(token) as VolumeOptions);
  }

  #make(options: VolumeOptions | undefined): string {
    const checked = checkOptions(options);
    const { maxBytes, maxInodes, swap, backing, name } = checked;
    const result = this.#native.make(maxBytes, maxInodes, swap, backing, processUmask());
    if (result < 0) throw makeError(result, this.#native.failedSyscall ?? '', checked);
    return name;
  }

  #adopt({ token }: Adopted): string {
    const result = this.#native.adopt(token);
    if (result < 0) throw callError(result, 'open');
    return 'ram';
  }

  /** Whether `close()` was called on this object. */
  get closed(): boolean {
    return this.#closed;
  }

  /**
   * The native object, for one driver, which takes what it holds: a new
   * `Napi::External<ram::FileSystemReference>` with a type tag each time.
   */
  get fileSystem(): unknown {
    if (this.#closed) throw volumeClosedError();
    return this.#native.fileSystem();
  }

  /**
   * The bytes of a file as they are in memory, without a copy: writes to the file show in the
   * Buffer at once. Its length is the file's at this moment; what is cut off the file later reads
   * as zeros, and the memory stays valid after unlink, unmount and close. Holes are filled first.
   *
   * Costs a mapping (65,530 for a process) until the collector takes the Buffer. In Electron, where
   * such Buffers are refused, a view that isn't writable is a copy.
   *
   * @throws ENOENT, EISDIR, ENOSPC; EBUSY for a writable view of a file that a mount has open and
   *   cached; `ERR_RAM_VIEW_TOO_LARGE` above 4 GiB; `ERR_RAM_VIEW_UNSUPPORTED` (Electron).
   */
  view(path: PathArgument, options: ViewOptions = {}): Buffer {
    const native = toPath(path);
    const writable = toBoolean(options.writable ?? false, 'options.writable');
    const bytes = this.#native.view(native, writable);
    if (bytes instanceof ArrayBuffer) return Buffer.from(bytes);
    throw viewError(bytes, native);
  }

  /**
   * Calls `listener` for each event of a type, from the event loop, soon after it happened: those
   * of this process and those of its mounts, and of one file in their order. Listeners are called
   * in the order in which they were added, as those of an EventEmitter. One that throws causes an
   * uncaught exception; the others are called nonetheless. They don't keep the process alive.
   *
   * One that is too slow gets an event `overflow` in the place of those that it lost.
   * @throws TypeErrors of Node for arguments; `ERR_RAM_VOLUME_CLOSED`; EMFILE beyond 64 Volume
   *   objects that listen to one Volume
   */
  on(type: VolumeEventType, listener: VolumeEventListener, options?: VolumeListenOptions): this {
    this.#listeners.add(type, listener, options, false);
    return this;
  }

  /** As `on`, for one event. */
  once(type: VolumeEventType, listener: VolumeEventListener, options?: VolumeListenOptions): this {
    this.#listeners.add(type, listener, options, true);
    return this;
  }

  /** Takes back one `on` or `once`, the latest. Does nothing where there is none. */
  off(type: VolumeEventType, listener: VolumeEventListener): this {
    this.#listeners.remove(type, listener);
    return this;
  }

  /** Events one after the other, from now on. As `on` otherwise. */
  events(options?: VolumeEventsOptions): VolumeEventIterator {
    return this.#listeners.iterate(options);
  }

  /**
   * From now on the file moves to disk when it becomes larger than `beyondBytes`, at once if it is:
   * its bytes are then in a file without a name, which is gone when the Volume or the process ends.
   * Descriptors, mounts and views go on; the memory is free. A file that is cut to nothing begins
   * in memory again. Blocks whoever writes while it is copied.
   *
   * It stays in memory where the disk refuses, and while a writable view of it exists.
   *
   * @throws ENOENT, EISDIR, EBUSY (a mount passes it through) about the file; ENOENT, ENOTDIR,
   *   EACCES about the directory; EOPNOTSUPP for a Volume whose backing is `'memfd'`;
   *   `ERR_RAM_INVALID_SIZE`
   */
  spill(path: PathArgument, options: SpillOptions): void {
    setSpill(this.#native, path, options);
  }

  /** What the Volume holds. Takes the same short time however much that is. */
  usage(): VolumeUsage {
    const result = this.#native.usage();
    if (result < 0) throw callError(result, 'statfs');
    const [maxBytes, usedBytes, freeBytes, slab, file, external, metadata, ...rest] = native()
      .numbers as unknown as Fields;
    const [inodes, maxInodes, swappedBytes] = rest;
    const bytes = { slab, file, external, metadata };
    return { maxBytes, usedBytes, freeBytes, bytes, inodes, maxInodes, swappedBytes };
  }

  /**
   * Walks through everything and checks that it is whole; for tests and doubts. Stops all writers
   * meanwhile. Returns undefined, or what is wrong.
   */
  check(): string | undefined {
    const report = this.#native.check();
    if (typeof report === 'string') return report;
    if (report < 0) throw callError(report, 'check');
    return undefined;
  }

  /**
   * Gives this object's hold up; every call on it throws `ERR_RAM_VOLUME_CLOSED` from then on,
   * also with descriptors. Views stay valid. May be called again.
   */
  close(): void {
    this.#listeners.close();
    this.#closed = true;
    this.#native.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #openInode(inode: number, generation: number, flags: string | undefined): number {
    const fd = this.#native.openInode(inode, generation, toFlags(flags));
    if (fd < 0) throw callError(fd, 'open');
    return fd;
  }

  #viewInode(inode: number, generation: number): Buffer {
    const bytes = this.#native.viewInode(inode, generation);
    if (bytes instanceof ArrayBuffer) return Buffer.from(bytes);
    throw viewError(bytes);
  }
}

type Fields = [number, number, number, number, number, number, number, number, number, number];

function viewError(result: number, path?: string | Uint8Array): Error {
  if (result === callErrors.viewTooLarge) {
    const what = path === undefined ? 'the file' : `'${String(path)}'`;
    const message = `A view has at most ${constants.MAX_LENGTH} bytes; ${what} is larger`;
    return ramError('ERR_RAM_VIEW_TOO_LARGE', message, { base: RangeError });
  }
  if (result === callErrors.viewUnsupported) {
    const message = 'This runtime refuses Buffers over memory that is not its own';
    return ramError('ERR_RAM_VIEW_UNSUPPORTED', message);
  }
  return callError(result, 'open', path);
}
