import { systemError } from '@ram/errno';
import { directoryArgument } from './arguments.ts';
import { fuseError } from './errors.ts';
import { resolveDirectory } from './mount-state.ts';
import { findMount, isFuse } from './mount-table.ts';
import type { MountIdentity } from './mount-table.ts';
import { native } from './native.ts';

const connections = '/sys/fs/fuse/connections';
const eperm = 1;
const enoent = 2;
const einval = 22;

/**
 * Ends the connection of the FUSE mount at `given`: its server gets no more requests, its clients
 * get errors, and what waited for an answer waits no longer. The mount itself stays, dead.
 *
 * @throws EINVAL where nothing is mounted, EACCES where it is another user's,
 * `ERR_RAM_NOT_A_FUSE_MOUNT`, `ERR_RAM_NO_FUSECTL` where the kernel's control file system is not
 * mounted and only root could do without, `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`.
 */
export async function abortConnection(given: string | URL): Promise<void> {
  const directory = directoryArgument(given);
  const path = await resolveDirectory(directory);
  const entry = await findMount(path);
  if (!entry) throw systemError(einval, 'abort', directory);
  if (!isFuse(entry)) {
    throw fuseError('ERR_RAM_NOT_A_FUSE_MOUNT', `${directory} is a mount of ${entry.type}`);
  }
  await abortConnectionOf(entry);
}

/** As abortConnection(), for a FUSE mount that was found. */
export async function abortConnectionOf(mount: MountIdentity): Promise<void> {
  const [result] = await native().endConnection(mount.device);
  if (result >= 0 || result === -enoent) return; // no such file: it has ended by itself
  if (result !== -eperm) throw systemError(result, 'abort', mount.directory);
  if (await hasControlFiles()) return; // the same
  const message =
    `${connections}/${mount.device}/abort is not there: mount it with ` +
    `\`mount -t fusectl none ${connections}\` (as root)`;
  throw fuseError('ERR_RAM_NO_FUSECTL', message);
}

/** Whether the kernel's control files are there. */
export async function hasControlFiles(): Promise<boolean> {
  // Root's directory of a mounted fusectl has no entries when there are no connections, so its
  // type decides.
  return (await findMount(connections)) !== undefined;
}
