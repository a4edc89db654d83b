import { readFileSync } from 'node:fs';
import type { ByteString } from './byte-string.ts';
import { toText } from './byte-string.ts';
import { isErrno, memfileError } from './errors.ts';
import { isDirectory, lookAtDirectory } from './facts.ts';
import type { DirectoryFacts } from './facts.ts';

export const defaultDirectory = '/dev/shm';

const fileSystems = { tmpfs: 0x0102_1994, ramfs: 0x8584_58f6, fuse: 0x6573_5546 };
const otherMayWrite = 0o022;
const sticky = 0o1000;

/** Whether what lies there is in memory: tmpfs, ramfs, or a mounted `ram` disk. */
function isRamBacked({ type, device }: DirectoryFacts): boolean {
  if (type === fileSystems.tmpfs || type === fileSystems.ramfs) return true;
  return type === fileSystems.fuse && fileSystemOf(device) === 'fuse.ram';
}

/**
 * The facts about a directory that contents may lie in.
 *
 * @throws `ERR_RAM_MEMFILE_NO_RAM_DIRECTORY`, `ERR_RAM_MEMFILE_NOT_RAM`; and
 *   `ERR_RAM_MEMFILE_UNSAFE_DIRECTORY` where another user could put his files in the place of ours
 */
export function requireRamDirectory(directory: ByteString): DirectoryFacts {
  const facts = lookOrRefuse(directory);
  if (!isRamBacked(facts)) {
    const message = `${toText(directory)} is not in memory: it is no tmpfs, ramfs or ram disk`;
    throw memfileError('ERR_RAM_MEMFILE_NOT_RAM', `${message}${advice}`, directory);
  }
  const trusted = facts.uid === 0 || facts.uid === process.geteuid?.();
  if (!trusted || ((facts.mode & otherMayWrite) !== 0 && (facts.mode & sticky) === 0)) {
    const message = `Other users may replace files in ${toText(directory)}`;
    const mend = 'use a directory of your own (chmod 0700), or one with the sticky bit';
    throw memfileError('ERR_RAM_MEMFILE_UNSAFE_DIRECTORY', `${message}; ${mend}`, directory);
  }
  return facts;
}

/** Directories that were looked at: on tmpfs and ramfs, with the number of the file system. */
const known = new Map<ByteString, number>();

/**
 * As `requireRamDirectory`, for a directory with a content of this user in it, on `device`: looked
 * at once for each process and file system; without `device` each time. Whether it need not be
 * looked at again.
 */
export function requireKnownDirectory(directory: ByteString, device: number | undefined): boolean {
  if (device !== undefined && known.get(directory) === device) return true;
  const facts = requireRamDirectory(directory);
  if (facts.type === fileSystems.fuse) return false;
  known.set(directory, facts.device);
  return facts.device === device;
}

/** The file system that a directory was found to be on; undefined when it has to be looked at. */
export function knownDevice(directory: ByteString): number | undefined {
  return known.get(directory);
}

const advice =
  '. Choose a directory that is: /run/user/UID, a ram disk (ram mount DIR), ' +
  'or mount -t tmpfs tmpfs DIR';

function lookOrRefuse(directory: ByteString): DirectoryFacts {
  try {
    const facts = lookAtDirectory(directory);
    if (isDirectory(facts)) return facts;
  } catch (error) {
    if (!isErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) throw error;
  }
  const message = `There is no directory ${toText(directory)}${advice}`;
  throw memfileError('ERR_RAM_MEMFILE_NO_RAM_DIRECTORY', message, directory);
}

/** The type of the file system on a device, from the mount table; never touches the mount. */
function fileSystemOf(device: number): string | undefined {
  const major = Math.floor(device / 0x100) & 0xfff;
  const minor = (device & 0xff) | (Math.floor(device / 0x1000) & 0xfff00);
  const number = `${major}:${minor}`;
  const line = readFileSync('/proc/self/mountinfo', 'latin1')
    .split('\n')
    .find((text) => text.split(' ', 3)[2] === number);
  return line === undefined ? undefined : / - (\S+) /.exec(line)?.[1];
}
