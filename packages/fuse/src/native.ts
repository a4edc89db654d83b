import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { ramError } from '@ram/errno';

/** A result >= 0 or a negative errno, and the system call that failed. */
export type SystemCallAnswer = [result: number, syscall: string];

/**
 * One mount that is served by native threads (native/addon/session_wrap.h). Made by `mount`, or by
 * `openHelperSocket` and `receive`, then served. From the call on that makes it, it is taken away
 * when this thread or the process ends, whatever JavaScript has come to.
 */
export interface NativeSession {
  /** Whether there is the directory that is to be mounted: 0 or -errno. */
  findRoot(): number;
  /** The system call 'identify': whether it is the new mount that is there; ESTALE: it isn't. */
  mount(
    directory: string,
    source: string,
    type: string,
    flags: number,
    data: string,
  ): Promise<SystemCallAnswer>;
  /** A descriptor for fusermount3 to inherit, which stays the session's; or -errno. */
  openHelperSocket(helper: string, directory: string): number;
  /** When the helper has been started. */
  closeHelperSocket(): void;
  /** Takes the mount that the helper has made; answers as `mount`. */
  receive(): SystemCallAnswer;
  /** Of the mount that was made. */
  device(): [major: number, minor: number];
  serve(): number;
  stop(): void;
  stats(): NativeStats;
  ref(): void;
  unref(): void;
}

export interface NativeStats {
  requests: Record<string, number>;
  unknown: number;
  malformed: number;
  errors: number;
  notifications: number;
  threads: number;
  threadsPeak: number;
  sharedRequests: [first: number, second: number];
  transport: 'device' | 'io_uring';
  protocolMinor: number;
  initFlags: bigint;
  maxWriteBytes: number;
  /** 1: in force; -errno: why not; 0 or nothing: not asked for. */
  passthrough?: number;
}

export interface NativeSessionOptions {
  direct: boolean;
  passthrough: boolean;
  /** The directory that is mounted, from the root; empty: all. */
  root: string;
  /** Only root gets in, and the kernel checks no permissions. */
  rootOnly: boolean;
  volumeLocks: boolean;
  threads: number;
  initFlags: bigint;
  /** As a kernel of FUSE 7 with this minor would have it, if it is older. */
  protocolMinor: number;
  ioUring: boolean;
}

export interface Native {
  Session: new (
    fileSystem: unknown,
    options: NativeSessionOptions,
    onEvent: (what: 'init' | 'end', result: number) => void,
  ) => NativeSession;
  unmount(directory: string, flags: number): Promise<SystemCallAnswer>;
  endConnection(minor: number): Promise<SystemCallAnswer>;
  closeOnExec(descriptor: number): number;
}

let loaded: Native | undefined;

/**
 * Loads the addon, once per thread.
 * @throws `ERR_RAM_UNSUPPORTED_PLATFORM` where there is none for this system.
 */
export function native(): Native {
  loaded ??= load();
  return loaded;
}

/** Whether this package can work here: Linux, and an addon that loads. Never throws. */
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
    throw ramError('ERR_RAM_UNSUPPORTED_PLATFORM', `@ram/fuse needs Linux; this is ${system}`);
  }
  const require = createRequire(import.meta.url);
  const nodeGypBuild = require('node-gyp-build') as (directory: string) => Native;
  try {
    return nodeGypBuild(fileURLToPath(new URL('..', import.meta.url)));
  } catch (cause) {
    const message = `The addon of @ram/fuse does not load on this system (${system})`;
    throw ramError('ERR_RAM_UNSUPPORTED_PLATFORM', message, { cause });
  }
}
