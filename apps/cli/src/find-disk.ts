import {
  appError,
  isDiskName,
  isRamMount,
  listDiskStates,
  mountAt,
  readMountTable,
  resolveMountPoint,
  showPath,
} from '@ram/daemon';
import type { DiskState, MountEntry } from '@ram/daemon';

/** A disk as it was named by a person. */
export interface FoundDisk {
  directory: string;
  /** Undefined when the server isn't one of this user's ramd. */
  state?: DiskState;
  /** Undefined when it is not mounted (any more). */
  entry?: MountEntry;
}

/**
 * A disk by name or directory. A name without a slash is looked for first among the names.
 * @throws ERR_RAM_NOT_A_DISK
 */
export function findDisk(runtime: string, nameOrDirectory: string): FoundDisk {
  const states = listDiskStates(runtime);
  const table = readMountTable();
  const named = isDiskName(nameOrDirectory)
    ? states.find(({ name }) => name === nameOrDirectory)
    : undefined;
  const directory = named?.directory ?? resolveMountPoint(nameOrDirectory, table);
  const state = named ?? states.findLast((one) => one.directory === directory);
  const entry = mountAt(directory, table);
  const isDisk = entry !== undefined && isRamMount(entry);
  if (state === undefined && !isDisk) throw noSuchDisk(nameOrDirectory, entry);
  return {
    directory,
    ...(state === undefined ? {} : { state }),
    ...(isDisk ? { entry } : {}),
  };
}

function noSuchDisk(text: string, entry: MountEntry | undefined): Error {
  const shown = showPath(text);
  const hint = 'See the disks there are: ram status';
  const message =
    entry === undefined
      ? `there is no RAM disk ${shown}`
      : `${shown} is no RAM disk but a mount of type ${entry.type}`;
  return appError('ERR_RAM_NOT_A_DISK', message, hint);
}
