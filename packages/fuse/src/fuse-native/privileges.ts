import type { Files, FilesXattr } from './files.ts';

const setUserId = 0o4000;
const setGroupId = 0o2000;
const groupMayRun = 0o010;
const modeBits = 0o7777;
const capability = 'security.capability';
const itself = { follow: false };

/**
 * A changed program must not run as its owner. The kernel sees to it for write(2) on a cached mount
 * only; who writes is not known here, so root's writes take the bits away too. A set-group-id bit
 * of a file that its group may not run means something else, and stays.
 */
export function takeSetIdBits(files: Files, fd: number): void {
  const mode = files.fstatSync(fd).mode & modeBits;
  const setGroup = (mode & groupMayRun) === 0 ? 0 : setGroupId;
  const kept = mode & ~(setUserId | setGroup);
  if (kept !== mode) files.fchmodSync(fd, kept);
}

/** The same for capabilities of a file. */
export function takeCapability(xattr: FilesXattr, path: string): void {
  if (xattr.list(path, itself).includes(capability)) xattr.remove(path, capability, itself);
}
