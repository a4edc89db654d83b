import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { ramError } from '@ram/errno';

/**
 * One thread's hold on a Volume, in C++. Each method returns a result >= 0, or a negative errno, or
 * a negative number of `callErrors`; it never throws. Paths and names are strings or bytes.
 * The argument lists are those at the methods of native/addon.
 */
export interface NativeVolume {
  /** Set when `make` failed: the system call that did. */
  failedSyscall?: string;
  make(maxBytes: bigint, maxInodes: bigint, swap: boolean, backing: number, umask: number): number;
  adopt(token: string): number;
  close(): number;
  token(): string | number;
  isTmpfs(): boolean | number;
  usage(): number;
  check(): string | number;
  fileSystem(): unknown;
  openInode(inode: number, generation: number, flags: number): number;
  viewInode(inode: number, generation: number): ArrayBuffer | number;
  view(path: NativePath, writable: boolean): ArrayBuffer | number;
  /** The directory is a descriptor of the process. */
  spill(path: NativePath, beyondBytes: number, directory: number): number;

  open(path: NativePath, flags: number, mode: number): number;
  closeFile(fd: number): number;
  read(fd: number, bytes: NodeJS.ArrayBufferView, offset: number, length: number, at: At): number;
  write(fd: number, bytes: NodeJS.ArrayBufferView, offset: number, length: number, at: At): number;
  copy(from: number, to: number, offset: number, length: number): number;
  ftruncate(fd: number, size: number): number;
  sync(fd: number, dataOnly: boolean): number;

  mkdir(path: NativePath, mode: number): number;
  rmdir(path: NativePath): number;
  unlink(path: NativePath): number;
  rename(from: NativePath, to: NativePath, flags: number): number;
  link(existing: NativePath, path: NativePath): number;
  symlink(target: NativePath, path: NativePath): number;
  readlink(path: NativePath, asBuffer: boolean): string | Buffer | number;
  readdir(path: NativePath, asBuffers: boolean, withTypes: boolean): NativeListing | number;

  stat(path: NativePath, follow: boolean, asBigint: boolean): number;
  fstat(fd: number, asBigint: boolean): number;
  statfs(path: NativePath, asBigint: boolean): number;
  access(path: NativePath, mask: number): number;
  chmod(path: NativePath, mode: number): number;
  fchmod(fd: number, mode: number): number;
  chown(path: NativePath, uid: number, gid: number, follow: boolean): number;
  fchown(fd: number, uid: number, gid: number): number;
  utimes(path: NativePath, accessed: number, modified: number, follow: boolean): number;
  futimes(fd: number, accessed: number, modified: number): number;

  getxattr(path: NativePath, name: NativePath, follow: boolean): Buffer | number;
  setxattr(
    path: NativePath,
    name: NativePath,
    value: Uint8Array,
    flags: number,
    follow: boolean,
  ): number;
  listxattr(path: NativePath, follow: boolean): Buffer | number;
  removexattr(path: NativePath, name: NativePath, follow: boolean): number;
}

/**
 * Where one thread gets the events of a Volume from, in C++ (native/addon/event_port.h). Results
 * are as those of NativeVolume.
 */
export interface EventPort {
  /** Calls `wake` when there is something to read, once after each `arm()` that was true. */
  open(token: string, wake: () => void): number;
  listen(listener: number, mask: number, prefix: Uint8Array | undefined, contents: boolean): number;
  ignore(listener: number): number;
  /** Fills in whole records; the count of bytes. */
  read(target: Uint8Array): number;
  arm(): boolean;
  /** Whether listeners lost events since the last call, and how many one did. */
  takeLoss(): boolean;
  takeLost(listener: number): number;
  settled(isEverything: boolean, oldestEra: number): void;
  exposeCopy(copy: number): ArrayBuffer | undefined;
  dropCopy(copy: number): void;
  keepAlive(whether: boolean): void;
  close(): void;
}

export type NativePath = string | Uint8Array;
type At = number | bigint;
/** Names, or names and types. */
type NativeListing = Names | [names: Names, types: number[]];
type Names = (string | Buffer)[];

interface Addon {
  NativeVolume: new () => NativeVolume;
  EventPort: new () => EventPort;
  eventLayout: Record<string, number>;
  fields: ArrayBuffer;
}

/** The addon of this thread. */
export interface Native {
  NativeVolume: new () => NativeVolume;
  EventPort: new () => EventPort;
  /** Offsets of the fields of event records, for tests. */
  eventLayout: Record<string, number>;
  /** What stat, statfs and usage leave here; to be read before the next call. */
  numbers: Float64Array;
  bigints: BigInt64Array;
}

/** What a call returns when it is not the file system that refuses (native/addon/volume_wrap.h). */
export const callErrors = {
  volumeClosed: -100_000,
  viewTooLarge: -100_001,
  viewUnsupported: -100_002,
} as const;

let loaded: Native | undefined;

/**
 * Loads the addon, once per thread.
 * @throws `ERR_RAM_UNSUPPORTED_PLATFORM` where there is none for this system.
 */
export function native(): Native {
  loaded ??= load();
  return loaded;
}

/** Whether this system has what it takes: Linux, and an addon that loads. Never throws. */
export function isSupported(): boolean {
  try {
    native();
    return true;
  } catch {
    return false;
  }
}

function load(): Native {
  const system = `${process.platform} ${process.arch}`;
  if (process.platform !== 'linux') {
    throw ramError('ERR_RAM_UNSUPPORTED_PLATFORM', `@ram/fs-core needs Linux; this is ${system}`);
  }
  const require = createRequire(import.meta.url);
  const nodeGypBuild = require('node-gyp-build') as (directory: string) => Addon;
  let addon: Addon;
  try {
    addon = nodeGypBuild(fileURLToPath(new URL('..', import.meta.url)));
  } catch (cause) {
    const message = `The addon of @ram/fs-core does not load on this system (${system})`;
    throw ramError('ERR_RAM_UNSUPPORTED_PLATFORM', message, { cause });
  }
  return {
    NativeVolume: addon.NativeVolume,
    EventPort: addon.EventPort,
    eventLayout: addon.eventLayout,
    numbers: new Float64Array(addon.fields),
    bigints: new BigInt64Array(addon.fields),
  };
}
