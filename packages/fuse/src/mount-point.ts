import { opendir, stat } from 'node:fs/promises';
import { adviceError, codeOf, fuseError } from './errors.ts';
import { resolveDirectory, stateOfResolved } from './mount-state.ts';
import { findMount, isFuse } from './mount-table.ts';
import type { MountIdentity } from './mount-table.ts';
import { detachMount } from './unmount.ts';

const enoent = 2;
const ebusy = 16;
const enotdir = 20;
const enotempty = 39;

/**
 * Makes sure that `directory` can be mounted on, and clears the left-over of a dead server away.
 * @returns Its absolute path without symlinks.
 * @throws ENOENT, ENOTDIR, ENOTEMPTY (unless `nonempty`), EBUSY (a live FUSE mount), EACCES
 */
export async function prepareMountPoint(directory: string, nonempty: boolean): Promise<string> {
  let path: string;
  try {
    path = await resolveDirectory(directory);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') {
      throw adviceError(enoent, 'mount', directory, `create it with \`mkdir -p ${directory}\``);
    }
    if (codeOf(error) === 'ENOTDIR') {
      throw adviceError(enotdir, 'mount', directory, 'a mount point must be a directory');
    }
    throw error;
  }
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
  return path;
}

/**
 * What tells the new mount from others that may come to the same directory.
 * @throws `ERR_RAM_MOUNT_FAILED` when it is not there any more
 */
export async function identifyMount(path: string): Promise<MountIdentity> {
  const entry = await findMount(path);
  if (entry && isFuse(entry)) return entry;
  const message = `The new mount on ${path} was covered or taken away at once`;
  throw fuseError('ERR_RAM_MOUNT_FAILED', message);
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
