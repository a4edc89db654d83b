import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { posix } from 'node:path';
import { invalidArgument, invalidValue, systemError } from '@ram/errno';
import { directoryArgument } from '../arguments.ts';
import { codeOf, fuseError, noFuse } from '../errors.ts';
import { findFusermount } from '../fusermount.ts';
import { identifyMount, mountOn } from '../mount-point.ts';
import type { MountIdentity } from '../mount-table.ts';
import { Mounted } from '../mounted.ts';
import { native } from '../native.ts';
import { detachMount } from '../unmount.ts';
import type { UnmountOptions } from '../unmount.ts';
import { loadFuseNative } from './addon.ts';
import { unmountAtExit } from './exit.ts';
import type { Files, FilesXattr } from './files.ts';
import { missingCalls } from './files.ts';
import type { Served } from './operations.ts';
import type { IoMode } from '../options.ts';
import { libfuseOptions, resolveFuseNativeOptions } from './options.ts';
import type { FuseNativeOptions, ResolvedFuseNativeOptions } from './options.ts';
import { FuseNativeSession } from './session.ts';

/** What the driver fuse-native can mount: a Volume, or an object shaped like `node:fs`. */
export type FuseNativeSource =
  | { readonly fs: Files; readonly xattr?: FilesXattr; readonly name?: string }
  | Files;

const initTimeoutMs = 10_000;
const directoryBytesMax = 1000; // fuse-native cuts off what is longer than 1023
const enotdir = 20;

/**
 * Mounts by callbacks in JavaScript, in the main thread: while it is busy nobody is answered, and a
 * synchronous call of this process on its own mount hangs until somebody ends it from outside
 * (`unmountDirectory()` with force).
 */
export async function mountFuseNative(
  source: unknown,
  directory: unknown,
  options: FuseNativeOptions,
): Promise<Mounted> {
  const isRoot = process.geteuid?.() === 0;
  const { fs: files, xattr, name } = sourceArgument(source);
  const resolved = resolveFuseNativeOptions(options, { isRoot, name });
  const words = libfuseOptions(resolved, isRoot);
  const given = directoryArgument(directory);
  const addon = loadFuseNative();
  native();
  if (!existsSync('/dev/fuse')) throw noFuse();
  if (!isRoot) checkMachine(resolved);
  const root = rootDirectory(files, resolved.root);
  return mountOn(given, resolved.nonempty, async (path) => {
    if (!isRoot && !isWritable(path)) {
      const message = `Mount on a directory that you own; '${path}' is not one`;
      throw fuseError('ERR_RAM_MOUNT_DENIED', message);
    }
    checkPlace(path, files, root);

    const served: Served = { files, root: root === '/' ? '' : root, xattr };
    const session = new FuseNativeSession(addon, served, resolved);
    try {
      const made = await attach(session, path, words);
      return new FuseNativeMounted(made, session, resolved.io);
    } catch (error) {
      session.stop();
      throw error;
    }
  });
}

/** A mount whose end is looked for, since nobody tells it. */
class FuseNativeMounted extends Mounted {
  readonly #session: FuseNativeSession;

  constructor(mount: MountIdentity, session: FuseNativeSession, io: IoMode) {
    super(mount, session, session.ended, io);
    this.#session = session;
  }

  override async unmount(options: UnmountOptions = {}): Promise<void> {
    this.#session.hurry();
    await super.unmount(options);
  }
}

function sourceArgument(source: unknown): { fs: Files; xattr?: FilesXattr; name: string } {
  if (typeof source !== 'object' || source === null) {
    throw invalidArgument('volume', ['Volume', 'node:fs'], source);
  }
  const isVolume = 'fs' in source && typeof source.fs === 'object' && source.fs !== null;
  const volume = (isVolume ? source : { fs: source }) as { fs: Files; name?: unknown };
  const missing = missingCalls(volume.fs);
  if (missing.length > 0) {
    const reason = `must have the calls of node:fs; ${missing.join(', ')} are missing`;
    throw invalidValue('volume', source, reason);
  }
  return { ...volume, name: typeof volume.name === 'string' ? volume.name : 'ram' };
}

