import { setTimeout as delay } from 'node:timers/promises';
import { systemError } from '@ram/errno';
import { directoryArgument, unmountOptions } from './arguments.ts';
import { abortConnectionOf } from './connection.ts';
import { adviceError, codeOf, fuseError } from './errors.ts';
import { findFusermount, unmountWithHelper } from './fusermount.ts';
import { resolveDirectory, stateOfResolved } from './mount-state.ts';
import { findMount, findMountsBelow, isFuse, placeOf } from './mount-table.ts';
import type { MountIdentity } from './mount-table.ts';
import { native } from './native.ts';
import { shellWord } from './shell-word.ts';

export interface UnmountOptions {
  /**
   * Also when it is in use or its server does not answer: ends the connection first; programs
   * that have files open there get errors. Default false.
   */
  force?: boolean;
  /** How long to wait for a mount that is in use, in milliseconds, >= 0. Default 2000. */
  timeoutMs?: number;
}

const einval = 22;
const eperm = 1;
const ebusy = 16;
const forceFlag = 1;
const detachFlag = 2;
const firstDelayMs = 5;
const delayMaxMs = 100;
const shownMax = 5;

/**
 * Unmounts the FUSE mount at `given`, whoever serves it. The left-over of a server that is
 * gone, and with `force` that of a frozen one, is cleared away. Takes `timeoutMs` and at most two
 * seconds more, in which it asks the server whether it is there.
 *
 * @throws EINVAL when nothing is mounted there, EBUSY when it stays in use, EPERM,
 * `ERR_RAM_NOT_A_FUSE_MOUNT`, `ERR_RAM_NO_FUSERMOUNT`, `ERR_INVALID_ARG_TYPE`,
 * `ERR_INVALID_ARG_VALUE`, `ERR_OUT_OF_RANGE`
 */
export async function unmountDirectory(
  given: string | URL,
  options: UnmountOptions = {},
): Promise<void> {
  const { force, timeoutMs } = unmountOptions(options);
  const directory = directoryArgument(given);
  const path = await resolveDirectory(directory);
  const entry = await findMount(path);
  if (!entry) throw systemError(einval, 'umount', directory);
  if (!isFuse(entry)) {
    throw fuseError('ERR_RAM_NOT_A_FUSE_MOUNT', `${directory} is a mount of ${entry.type}`);
  }
  const state = await stateOfResolved(path);
  if (state === 'dead') return detachMount(entry);
  if (state === 'unresponsive' && !force) {
    throw adviceError(ebusy, 'umount', directory, 'its server does not answer; use force');
  }
  if (state !== 'unresponsive') {
    try {
      return await unmountLive(entry, timeoutMs);
    } catch (error) {
      if (!force || codeOf(error) !== 'EBUSY') throw error;
    }
  }
  await endConnection(entry);
  await detachMount(entry);
}

/**
 * Unmounts a mount that answers; waits while it is in use.
 * @throws EINVAL when it is not, or no longer, the topmost one there; EBUSY, EPERM, …
 */
export async function unmountLive(mount: MountIdentity, timeoutMs: number): Promise<void> {
  const { directory } = mount;
  const giveUp = Date.now() + timeoutMs;
  for (let wait = firstDelayMs; ; wait = Math.min(2 * wait, delayMaxMs)) {
    const errno = await unmountOnce(mount, 0);
    if (errno === 0) return;
    if (errno !== ebusy || Date.now() + wait > giveUp) throw await unmountError(errno, directory);
    await delay(wait);
  }
}

/** Ends the connection of the mount as well as this user can. */
export async function endConnection(mount: MountIdentity): Promise<void> {
  if ((await placeOf(mount)) !== 'topmost') return;
  try {
    await abortConnectionOf(mount);
  } catch {
    // Root has another way; a plain user's own mount ends with its descriptor.
    await native().unmount(mount.directory, forceFlag);
  }
}

/**
 * Takes a mount away that is dead: at once from the tree, even while programs stand in it. Its
 * server may be quicker: one whose connection was ended can wake up and unmount as well.
 */
export async function detachMount(mount: MountIdentity): Promise<void> {
  const errno = (await unmountOnce(mount, 0)) && (await unmountOnce(mount, detachFlag));
  if (errno === 0 || (await placeOf(mount)) === 'gone') return;
  throw await unmountError(errno, mount.directory);
}

/** Returns 0 or an errno; EINVAL when another mount is there. */
async function unmountOnce(mount: MountIdentity, flags: number): Promise<number> {
  if ((await placeOf(mount)) !== 'topmost') return einval;
  const { directory } = mount;
  const [result] = await native().unmount(directory, flags);
  if (result !== -eperm) return -result;
  const helper = findFusermount();
  if (!helper) {
    const message = 'Unmounting as a plain user needs fusermount3: apt-get install fuse3';
    throw fuseError('ERR_RAM_NO_FUSERMOUNT', message);
  }
  const said = await unmountWithHelper(helper, directory, flags === detachFlag);
  if (said === undefined) return 0;
  return /busy/i.test(said) ? ebusy : /not found|not mounted|Invalid/i.test(said) ? einval : eperm;
}

async function unmountError(errno: number, directory: string) {
  if (errno !== ebusy) return systemError(errno, 'umount', directory);
  const below = (await findMountsBelow(directory)).map((entry) => shellWord(entry.directory));
  const advice =
    below.length === 0
      ? `close what is open there (fuser -vm ${shellWord(directory)} shows it) or use force`
      : `unmount first what is mounted below it: ${listOf(below)}`;
  return adviceError(errno, 'umount', directory, advice);
}

/** The last mount first: others may lie below an earlier one. */
function listOf(paths: readonly string[]): string {
  const shown = paths.toReversed().slice(0, shownMax);
  const more = paths.length - shown.length;
  return shown.join(', ') + (more > 0 ? ` and ${more} more` : '');
}
