// What a case may ask of a file system: the system calls on files, as one client makes them.

import type { Argument } from './system-calls.ts';

/** Names are bytes; a string stands for its UTF-8. */
export type Path = string | Buffer;

/** Nanoseconds since 1970, the present, or as it is. */
export type Time = bigint | 'now' | 'omit';

export type FileType = 'file' | 'directory' | 'symlink' | 'fifo' | 'socket' | 'block' | 'character';

export interface FileStatus {
  type: FileType;
  /** Permissions and set-id bits, without the type. */
  mode: number;
  nlink: number;
  uid: number;
  gid: number;
  size: number;
  /** Units of 512 bytes. */
  blocks: number;
  blksize: number;
  ino: bigint;
  dev: bigint;
  rdev: number;
  atime: bigint;
  mtime: bigint;
  ctime: bigint;
  btime: bigint;
}

export interface DirectoryEntry {
  name: string;
  bytes: Buffer;
  type: FileType;
  ino: bigint;
  /** Where lseek goes on behind it. */
  offset?: bigint;
}

/** statx(2) */
export interface StatxAnswer extends FileStatus {
  /** What of it is told. */
  mask: number;
  attributes: bigint;
  /** Attributes that the file system knows of. */
  attributesMask: bigint;
  mountId: bigint;
}

export interface FileSystemStatus {
  type?: number;
  id?: bigint;
  fragmentSize?: number;
  /** ST_… of statvfs(3). */
  flags?: number;
  blockSize: number;
  blocks: number;
  blocksFree: number;
  blocksAvailable: number;
  files: number;
  filesFree: number;
  nameMax: number;
}

export interface XattrOptions {
  /** False: of the symbolic link itself. Default true. */
  follow?: boolean;
  /** XATTR_CREATE or XATTR_REPLACE. */
  mode?: 'create' | 'replace';
}

export interface LockRange {
  start?: number;
  /** 0: to the end, wherever that will be. */
  length?: number | bigint;
  /** Of the open file description (OFD) rather than of the process. */
  ofd?: boolean;
}

export interface LockInTheWay {
  type: LockType;
  start: number;
  /** 0: to the end. */
  length: number;
  /** -1: of an open file. */
  pid: number;
}

type Offset = number | undefined;

export type LockType = 'read' | 'write' | 'none';

/**
 * The calls. Each returns what the system call returns, decoded, or throws an Error whose `code`
 * is the name of the errno. Relative paths begin at the case's own directory.
 */
export interface FileCalls {
  open(path: Path, flags: number, mode?: number): number;
  openAt(directory: number, path: Path, flags: number, mode?: number): number;
  /** openat2(2): `resolve` as in `struct open_how`. */
  openHow(path: Path, flags: number, resolve: number): number;
  close(fd: number): void;
  dup(fd: number): number;

  read(fd: number, length: number): Buffer;
  pread(fd: number, length: number, offset: number | bigint): Buffer;
  write(fd: number, data: Path): number;
  pwrite(fd: number, data: Path, offset: number | bigint): number;
  writev(fd: number, parts: readonly Path[]): number;
  /** pwritev2(2) with RWF_… flags. */
  pwriteWith(fd: number, data: Path, offset: number, flags: number): number;
  lseek(fd: number, offset: number | bigint, whence: number): number;
  readv(fd: number, lengths: readonly number[]): Buffer;
  /** preadv2(2) with RWF_… flags. */
  preadWith(fd: number, length: number, offset: number, flags: number): Buffer;
  /** Here and below, no offset is the position of the open file. */
  sendfile(to: number, from: number, offset: Offset, length: number): number;
  copyFileRange(from: number, fromOffset: Offset, to: number, toOffset: Offset, n: number): number;
  splice(from: number, fromOffset: Offset, to: number, toOffset: Offset, length: number): number;
  pipe(): [reader: number, writer: number];
  truncate(path: Path, size: number | bigint): void;
  ftruncate(fd: number, size: number | bigint): void;
  fallocate(fd: number, mode: number, offset: number, length: number): void;
  fsync(fd: number): void;
  fdatasync(fd: number): void;

