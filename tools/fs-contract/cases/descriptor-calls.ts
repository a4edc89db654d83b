// The calls on descriptors, for rules that hold for all of them.
import type { Client } from '../src/client.ts';
import { F, IOCTL, LOCK, O, PROT, SEEK } from '../src/constants.ts';
import type { FileCalls } from '../src/file-calls.ts';

/** `other`: a descriptor of another file, for reading and writing. */
export type DescriptorCall = (fs: FileCalls, fd: number, other: number) => void;

export const readingCalls: Readonly<Record<string, DescriptorCall>> = {
  read: (fs, fd) => fs.read(fd, 1),
  pread: (fs, fd) => fs.pread(fd, 1, 0),
  readv: (fs, fd) => fs.readv(fd, [1, 1]),
  preadv2: (fs, fd) => fs.preadWith(fd, 1, 0, 0),
  'sendfile from': (fs, fd, other) => fs.sendfile(other, fd, undefined, 1),
  'copy_file_range from': (fs, fd, other) => fs.copyFileRange(fd, 0, other, 0, 1),
  mmap: (fs, fd) => fs.mmap(fd, 4096, PROT.READ),
  readahead: (fs, fd) => fs.raw('readahead', fd, 0, 1),
};

export const writingCalls: Readonly<Record<string, DescriptorCall>> = {
  write: (fs, fd) => fs.write(fd, 'x'),
  pwrite: (fs, fd) => fs.pwrite(fd, 'x', 0),
  writev: (fs, fd) => fs.writev(fd, ['x']),
  pwritev2: (fs, fd) => fs.pwriteWith(fd, 'x', 0, 0),
  fallocate: (fs, fd) => fs.fallocate(fd, 0, 0, 1),
  'sendfile to': (fs, fd, other) => fs.sendfile(fd, other, undefined, 1),
  'copy_file_range to': (fs, fd, other) => fs.copyFileRange(other, 0, fd, 0, 1),
};

const contentCalls: Readonly<Record<string, DescriptorCall>> = {
  ...readingCalls,
  ...writingCalls,
  ftruncate: (fs, fd) => fs.ftruncate(fd, 0),
  lseek: (fs, fd) => fs.lseek(fd, 0, SEEK.SET),
  'lseek SEEK_DATA': (fs, fd) => fs.lseek(fd, 0, SEEK.DATA),
  getdents: (fs, fd) => fs.getdents(fd, 1024),
  fsync: (fs, fd) => fs.fsync(fd),
  fdatasync: (fs, fd) => fs.fdatasync(fd),
  sync_file_range: (fs, fd) => fs.raw('sync_file_range', fd, 0, 0, 2),
  syncfs: (fs, fd) => fs.raw('syncfs', fd),
  posix_fadvise: (fs, fd) => fs.raw('fadvise64', fd, 0, 0, 0),
};

/** What an O_PATH descriptor is no good for. */
export const openFileCalls: Readonly<Record<string, DescriptorCall>> = {
  ...contentCalls,
  fchmod: (fs, fd) => fs.fchmod(fd, 0o600),
  fchown: (fs, fd) => fs.fchown(fd, undefined, undefined),
  fgetxattr: (fs, fd) => fs.fgetxattr(fd, 'user.a'),
  fsetxattr: (fs, fd) => fs.fsetxattr(fd, 'user.a', '1'),
  flistxattr: (fs, fd) => fs.flistxattr(fd),
  fremovexattr: (fs, fd) => fs.fremovexattr(fd, 'user.a'),
  'fcntl F_SETLK': (fs, fd) => fs.lock(fd, 'read'),
  'fcntl F_GETLK': (fs, fd) => fs.testLock(fd, 'read'),
  'fcntl F_OFD_SETLK': (fs, fd) => fs.lock(fd, 'read', { ofd: true }),
  'fcntl F_SETLEASE': (fs, fd) => fs.fcntl(fd, F.SETLEASE, 0),
  flock: (fs, fd) => fs.flock(fd, LOCK.SH | LOCK.NB),
  ioctl: (fs, fd) => fs.ioctl(fd, IOCTL.FIONREAD),
};

export const descriptorCalls: Readonly<Record<string, DescriptorCall>> = {
  ...openFileCalls,
  futimens: (fs, fd) => fs.futimes(fd, 0n, 0n),
  close: (fs, fd) => fs.close(fd),
  dup: (fs, fd) => fs.dup(fd),
  fstat: (fs, fd) => fs.fstat(fd),
  fstatfs: (fs, fd) => fs.fstatfs(fd),
  fchdir: (fs, fd) => fs.raw('fchdir', fd),
  'fcntl F_GETFL': (fs, fd) => fs.fcntl(fd, F.GETFL),
  'fcntl F_DUPFD': (fs, fd) => fs.fcntl(fd, F.DUPFD, 0),
};

export function forEachDescriptor(
  calls: Readonly<Record<string, DescriptorCall>>,
  title: string,
  rule: (fs: Client, call: DescriptorCall) => void,
): Record<string, (fs: Client) => void> {
  return Object.fromEntries(
    Object.entries(calls).map(([name, call]) => [
      title.replace('<call>', name),
      (fs: Client) => rule(fs, call),
    ]),
  );
}

export const openOther = (fs: Client): number => fs.open('other', O.RDWR | O.CREAT);
