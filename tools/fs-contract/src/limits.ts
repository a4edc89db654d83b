// What a surface can't do, case by case, and why. A case that passes all the same is a failure,
// so that these lists only shrink.

import type { MountOptions } from '@ram/fuse';

/** Case → reason. */
export type Limits = Readonly<Record<string, string>>;

const pathDescriptors = 'volume.fs refuses O_PATH: its descriptors are open files';
const noAtime = {
  'open: O_NOATIME by the owner leaves atime as it is':
    'the store does not know by which open a read comes',
};

export const volumeLimits: Limits = {
  ...noAtime,
  'open: O_PATH | O_NOFOLLOW gives a descriptor of a symbolic link': pathDescriptors,
  'chmod: of an O_PATH descriptor is EBADF': pathDescriptors,
  'xattr: of an O_PATH descriptor is EBADF': pathDescriptors,
};

const strangersChown: Limits = {
  'chown: of neither by a stranger is EPERM also while somebody writes':
    'the kernel sends the same SETATTR for it as for a write that takes bits away',
};

/** Kernels before 6.6 ask with GETATTR, which has no place for it. */
const birthTimes = limitAll('Linux before 6.6 asks no file system for birth times', [
  'open: O_CREAT sets all times of the file to one present',
  'mkdir: sets all times of the directory to one present',
]);

const temporaryFiles = limitAll('FUSE has O_TMPFILE from Linux 6.1 on', [
  'O_TMPFILE: makes a file without a name',
  'O_TMPFILE: can be given a name by linkat of /proc/self/fd',
  'O_TMPFILE: with O_EXCL can be given no name: ENOENT',
  'O_TMPFILE: does not touch the directory',
  'O_TMPFILE: takes the group of a set-gid directory, and the umask',
  'O_TMPFILE: its space comes back when it is closed',
]);

const directMappings = limitAll('Linux before 6.6 shares no mapping of what goes past its cache', [
  'mmap: shows the content',
  'mmap: is zero behind the end of the file, within its last page',
  'mmap: is SIGBUS on a page behind the end',
  'mmap: a store is read by read(2) of the same machine',
  'mmap: a store is there after msync for another process',
  'mmap: a store is there after munmap and close',
  'mmap: a store is there when the mapping has outlived its descriptor and name',
  'mmap: a write shows in a mapping',
  'mmap: a write by another process shows in a mapping',
  'mmap: two mappings of a file are one',
  'mmap: mappings in two processes are one',
  'mmap: after truncate what was cut is SIGBUS, and zero when it grows back',
  'mmap: of a later part of a file begins there',
  'set-id bits: are kept by a store through a mapping, also of a stranger',
  'mmap: a store changes mtime and ctime by msync at the latest',
]);

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

/** @param others Whether other users get in. */
export function fuseLimits(options: MountOptions, others: boolean): Limits {
  const { io } = options;
  // What is passed through, the kernel does itself.
  const served = io === 'passthrough' ? {} : noAtime;
  return { ...served, ...(others ? strangersChown : {}), ...olderKernel(options) };
}
