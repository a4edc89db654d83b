import { access, writeFile } from 'node:fs/promises';
import { systemError } from '@ram/errno';
import { codeOf, fuseError } from './errors.ts';
import { resolveDirectory } from './mount-state.ts';
import { findMount, isFuse } from './mount-table.ts';
import type { MountIdentity } from './mount-table.ts';
import { native } from './native.ts';

const connections = '/sys/fs/fuse/connections';
const einval = 22;
const detach = 2;

/**
 * Ends the connection of a FUSE mount: its server gets no more requests, its clients get errors,
 * and what waited for an answer waits no longer. The mount itself stays, dead.
 *
 * @throws EINVAL where nothing is mounted, `ERR_RAM_NOT_A_FUSE_MOUNT`, `ERR_RAM_NO_FUSECTL` where
 * the kernel's control file system is not mounted and only root could mend that.
 */
export async function abortConnection(directory: string): Promise<void> {
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
  const control = `${connections}/${mount.device}/abort`;
  const mountIt = `mount -t fusectl none ${connections}`;
  if (await tryAbort(control)) return;
  const [mounted] = await native().mountControl(connections);
  if (mounted < 0) {
    const message = `${control} is not there: mount it with \`${mountIt}\` (as root)`;
    throw fuseError('ERR_RAM_NO_FUSECTL', message);
  }
  try {
    await tryAbort(control);
  } finally {
    await native().unmount(connections, detach);
  }
}

/** Whether the kernel's control files are there. */
export async function hasControlFiles(): Promise<boolean> {
  // Root's directory of a mounted fusectl has no entries when there are no connections, so its
  // type decides.
  return (await findMount(connections)) !== undefined;
}

/** False: there is no such file. It is gone too when the connection has ended by itself. */
async function tryAbort(control: string): Promise<boolean> {
  try {
    await access(control);
    await writeFile(control, '1');
    return true;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return hasControlFiles();
    throw error;
  }
}
