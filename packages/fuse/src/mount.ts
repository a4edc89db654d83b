import { invalidArgument, systemError } from '@ram/errno';
import { directoryArgument } from './arguments.ts';
import { fuseError, noFuse, noIoUring } from './errors.ts';
import { mountFuseNative } from './fuse-native/mount.ts';
import type { FuseNativeSource } from './fuse-native/mount.ts';
import type { FuseNativeOptions } from './fuse-native/options.ts';
import { findFusermount, mountWithHelper } from './fusermount.ts';
import { mountGone, mountOn } from './mount-point.ts';
import type { MountIdentity } from './mount-table.ts';
import { Mounted } from './mounted.ts';
import { native } from './native.ts';
import type { NativeSession } from './native.ts';
import { resolveOptions } from './options.ts';
import type { MountOptions, ResolvedOptions } from './options.ts';
import { protocolMinorOf } from './probe.ts';
import { detachMount } from './unmount.ts';

/** What can be mounted: a Volume of @ram/fs-core. */
export interface Mountable {
  /** The native file system for one driver, marked as such. Read once a mount. */
  readonly fileSystem: unknown;
  /** What the mount is called, unless the options say otherwise. */
  readonly name?: string;
}

const flags = { readOnly: 1, nosuid: 2, nodev: 4 };
const initTimeoutMs = 10_000;
const errno = { EPERM: 1, ENOENT: 2, ENXIO: 6, EACCES: 13, ENODEV: 19, ESTALE: 116 };
const allInitFlags = 2n ** 64n - 1n;
const newestMinor = 2 ** 32 - 1;

/**
 * Mounts a Volume at a directory; resolves when programs can use it. As root by mount(2),
 * otherwise through the setuid helper fusermount3. The left-over of a dead server is replaced.
 *
 * Native threads serve the mount: it answers also while JavaScript is busy, and calls of the same
 * process on its own mount don't deadlock. No signal handlers are installed; when the process or
 * worker ends by itself or by process.exit(), the mount is taken away.
 *
 * @throws ENOENT, ENOTDIR, ENOTEMPTY, EBUSY, EACCES about the directory, ENOENT, ENOTDIR, ELOOP
 * about `root`; `ERR_RAM_NO_FUSE`,
 * `ERR_RAM_NO_FUSERMOUNT`, `ERR_RAM_NO_IO_URING`, `ERR_RAM_MOUNT_DENIED`, `ERR_RAM_MOUNT_FAILED`,
 * `ERR_RAM_UNSUPPORTED_PLATFORM`; `ERR_INVALID_ARG_TYPE` and the like for wrong arguments
 * @see fuse(4), mount(2), fusermount3(1)
 */
export function mount(
  volume: Mountable,
  directory: string | URL,
  options?: MountOptions,
): Promise<Mounted>;
/** With the driver fuse-native: also any object shaped like `node:fs`. */
export function mount(
  volume: FuseNativeSource,
  directory: string | URL,
  options: FuseNativeOptions,
): Promise<Mounted>;
export async function mount(
  volume: Mountable | FuseNativeSource,
  directory: string | URL,
  options: MountOptions | FuseNativeOptions = {},
): Promise<Mounted> {
  if (options?.driver === 'fuse-native') return mountFuseNative(volume, directory, options);
  return mountByKernelDriver(volume, directory, options);
}

async function mountByKernelDriver(
  volume: unknown,
  directory: unknown,
  options: MountOptions,
): Promise<Mounted> {
  const isRoot = process.geteuid?.() === 0;
  const mountable = mountableArgument(volume);
  const resolved = resolveOptions(options, { isRoot, name: mountable.name ?? 'ram' });
  const given = directoryArgument(directory);
  native();
  return mountOn(given, resolved.nonempty, async (path) => {
    const { made, session, ended } = await mountAndServe(mountable, path, resolved, isRoot);
    return new Mounted(made, session, ended, options.io);
  });
}

async function mountAndServe(
  mountable: Mountable,
  path: string,
  resolved: ResolvedOptions,
  isRoot: boolean,
) {
  const events = sessionEvents();
  const session = makeSession(mountable.fileSystem, resolved, events.listener);
  try {
    const found = session.findRoot();
    if (found < 0) throw systemError(found, 'mount', resolved.root);
    await makeMount(session, path, resolved, isRoot);
    const [major, device] = session.device();
    const made = { directory: path, major, device };
    await serve(session, made, { ready: events.ready, ioUring: resolved.transport === 'io_uring' });
    return { made, session, ended: events.ended };
  } catch (error) {
    session.stop();
    throw error;
  }
}

function mountableArgument(volume: unknown): Mountable {
  if (typeof volume !== 'object' || volume === null || !('fileSystem' in volume)) {
    throw invalidArgument('volume', 'Volume', volume);
  }
  return volume as Mountable;
}

