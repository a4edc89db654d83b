// What a case may ask of a file system: the system calls on files, as one client makes them.

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
}

export interface FileSystemStatus {
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
  length?: number;
  /** Of the open file description (OFD) rather than of the process. */
  ofd?: boolean;
}

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
  sendfile(to: number, from: number, offset: number, length: number): number;
  copyFileRange(from: number, fromOffset: number, to: number, toOffset: number, n: number): number;
  truncate(path: Path, size: number | bigint): void;
  ftruncate(fd: number, size: number | bigint): void;
  fallocate(fd: number, mode: number, offset: number, length: number): void;
  fsync(fd: number): void;
  fdatasync(fd: number): void;

  stat(path: Path): FileStatus;
  lstat(path: Path): FileStatus;
  fstat(fd: number): FileStatus;
  statfs(path: Path): FileSystemStatus;
  access(path: Path, mode: number): void;
  /** faccessat2(2) with AT_… flags. */
  accessWith(path: Path, mode: number, flags: number): void;
  chmod(path: Path, mode: number): void;
  fchmod(fd: number, mode: number): void;
  /** `undefined` leaves one as it is (-1). */
  chown(path: Path, uid: number | undefined, gid: number | undefined): void;
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
  fgetxattr(fd: number, name: string): Buffer;
  fsetxattr(fd: number, name: string, value: Path): void;

  /** fcntl(F_SETLK), which does not wait. */
  lock(fd: number, type: LockType, range?: LockRange): void;
  /** fcntl(F_GETLK): the type of a lock in the way, or none. */
  testLock(fd: number, type: LockType, range?: LockRange): LockType;
  flock(fd: number, operation: number): void;

  /** The address of a shared mapping (or private: `flags`), for the calls below. */
  mmap(fd: number, length: number, protection: number, flags?: number, offset?: number): bigint;
  peek(address: bigint, length: number): Buffer;
  poke(address: bigint, data: Path): void;
  msync(address: bigint, length: number): void;
  munmap(address: bigint, length: number): void;

  /** Executes a program without arguments; its exit status. */
  run(path: Path): number;
  chdir(path: Path): void;
  /** Largest file that this client may make (RLIMIT_FSIZE), until the case ends. */
  limitFileSize(bytes: number): void;
}

/** Thrown by a driver for what its programming interface can't express. */
export class NotOffered extends Error {
  readonly what: string;

  constructor(what: string) {
    super(`there is no ${what} here`);
    this.what = what;
  }
}
