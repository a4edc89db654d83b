import { opendir, stat } from 'node:fs/promises';
import { adviceError, codeOf, fuseError } from './errors.ts';
import { withMountLock } from './mount-lock.ts';
import { resolveDirectory, stateOfResolved } from './mount-state.ts';
import { findMount, findMountNow, isFuse } from './mount-table.ts';
import type { MountIdentity } from './mount-table.ts';
import { shellWord } from './shell-word.ts';
import { detachMount } from './unmount.ts';

const enoent = 2;
const ebusy = 16;
const enotdir = 20;
const enotempty = 39;

/** The directories for which a mount() of this thread is under way. */
const underWay = new Set<string>();

/**
 * Makes sure that `directory` can be mounted on, clears the left-over of a dead server away, and
 * lets `make` mount on its absolute path without symlinks.
 * @throws ENOENT, ENOTDIR, ENOTEMPTY (unless `nonempty`), EACCES; EBUSY: a live FUSE mount is
 * there, or comes there just now
 */
export async function mountOn<T>(
  directory: string,
  nonempty: boolean,
  make: (path: string) => Promise<T>,
): Promise<T> {
  const path = await mountPointPath(directory);
  if (underWay.has(path)) {
    throw adviceError(ebusy, 'mount', directory, 'another mount() is under way there');
  }
  underWay.add(path);
  try {
    return await withMountLock(path, async () => {
      await clearMountPoint(path, directory, nonempty);
      return make(path);
    });
  } finally {
    underWay.delete(path);
  }
}

async function mountPointPath(directory: string): Promise<string> {
  try {
    return await resolveDirectory(directory);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') {
      throw adviceError(enoent, 'mount', directory, `create it: mkdir -p ${shellWord(directory)}`);
    }
    if (codeOf(error) === 'ENOTDIR') {
      throw adviceError(enotdir, 'mount', directory, 'a mount point must be a directory');
    }
    throw error;
  }
}

async function clearMountPoint(path: string, directory: string, nonempty: boolean): Promise<void> {
  const state = await stateOfResolved(path);
  const entry = state === 'dead' && (await findMount(path));
  if (entry) await detachMount(entry);
  if (state === 'mounted' || state === 'unresponsive') {
    const advice = 'a FUSE file system is mounted there; unmount it first';
    throw adviceError(ebusy, 'mount', directory, advice);
  }
  if (!(await stat(path)).isDirectory()) {
    throw adviceError(enotdir, 'mount', directory, 'a mount point must be a directory');
  }
  if (!nonempty && !(await isEmpty(path))) {
    const advice = 'mount on an empty directory, or use the option nonempty';
    throw adviceError(enotempty, 'mount', directory, advice);
  }
}

/**
 * What tells the new mount on `path` from others that may come to the same directory. In one step,
 * so that no process.exit() comes between the mount and who knows of it.
 * @throws `ERR_RAM_MOUNT_FAILED` when it is not there
 */
export function identifyMount(path: string): MountIdentity {
  const entry = findMountNow(path);
  if (entry && isFuse(entry)) return entry;
  throw mountGone(path);
}

/** The error where a new mount is not to be found. */
export function mountGone(path: string) {
  const message = `The new mount on ${path} was covered or taken away at once`;
  return fuseError('ERR_RAM_MOUNT_FAILED', message);
}

async function isEmpty(path: string): Promise<boolean> {
  const directory = await opendir(path).catch((error: unknown) => {
    if (codeOf(error) !== 'EACCES') throw error;
  });
  if (!directory) return true; // mounting will be refused, with a better word
  try {
    return (await directory.read()) === null;
  } finally {
    await directory.close();
  }
}