/** Says what libfuse would only write to standard error. */
function checkMachine(options: ResolvedFuseNativeOptions): void {
  if (options.suid || options.dev) {
    throw fuseError('ERR_RAM_MOUNT_DENIED', 'The options suid and dev are for root');
  }
  // libfuse mounts by the one, and this package unmounts by the other; in Debian they are one.
  if (!findFusermount('fusermount') || !findFusermount()) {
    const message =
      'Mounting as a plain user needs fusermount and fusermount3: apt-get install fuse3';
    throw fuseError('ERR_RAM_NO_FUSERMOUNT', message);
  }
  if (!isWritable('/dev/fuse')) {
    const message =
      'This user may not open /dev/fuse: let users open it with `chmod 666 /dev/fuse`';
    throw fuseError('ERR_RAM_MOUNT_DENIED', message);
  }
  if (options.allowOther && !/^\s*user_allow_other\b/m.test(readText('/etc/fuse.conf'))) {
    const message =
      'allowOther needs the line user_allow_other in /etc/fuse.conf: write it there, or mount ' +
      'without allowOther';
    throw fuseError('ERR_RAM_MOUNT_DENIED', message);
  }
}

/** @throws ENOENT, ENOTDIR … when there is no such directory in the object. */
function rootDirectory(files: Files, given: string): string {
  const root = posix.resolve('/', given);
  if (!isDirectory(files, root)) throw systemError(enotdir, 'mount', root);
  return root;
}

/** @throws Errors of `files` that have a code; `ERR_INVALID_ARG_VALUE` for other answers */
function isDirectory(files: Files, path: string): boolean {
  try {
    return files.lstatSync(path).isDirectory();
  } catch (error) {
    if (codeOf(error) !== undefined) throw error;
    const reason = `must have an lstatSync() like that of node:fs: ${String(error)}`;
    throw invalidValue('volume', files, reason);
  }
}

function checkPlace(path: string, files: Files, root: string): void {
  if (path.includes('\uFFFD') || Buffer.byteLength(path) > directoryBytesMax) {
    const reason = `must be UTF-8 of at most ${directoryBytesMax} bytes for fuse-native`;
    throw invalidValue('directory', path, reason);
  }
  const isInside = root === '/' || path === root || path.startsWith(`${root}/`);
  if (isInside && isSame(files, path)) {
    const reason = `must not be inside of what is mounted (${root}): it would wait for itself`;
    throw invalidValue('directory', path, reason);
  }
}

/** Whether `files` reaches the very directory of the machine, as `node:fs` does. */
function isSame(files: Files, path: string): boolean {
  let seen: Stats | undefined;
  try {
    seen = files.lstatSync(path);
  } catch {
    return false;
  }
  const real = statSync(path);
  return seen.ino === real.ino && seen.dev === real.dev;
}

async function attach(
  session: FuseNativeSession,
  path: string,
  words: string,
): Promise<MountIdentity> {
  try {
    session.attach(path, words);
  } catch (cause) {
    const message =
      `libfuse could not mount ${path} and says why on standard error; the usual reasons: no ` +
      'CAP_SYS_ADMIN in a container (--cap-add SYS_ADMIN --device /dev/fuse), a /dev/fuse that ' +
      'users may not open, a directory of another user';
    throw fuseError('ERR_RAM_MOUNT_FAILED', message, cause);
  }
  const made = identifyMount(path);
  void session.ended.then(unmountAtExit(made));
  try {
    await withTimeLimit(session.ready, path);
  } catch (error) {
    await detachMount(made).catch(() => {});
    throw error;
  }
  return made;
}

async function withTimeLimit(ready: Promise<void>, path: string): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const message = `The kernel did not start the mount of ${path}`;
    timer = setTimeout(() => reject(fuseError('ERR_RAM_MOUNT_FAILED', message)), initTimeoutMs);
  });
  try {
    await Promise.race([ready, late]);
  } finally {
    clearTimeout(timer);
  }
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
