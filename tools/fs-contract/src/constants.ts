// Numbers of the system calls, under the names of the man pages without their prefix.
import { constants } from 'node:fs';

/** open(2) */
export const O = {
  RDONLY: constants.O_RDONLY,
  WRONLY: constants.O_WRONLY,
  RDWR: constants.O_RDWR,
  CREAT: constants.O_CREAT,
  EXCL: constants.O_EXCL,
  TRUNC: constants.O_TRUNC,
  APPEND: constants.O_APPEND,
  NONBLOCK: constants.O_NONBLOCK,
  DIRECTORY: constants.O_DIRECTORY,
  NOFOLLOW: constants.O_NOFOLLOW,
  NOATIME: constants.O_NOATIME,
  DIRECT: constants.O_DIRECT,
  SYNC: constants.O_SYNC,
  DSYNC: constants.O_DSYNC,
  CLOEXEC: 0o2000000,
  PATH: 0o10000000,
  TMPFILE: 0o20000000 | constants.O_DIRECTORY,
} as const;

/** lseek(2) */
export const SEEK = { SET: 0, CUR: 1, END: 2, DATA: 3, HOLE: 4 } as const;

/** access(2) */
export const OK = { F: 0, X: 1, W: 2, R: 4 } as const;

/** linkat(2), faccessat2(2), statx(2) */
export const AT = {
  FDCWD: -100,
  SYMLINK_NOFOLLOW: 0x100,
  EACCESS: 0x200,
  REMOVEDIR: 0x200,
  SYMLINK_FOLLOW: 0x400,
  NO_AUTOMOUNT: 0x800,
  EMPTY_PATH: 0x1000,
  STATX_FORCE_SYNC: 0x2000,
  STATX_DONT_SYNC: 0x4000,
} as const;

/** renameat2(2) */
export const RENAME = { NOREPLACE: 1, EXCHANGE: 2, WHITEOUT: 4 } as const;

/** fallocate(2) */
export const FALLOCATE = {
  KEEP_SIZE: 1,
  PUNCH_HOLE: 2,
  COLLAPSE_RANGE: 8,
  ZERO_RANGE: 0x10,
  INSERT_RANGE: 0x20,
  UNSHARE_RANGE: 0x40,
} as const;

/** mknod(2) */
export const S = {
  IFMT: 0o170000,
  IFIFO: 0o010000,
  IFCHR: 0o020000,
  IFDIR: 0o040000,
  IFBLK: 0o060000,
  IFREG: 0o100000,
  IFLNK: 0o120000,
  IFSOCK: 0o140000,
} as const;

/** mmap(2) */
export const PROT = { NONE: 0, READ: 1, WRITE: 2, EXEC: 4 } as const;
export const MAP = { SHARED: 1, PRIVATE: 2, SHARED_VALIDATE: 3, SYNC: 0x80000 } as const;

/** msync(2) */
export const MS = { ASYNC: 1, INVALIDATE: 2, SYNC: 4 } as const;

/** fcntl(2) */
export const F = {
  DUPFD: 0,
  GETFD: 1,
  SETFD: 2,
  GETFL: 3,
  SETFL: 4,
  SETLEASE: 1024,
  GETLEASE: 1025,
  NOTIFY: 1026,
  DUPFD_CLOEXEC: 1030,
  ADD_SEALS: 1033,
  SET_RW_HINT: 1036,
} as const;

/** fcntl(2): leases */
export const LEASE = { READ: 0, WRITE: 1, NONE: 2 } as const;

/** ioctl_list(2), ioctl_iflags(2) */
export const IOCTL = {
  FIONREAD: 0x541b,
  FIONBIO: 0x5421,
  FIOCLEX: 0x5451,
  FIONCLEX: 0x5450,
  TCGETS: 0x5401,
  FS_GETFLAGS: 0x80086601,
  FS_SETFLAGS: 0x40086602,
  FIBMAP: 1,
  FIGETBSZ: 2,
  FICLONE: 0x40049409,
} as const;

/** statx(2) */
export const STATX = {
  TYPE: 1,
  MODE: 2,
  SIZE: 0x200,
  BASIC: 0x7ff,
  BTIME: 0x800,
  MNT_ID: 0x1000,
  RESERVED: 0x8000_0000,
} as const;

/** statvfs(3) */
export const ST = { RDONLY: 1, NOSUID: 2, NODEV: 4, NOEXEC: 8 } as const;

/** flock(2) */
export const LOCK = { SH: 1, EX: 2, NB: 4, UN: 8 } as const;

/** pwritev2(2) */
export const RWF = {
  HIPRI: 1,
  DSYNC: 2,
  SYNC: 4,
  NOWAIT: 8,
  APPEND: 0x10,
  NOAPPEND: 0x20,
} as const;

/** openat2(2) */
export const RESOLVE = {
  NO_XDEV: 1,
  NO_MAGICLINKS: 2,
  NO_SYMLINKS: 4,
  BENEATH: 8,
  IN_ROOT: 0x10,
  CACHED: 0x20,
} as const;

/** capabilities(7) */
export const CAPABILITY = {
  CHOWN: 0,
  DAC_OVERRIDE: 1,
  DAC_READ_SEARCH: 2,
  FOWNER: 3,
  FSETID: 4,
  SETFCAP: 31,
  MKNOD: 27,
  LINUX_IMMUTABLE: 9,
  SYS_ADMIN: 21,
} as const;

export type Capability = keyof typeof CAPABILITY;
