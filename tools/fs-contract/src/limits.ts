// What a surface can't do, case by case, and why. A case that passes all the same is a failure,
// so that these lists only shrink.

import type { MountOptions } from '@ram/fuse';
import { sharedMappings } from './shared-mappings.ts';

/** Case → reason. */
export type Limits = Readonly<Record<string, string>>;

const noAtime = {
  'open: O_NOATIME by the owner leaves atime as it is':
    'the store does not know by which open a read comes',
};

export const volumeLimits: Limits = {
  ...noAtime,
  'xattr: security.capability of another kind than the kernel’s is EINVAL':
    'a Volume keeps what it is given; the kernel looks at it through mounts',
};

const strangersChown: Limits = {
  'chown: of neither by a stranger is EPERM also while somebody writes':
    'the kernel sends the same SETATTR for it as for a write that takes bits away',
};

/** Kernels before 6.6 ask with GETATTR, which has no place for it. */
const birthTimes = limitAll('Linux before 6.6 asks no file system for birth times', [
  'statx: tells all basic fields, the time of birth and the mount',
  'statx: tells the time of birth, which stays',
  'open: O_CREAT sets all times of the file to one present',
  'mkdir: sets all times of the directory to one present',
]);

const temporaryFiles = limitAll('FUSE has O_TMPFILE from Linux 6.1 on', [
  'dirfd: AT_EMPTY_PATH with linkat and O_TMPFILE gives the first name',
  'times: of a directory: linkat of an O_TMPFILE changes mtime ctime',
  'xattr: of an O_TMPFILE go with it when it is given a name',
  'O_TMPFILE: makes a file without a name',
  'O_TMPFILE: can be given a name by linkat of /proc/self/fd',
  'O_TMPFILE: with O_EXCL can be given no name: ENOENT',
  'O_TMPFILE: does not touch the directory',
  'O_TMPFILE: takes the group of a set-gid directory, and the umask',
  'O_TMPFILE: its space comes back when it is closed',
]);

const directMappings = limitAll(
  'Linux before 6.6 shares no mapping of what goes past its cache',
  sharedMappings,
);

function limitAll(reason: string, ids: readonly string[]): Limits {
  return Object.fromEntries(ids.map((id) => [id, reason]));
}

function olderKernel({ io, kernel }: MountOptions): Limits {
  if (kernel === undefined || kernel === '6.18') return {};
  return {
    ...birthTimes,
    ...(kernel === '5.15' ? temporaryFiles : {}),
    ...(io === 'direct' ? directMappings : {}),
  };
}

const everyMount: Limits = {
  'descriptors: epoll of a file is EPERM': 'the kernel gives every file of FUSE a poll',
  'read-only: reading changes no times': 'a request does not tell through which mount it came',
  'programs: that run are not truncated by O_TRUNC for reading: ETXTBSY':
    'the kernel sends the request to truncate before it looks whether the program runs',
  'times: copy_file_range changes atime of the source where it is older than mtime':
    'the kernel goes on telling the atime that it knows of a file which is copied from',
  'xattr: trusted. is not for root without CAP_SYS_ADMIN':
    'a request tells who its caller is, not its capabilities',
  'vectors: pwritev2 with RWF_NOAPPEND heeds the offset in spite of O_APPEND':
    'a request tells the flags of the open file, not those of the call',
};

const volumeLocks: Limits = {
  'locks: F_GETLK tells -1 for the process of an OFD lock':
    'the kernel does not tell which locks are of open files, and takes no -1 in the answer',
};

/** @param others Whether other users get in. */
export function fuseLimits(options: MountOptions, others: boolean): Limits {
  return {
    ...everyMount,
    ...noAtime,
    ...(others ? strangersChown : {}),
    ...(options.locks === 'volume' ? volumeLocks : {}),
    ...olderKernel(options),
  };
}
