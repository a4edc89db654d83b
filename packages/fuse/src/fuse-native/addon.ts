// The one place that loads fuse-native. Its addon is used without its JavaScript, which passes
// directory names to a shell, keeps a timer for each request, loses mtimes and link counts of 0,
// and answers listxattr with more bytes than were asked for.
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { ramError } from '@ram/errno';
import { codeOf, fuseError } from '../errors.ts';

/** The version that this driver was written against: it relies on the layout of its requests. */
const fuseNativeVersion = '2.2.6';

/** Callbacks of libfuse that fuse-native knows, with the arguments that it passes on. */
export interface CallbackArguments {
  getattr: [path: string];
  fgetattr: [path: string, handle: number];
  open: [path: string, flags: number];
  create: [path: string, mode: number];
  release: [path: string, handle: number];
  read: [path: string, handle: number, buffer: Buffer, bytes: number, low: number, high: number];
  write: [path: string, handle: number, buffer: Buffer, bytes: number, low: number, high: number];
  truncate: [path: string, low: number, high: number];
  ftruncate: [path: string, handle: number, low: number, high: number];
  utimens: [path: string, atimeLow: number, atimeHigh: number, ...mtime: [number, number]];
  fsync: [path: string, dataOnly: number, handle: number];
  fsyncdir: [path: string, dataOnly: number, handle: number];
  readdir: [path: string];
  mknod: [path: string, mode: number, device: number];
  mkdir: [path: string, mode: number];
  unlink: [path: string];
  rmdir: [path: string];
  rename: [from: string, to: string];
  link: [from: string, to: string];
  symlink: [target: string, path: string];
  readlink: [path: string];
  chmod: [path: string, mode: number];
  chown: [path: string, uid: number, gid: number];
  statfs: [path: string];
  setxattr: [path: string, name: string, value: Buffer, position: number, flags: number];
  getxattr: [path: string, name: string, value: Buffer, position: number];
  listxattr: [path: string, list: Buffer];
  removexattr: [path: string, name: string];
}

export type CallbackName = keyof CallbackArguments;

/** A request that waits for its reply: fuse-native's own record of it (`fuse_thread_locals_t`). */
export type RequestRecord = Buffer;

/** Called in the main thread; must lead to exactly one reply. */
export type Handler = (request: RequestRecord, op: number, ...args: never[]) => void;

type Reply = (request: RequestRecord, result: number, ...more: unknown[]) => void;

/** fuse-native.c's exports. */
export type FuseNativeAddon = Record<`op_${CallbackName | 'init'}`, number> &
  Record<`fuse_native_signal_${CallbackName | 'init'}`, Reply> & {
    sizeof_fuse_thread_t: number;
    fuse_native_mount(
      directory: string,
      options: string,
      thread: Buffer,
      self: object,
      allocate: (bytes: number) => Buffer,
      handlers: readonly (Handler | undefined)[],
      implemented: Uint32Array,
    ): void;
    /** Unmounts nothing: it lets the event loop end. */
    fuse_native_unmount(directory: string, thread: Buffer): void;
  };

/**
 * @throws `ERR_RAM_MAIN_THREAD_ONLY`, before the addon is touched: it would abort the process;
 * `ERR_RAM_NO_FUSE_NATIVE`, `ERR_RAM_NO_LIBFUSE`, `ERR_RAM_UNSUPPORTED_PLATFORM`
 */
export function loadFuseNative(): FuseNativeAddon {
  if (process.platform !== 'linux') {
    const message = `The driver fuse-native needs Linux; this is ${process.platform}`;
    throw ramError('ERR_RAM_UNSUPPORTED_PLATFORM', message);
  }
  if (!isMainThread) {
    const message =
      'The driver fuse-native works in the main thread only: its addon aborts the process in a ' +
      "worker. Mount from the main thread, or with the driver 'kernel'";
    throw fuseError('ERR_RAM_MAIN_THREAD_ONLY', message);
  }
  const require = createRequire(import.meta.url);
  const folder = findPackage(require);
  const nodeGypBuild = require('node-gyp-build') as (directory: string) => FuseNativeAddon;
  try {
    return nodeGypBuild(folder);
  } catch (cause) {
    throw loadError(cause);
  }
}

function findPackage(require: NodeJS.Require): string {
  let manifest: string;
  try {
    manifest = require.resolve('fuse-native/package.json');
  } catch (cause) {
    const message =
      "The driver 'fuse-native' needs the package fuse-native: " +
      `npm install fuse-native@${fuseNativeVersion}`;
    throw fuseError('ERR_RAM_NO_FUSE_NATIVE', message, cause);
  }
  const { version } = require(manifest) as { version: string };
  if (version !== fuseNativeVersion) {
    const message =
      `The driver 'fuse-native' works with fuse-native ${fuseNativeVersion}; this is ${version}: ` +
      `npm install fuse-native@${fuseNativeVersion}`;
    throw fuseError('ERR_RAM_NO_FUSE_NATIVE', message);
  }
  return dirname(manifest);
}

function loadError(cause: unknown) {
  if (codeOf(cause) === 'ERR_DLOPEN_FAILED' && /libfuse\.so/.test(String(cause))) {
    const message =
      'fuse-native needs the library libfuse.so.2: apt-get install libfuse2 (libfuse2t64 from ' +
      'Debian 13 and Ubuntu 24.04 on)';
    return fuseError('ERR_RAM_NO_LIBFUSE', message, cause);
  }
  const system = `${process.platform} ${process.arch}`;
  const message =
    `fuse-native has no prebuilt addon for this system (${system}); to compile it, allow its ` +
    'install script (`npm rebuild fuse-native`)';
  return fuseError('ERR_RAM_NO_FUSE_NATIVE', message, cause);
}