function makeSession(
  fileSystem: unknown,
  options: ResolvedOptions,
  listener: (what: 'init' | 'end', result: number) => void,
): NativeSession {
  const { Session } = native();
  const chosen = {
    direct: options.io === 'direct',
    passthrough: options.io === 'passthrough',
    root: options.root,
    rootOnly: options.rootOnly,
    volumeLocks: options.locks === 'volume',
    threads: options.threads,
    initFlags: allInitFlags,
    protocolMinor: (options.kernel && protocolMinorOf(options.kernel)) ?? newestMinor,
    ioUring: options.transport === 'io_uring',
  };
  try {
    return new Session(fileSystem, chosen, listener);
  } catch {
    // Not marked as a file system, or one of another version of @ram/fs-core.
    throw invalidArgument('volume', 'Volume', fileSystem);
  }
}

/** The two things that a session ever says, as promises. */
function sessionEvents() {
  let becomeReady: (result: number) => void = () => {};
  let end: () => void = () => {};
  const ready = new Promise<number>((resolve) => (becomeReady = resolve));
  const ended = new Promise<void>((resolve) => (end = resolve));
  const listener = (what: 'init' | 'end', result: number) => {
    if (what === 'init') becomeReady(result);
    else end();
  };
  return { listener, ready, ended };
}

/** Makes the mount, which is the session's from then on. */
async function makeMount(
  session: NativeSession,
  path: string,
  options: ResolvedOptions,
  isRoot: boolean,
): Promise<void> {
  const [result, syscall] = isRoot
    ? await mountAsRoot(session, path, options)
    : await mountAsUser(session, path, options);
  if (result < 0) throw mountError(-result, syscall, path);
}

function mountError(code: number, syscall: string, path: string): Error {
  if (syscall === 'identify') {
    const isGone = code === errno.ESTALE;
    return isGone ? mountGone(path) : systemError(code, 'open', '/proc/self/mountinfo');
  }
  if (syscall === 'open' && (code === errno.ENOENT || code === errno.ENXIO)) return noFuse();
  if (code === errno.ENODEV) return noFuse(systemError(code, syscall));
  if (syscall === 'open' && code === errno.EACCES) {
    const message =
      'This user may not open /dev/fuse: let users open it with `chmod 666 /dev/fuse`';
    return fuseError('ERR_RAM_MOUNT_DENIED', message, systemError(code, syscall));
  }
  if (code === errno.EPERM || code === errno.EACCES) {
    const message =
      `The system does not let this process mount (${syscall}): it needs CAP_SYS_ADMIN; for ` +
      'Docker: --cap-add SYS_ADMIN --device /dev/fuse; in a user namespace also a mount ' +
      'namespace of its own: unshare -Urm';
    return fuseError('ERR_RAM_MOUNT_DENIED', message, systemError(code, syscall));
  }
  return systemError(code, syscall, syscall === 'open' ? '/dev/fuse' : path);
}

/** Through the helper. */
function mountAsUser(session: NativeSession, path: string, options: ResolvedOptions) {
  if (options.suid || options.dev) {
    const message = 'The options suid and dev are for root';
    throw fuseError('ERR_RAM_MOUNT_DENIED', message);
  }
  const helper = findFusermount();
  if (!helper) {
    const message = 'Mounting as a plain user needs fusermount3: apt-get install fuse3';
    throw fuseError('ERR_RAM_NO_FUSERMOUNT', message);
  }
  return mountWithHelper(session, helper, path, options);
}

function mountAsRoot(session: NativeSession, path: string, options: ResolvedOptions) {
  let mountFlags = 0;
  if (options.readOnly) mountFlags |= flags.readOnly;
  if (!options.suid) mountFlags |= flags.nosuid;
  if (!options.dev) mountFlags |= flags.nodev;
  const words: string[] = [];
  if (options.defaultPermissions) words.push('default_permissions');
  if (options.allowOther) words.push('allow_other');
  return session.mount(path, options.name, 'fuse.ram', mountFlags, words.join(','));
}

/** Serves the new mount and waits until the kernel has agreed on the protocol. */
async function serve(
  session: NativeSession,
  made: MountIdentity,
  { ready, ioUring }: { ready: Promise<number>; ioUring: boolean },
): Promise<void> {
  const path = made.directory;
  let timer: NodeJS.Timeout | undefined;
  try {
    const started = session.serve();
    if (started < 0) throw systemError(started, 'attach', path);
    const late = new Promise<never>((_, reject) => {
      const message = `The kernel did not start the mount of ${path}`;
      timer = setTimeout(() => reject(fuseError('ERR_RAM_MOUNT_FAILED', message)), initTimeoutMs);
    });
    const result = await Promise.race([ready, late]);
    if (result < 0) throw systemError(result, 'init', path);
    if (ioUring && session.stats().transport !== 'io_uring') throw noIoUring();
  } catch (error) {
    await detachMount(made).catch(() => {});
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
