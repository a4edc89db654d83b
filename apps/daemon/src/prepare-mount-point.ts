import { mountState, unmountDirectory } from '@ram/fuse';
import { appError } from './app-error.ts';
import type { AppError } from './app-error.ts';
import { listDiskStates } from './disk-state.ts';
import { checkMountPoint, resolveMountPoint } from './mount-point.ts';
import { isRamMount, mountAt } from './mount-table.ts';
import type { MountEntry } from './mount-table.ts';
import { probeServer } from './probe-server.ts';
import { showPath } from './show-path.ts';

export interface PreparedMountPoint {
  /** Without symbolic links. */
  directory: string;
  /** For the person who mounts. */
  notices: string[];
}

const answerLimitMs = 5_000;

/**
 * Finds the directory, clears a left-over mount away and sees whether a disk can go there.
 *
 * @param runtime The directory of the states.
 * @param nonempty Whether what is in the directory may be hidden.
 * @throws ERR_RAM_ALREADY_MOUNTED, ERR_RAM_NO_MOUNT_POINT, ERR_RAM_NOT_A_DIRECTORY,
 *   ERR_RAM_NOT_EMPTY, ERR_RAM_NOT_PERMITTED
 */
export async function prepareMountPoint(
  path: string,
  runtime: string,
  nonempty = false,
): Promise<PreparedMountPoint> {
  const directory = resolveMountPoint(path);
  const notices: string[] = [];
  const entry = mountAt(directory);
  if (entry !== undefined) {
    await refuseLiveMount(entry, runtime);
    await unmountDirectory(directory, { force: true });
    notices.push(`replaced the mount that a killed server left on ${showPath(directory)}`);
  }
  checkMountPoint(directory, { nonempty });
  return { directory, notices };
}

async function refuseLiveMount(entry: MountEntry, runtime: string): Promise<void> {
  const { directory, type } = entry;
  // First what is known without a look at the mount, which may hang when its server is frozen.
  for (const state of listDiskStates(runtime).filter((one) => one.directory === directory)) {
    const { condition } = await probeServer(state, answerLimitMs);
    if (condition !== 'gone') throw alreadyMounted(directory, `the RAM disk ${state.name}`);
  }
  if (type.startsWith('fuse') && (await mountState(directory)) === 'dead') return;
  const what = isRamMount(entry) ? 'a RAM disk' : `a mount point (${type})`;
  throw alreadyMounted(directory, what);
}

function alreadyMounted(directory: string, what: string): AppError {
  const shown = showPath(directory);
  const isDisk = what.includes('RAM disk');
  return appError(
    'ERR_RAM_ALREADY_MOUNTED',
    `${shown} is ${what} already`,
    isDisk ? `Unmount it first: ram umount ${shown}` : 'Take another directory',
  );
}
