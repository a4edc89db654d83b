import {
  appError,
  isDiskName,
  isRamMount,
  listDiskStates,
  mountAt,
  mountOf,
  readMountTable,
  resolveMountPoint,
  showPath,
} from '@ram/daemon';
import type { DiskState, MountEntry } from '@ram/daemon';

/** A disk as it was named by a person. */
export interface FoundDisk {
  directory: string;
  /** By its name, and not by where it is. */
  byName: boolean;
  /** Undefined when the server isn't one of this user's ramd. */
  state?: DiskState;
  /** Undefined when it is not mounted (any more), even if another one is there. */
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
  const seen = mountAt(directory, table);
  const entry = seen !== undefined && isRamMount(seen) ? seen : undefined;
  if (named !== undefined) return found(directory, true, named, mountOf(named, table));
  // Of a disk that went away and one that came there since the latter is meant.
  const state = states.findLast(
    (one) => one.directory === directory && (entry === undefined || mountOf(one, table) === entry),
  );
  if (state === undefined && entry === undefined) throw noSuchDisk(nameOrDirectory, seen);
  return found(directory, false, state, entry);
}

function found(
  directory: string,
  byName: boolean,
  state: DiskState | undefined,
  entry: MountEntry | undefined,
): FoundDisk {
  return {
    directory,
    byName,
    ...(state === undefined ? {} : { state }),
    ...(entry === undefined ? {} : { entry }),
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