  stat(path: Path): FileStatus;
  lstat(path: Path): FileStatus;
  fstat(fd: number): FileStatus;
  /** With AT_… flags and STATX_… in the mask. */
  statxWith(path: Path, flags: number, mask: number): StatxAnswer;
  statfs(path: Path): FileSystemStatus;
  fstatfs(fd: number): FileSystemStatus;
  access(path: Path, mode: number): void;
  /** faccessat2(2) with AT_… flags. */
  accessWith(path: Path, mode: number, flags: number): void;
  chmod(path: Path, mode: number): void;
  /** fchmodat2(2) with AT_… flags. */
  chmodWith(path: Path, mode: number, flags: number): void;
  fchmod(fd: number, mode: number): void;
  /** `undefined` leaves one as it is (-1). */
  chown(path: Path, uid: number | undefined, gid: number | undefined): void;
  /** fchownat(2) with AT_… flags. */
  chownWith(path: Path, uid: number | undefined, gid: number | undefined, flags: number): void;
  lchown(path: Path, uid: number | undefined, gid: number | undefined): void;
  fchown(fd: number, uid: number | undefined, gid: number | undefined): void;
  utimes(path: Path, atime: Time, mtime: Time): void;
  lutimes(path: Path, atime: Time, mtime: Time): void;
  futimes(fd: number, atime: Time, mtime: Time): void;
  umask(mask: number): number;

  mkdir(path: Path, mode?: number): void;
  rmdir(path: Path): void;
  unlink(path: Path): void;
  rename(from: Path, to: Path, flags?: number): void;
  link(from: Path, to: Path): void;
  /** linkat(2) with AT_… flags. */
  linkWith(from: Path, to: Path, flags: number): void;
  symlink(target: Path, path: Path): void;
  readlink(path: Path): string;
  /** Into a buffer of that size. */
  readlinkInto(path: Path, size: number): Buffer;
  mknod(path: Path, mode: number, device?: number): void;
  readdir(path: Path): DirectoryEntry[];
  /** One getdents64(2) into a buffer of that size. */
  getdents(fd: number, size: number): DirectoryEntry[];

  getxattr(path: Path, name: string, options?: XattrOptions): Buffer;
  setxattr(path: Path, name: string, value: Path, options?: XattrOptions): void;
  listxattr(path: Path, options?: XattrOptions): string[];
  removexattr(path: Path, name: string, options?: XattrOptions): void;
  /** getxattr(2) into a buffer of that size; the length it returns. */
  getxattrInto(path: Path, name: string, size: number): number;
  /** listxattr(2) into a buffer of that size; the length it returns. */
  listxattrInto(path: Path, size: number): number;
  flistxattr(fd: number): string[];
  fremovexattr(fd: number, name: string): void;
  fgetxattr(fd: number, name: string): Buffer;
  fsetxattr(fd: number, name: string, value: Path): void;

  /** fcntl(F_SETLK), which does not wait. */
  lock(fd: number, type: LockType, range?: LockRange): void;
  /** fcntl(F_GETLK): the type of a lock in the way, or none. */
  testLock(fd: number, type: LockType, range?: LockRange): LockType;
  lockInTheWay(fd: number, type: LockType, range?: LockRange): LockInTheWay;
  flock(fd: number, operation: number): void;
  /** fcntl(F_SETLKW): begins to wait; what is returned comes back when that is over. */
  waitForLock(fd: number, type: LockType, range?: LockRange): () => void;
  waitForFlock(fd: number, operation: number): () => void;
  fcntl(fd: number, command: number, argument?: Argument): number;
  /** What the kernel makes of the data. */
  ioctl(fd: number, request: number, data?: Buffer): Buffer;

  /** The address of a shared mapping (or private: `flags`), for the calls below. */
  mmap(fd: number, length: number, protection: number, flags?: number, offset?: number): bigint;
  peek(address: bigint, length: number): Buffer;
  poke(address: bigint, data: Path): void;
  msync(address: bigint, length: number): void;
  mremap(address: bigint, length: number, newLength: number, flags: number): bigint;
  munmap(address: bigint, length: number): void;

  /** Binds a Unix socket to a name and listens on it; accept does not wait. */
  listen(path: Path): number;
  connect(path: Path): number;
  accept(socket: number): number;

  /** Executes a program; its exit status. Our own one tells its effective user, modulo 256. */
  run(path: Path): number;
  /** Executes our own program, which stays; its process, for `stop`. */
  start(path: Path): number;
  stop(program: number): void;
  /** Sends signals again and again meanwhile: what waits is EINTR. */
  interrupted(action: () => void): void;
  /** Number of the last signal that came, or 0. */
  takeSignal(): number;
  /** The …at calls made meanwhile begin at that directory. */
  from<T>(directory: number, action: () => T): T;
  /** Any system call by its name, for odd flags and addresses. */
  raw(call: string, ...args: Argument[]): number;
  chdir(path: Path): void;
  /** Largest file that this client may make (RLIMIT_FSIZE), until the case ends. */
  limitFileSize(bytes: number): void;
  /** Numbers of descriptors end there (RLIMIT_NOFILE), until the case ends. */
  limitOpenFiles(count: number): void;
}

/** Thrown by a driver for what its programming interface can't express. */
export class NotOffered extends Error {
  readonly what: string;

  constructor(what: string) {
    super(`there is no ${what} here`);
    this.what = what;
  }
}
