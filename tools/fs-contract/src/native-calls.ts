// The calls as raw system calls of a process of their own.
import { AT, CAPABILITY, MAP, O } from './constants.ts';
import type { Capability } from './constants.ts';
import type {
  DirectoryEntry,
  FileCalls,
  FileStatus,
  FileSystemStatus,
  LockRange,
  LockType,
  Path,
  Time,
  XattrOptions,
} from './file-calls.ts';
import * as structures from './structures.ts';
import { Output, SystemCalls } from './system-calls.ts';

/** Who makes the calls. */
export interface Credentials {
  uid: number;
  gid: number;
  groups: readonly number[];
  /** Capabilities that root goes without. */
  without?: readonly Capability[];
}

type Id = number | undefined;

const statxAll = 0xfff;
const firstDescriptor = 3;
const lockCommands = { own: { get: 5, set: 6 }, ofd: { get: 36, set: 37 } };
const xattrModes = { create: 1, replace: 2 };
const fileSizeLimit = 1;
const unlimited = -1n;

export class NativeCalls implements FileCalls {
  readonly #system: SystemCalls;

  /** @param program The compiled native/system_calls.cc. */
  constructor(program: string, credentials?: Credentials) {
    this.#system = new SystemCalls(program);
    try {
      if (credentials !== undefined) this.#become(credentials);
    } catch (error) {
      this.end();
      throw error;
    }
  }

  /** Makes the process as new for a case in that directory. */
  reset(directory: string): void {
    this.#system.call('close_range', firstDescriptor, 0xffff_ffff, 0);
    this.#system.call('umask', 0);
    this.#system.call('prlimit64', 0, fileSizeLimit, structures.words(unlimited, unlimited), 0);
    this.chdir(directory);
  }

  end(): void {
    this.#system.end();
  }

  #become({ uid, gid, groups, without = [] }: Credentials): void {
    const system = this.#system;
    const list = Buffer.from(Uint32Array.from(groups).buffer);
    system.call('setgroups', groups.length, list);
    system.call('setresgid', gid, gid, gid);
    system.call('setresuid', uid, uid, uid);
    // So that /proc/self stays its own.
    system.call('prctl', 4, 1, 0, 0, 0);
    if (without.length === 0) return;
    this.#drop(without);
  }

  #drop(capabilities: readonly Capability[]): void {
    const header = Buffer.from(Uint32Array.of(0x20080522, 0).buffer);
    // Effective, permitted, inheritable; then the same for numbers from 32 on.
    const sets = new Output(24);
    this.#system.call('capget', header, sets);
    for (const number of capabilities.map((name) => CAPABILITY[name])) {
      for (const set of [0, 4]) {
        const at = set + (number >= 32 ? 12 : 0);
        sets.bytes.writeUInt32LE((sets.bytes.readUInt32LE(at) & ~(1 << (number % 32))) >>> 0, at);
      }
    }
    this.#system.call('capset', header, sets.bytes);
  }

  open(path: Path, flags: number, mode = 0o644): number {
    return this.openAt(AT.FDCWD, path, flags, mode);
  }

  openAt(directory: number, path: Path, flags: number, mode = 0o644): number {
    return this.#system.call('openat', directory, path, flags, mode);
  }

  openHow(path: Path, flags: number, resolve: number): number {
    const how = structures.words(flags, 0, resolve);
    return this.#system.call('openat2', AT.FDCWD, path, how, how.length);
  }

  close(fd: number): void {
    this.#system.call('close', fd);
  }

  dup(fd: number): number {
    return this.#system.call('dup', fd);
  }

  read(fd: number, length: number): Buffer {
    const bytes = new Output(length);
    return take(bytes, this.#system.call('read', fd, bytes, length));
  }

  pread(fd: number, length: number, offset: number | bigint): Buffer {
    const bytes = new Output(length);
    return take(bytes, this.#system.call('pread64', fd, bytes, length, offset));
  }

  write(fd: number, data: Path): number {
    return this.#system.call('write', fd, data, Buffer.byteLength(data));
  }

  pwrite(fd: number, data: Path, offset: number | bigint): number {
    return this.#system.call('pwrite64', fd, data, Buffer.byteLength(data), offset);
  }

  writev(fd: number, parts: readonly Path[]): number {
    return this.#system.call('writev', fd, parts, parts.length);
  }

  pwriteWith(fd: number, data: Path, offset: number, flags: number): number {
    return this.#system.call('pwritev2', fd, [data], 1, offset, 0, flags);
  }

  lseek(fd: number, offset: number | bigint, whence: number): number {
    return this.#system.call('lseek', fd, offset, whence);
  }

  sendfile(to: number, from: number, offset: number, length: number): number {
    return this.#system.call('sendfile', to, from, structures.words(offset), length);
  }

  copyFileRange(from: number, fromOffset: number, to: number, toOffset: number, n: number): number {
    const [source, target] = [structures.words(fromOffset), structures.words(toOffset)];
    return this.#system.call('copy_file_range', from, source, to, target, n, 0);
  }

  truncate(path: Path, size: number | bigint): void {
    this.#system.call('truncate', path, size);
  }

  ftruncate(fd: number, size: number | bigint): void {
    this.#system.call('ftruncate', fd, size);
  }

  fallocate(fd: number, mode: number, offset: number, length: number): void {
    this.#system.call('fallocate', fd, mode, offset, length);
  }

  fsync(fd: number): void {
    this.#system.call('fsync', fd);
  }

  fdatasync(fd: number): void {
    this.#system.call('fdatasync', fd);
  }

  stat(path: Path): FileStatus {
    return this.#statx(AT.FDCWD, path, 0);
  }

  lstat(path: Path): FileStatus {
    return this.#statx(AT.FDCWD, path, AT.SYMLINK_NOFOLLOW);
  }

  fstat(fd: number): FileStatus {
    return this.#statx(fd, '', AT.EMPTY_PATH);
  }

  #statx(directory: number, path: Path, flags: number): FileStatus {
    const status = new Output(structures.statxSize);
    this.#system.call('statx', directory, path, flags, statxAll, status);
    return structures.parseStatx(status.bytes);
  }

  statfs(path: Path): FileSystemStatus {
    const status = new Output(structures.statfsSize);
    this.#system.call('statfs', path, status);
    return structures.parseStatfs(status.bytes);
  }

  access(path: Path, mode: number): void {
    this.#system.call('faccessat', AT.FDCWD, path, mode);
  }

  accessWith(path: Path, mode: number, flags: number): void {
    this.#system.call('faccessat2', AT.FDCWD, path, mode, flags);
  }

  chmod(path: Path, mode: number): void {
    this.#system.call('fchmodat', AT.FDCWD, path, mode);
  }

  fchmod(fd: number, mode: number): void {
    this.#system.call('fchmod', fd, mode);
  }

  chown(path: Path, uid: Id, gid: Id): void {
    this.#system.call('fchownat', AT.FDCWD, path, uid ?? -1, gid ?? -1, 0);
  }

  lchown(path: Path, uid: Id, gid: Id): void {
    this.#system.call('fchownat', AT.FDCWD, path, uid ?? -1, gid ?? -1, AT.SYMLINK_NOFOLLOW);
  }

  fchown(fd: number, uid: Id, gid: Id): void {
    this.#system.call('fchown', fd, uid ?? -1, gid ?? -1);
  }

  utimes(path: Path, atime: Time, mtime: Time): void {
    this.#system.call('utimensat', AT.FDCWD, path, structures.timespecs([atime, mtime]), 0);
  }

  lutimes(path: Path, atime: Time, mtime: Time): void {
    const times = structures.timespecs([atime, mtime]);
    this.#system.call('utimensat', AT.FDCWD, path, times, AT.SYMLINK_NOFOLLOW);
  }

  futimes(fd: number, atime: Time, mtime: Time): void {
    // A null path means the descriptor itself.
    this.#system.call('utimensat', fd, 0, structures.timespecs([atime, mtime]), 0);
  }

  umask(mask: number): number {
    return this.#system.call('umask', mask);
  }

  mkdir(path: Path, mode = 0o777): void {
    this.#system.call('mkdirat', AT.FDCWD, path, mode);
  }

  rmdir(path: Path): void {
    this.#system.call('unlinkat', AT.FDCWD, path, AT.REMOVEDIR);
  }

  unlink(path: Path): void {
    this.#system.call('unlinkat', AT.FDCWD, path, 0);
  }

  rename(from: Path, to: Path, flags = 0): void {
    this.#system.call('renameat2', AT.FDCWD, from, AT.FDCWD, to, flags);
  }

  link(from: Path, to: Path): void {
    this.linkWith(from, to, 0);
  }

  linkWith(from: Path, to: Path, flags: number): void {
    this.#system.call('linkat', AT.FDCWD, from, AT.FDCWD, to, flags);
  }

  symlink(target: Path, path: Path): void {
    this.#system.call('symlinkat', target, AT.FDCWD, path);
  }

  readlink(path: Path): string {
    const target = new Output(4096);
    return take(target, this.#system.call('readlinkat', AT.FDCWD, path, target, 4096)).toString();
  }

  mknod(path: Path, mode: number, device = 0): void {
    this.#system.call('mknodat', AT.FDCWD, path, mode, device);
  }

  readdir(path: Path): DirectoryEntry[] {
    const fd = this.open(path, O.RDONLY | O.DIRECTORY);
    const entries: DirectoryEntry[] = [];
    try {
      for (let some = this.getdents(fd, 32_768); some.length > 0;) {
        entries.push(...some);
        some = this.getdents(fd, 32_768);
      }
    } finally {
      this.close(fd);
    }
    return entries;
  }

  getdents(fd: number, size: number): DirectoryEntry[] {
    const entries = new Output(size);
    const length = this.#system.call('getdents64', fd, entries, size);
    return structures.parseEntries(take(entries, length));
  }

  getxattr(path: Path, name: string, { follow = true }: XattrOptions = {}): Buffer {
    const value = new Output(65_536);
    const call = follow ? 'getxattr' : 'lgetxattr';
    return take(value, this.#system.call(call, path, name, value, 65_536));
  }

  setxattr(path: Path, name: string, value: Path, options: XattrOptions = {}): void {
    const { follow = true, mode } = options;
    const flags = mode === undefined ? 0 : xattrModes[mode];
    const call = follow ? 'setxattr' : 'lsetxattr';
    this.#system.call(call, path, name, value, Buffer.byteLength(value), flags);
  }

  listxattr(path: Path, { follow = true }: XattrOptions = {}): string[] {
    const names = new Output(65_536);
    const length = this.#system.call(follow ? 'listxattr' : 'llistxattr', path, names, 65_536);
    return take(names, length).toString().split('\0').slice(0, -1);
  }

  removexattr(path: Path, name: string, { follow = true }: XattrOptions = {}): void {
    this.#system.call(follow ? 'removexattr' : 'lremovexattr', path, name);
  }

  getxattrInto(path: Path, name: string, size: number): number {
    return this.#system.call('getxattr', path, name, new Output(size), size);
  }

  fgetxattr(fd: number, name: string): Buffer {
    const value = new Output(65_536);
    return take(value, this.#system.call('fgetxattr', fd, name, value, 65_536));
  }

  fsetxattr(fd: number, name: string, value: Path): void {
    this.#system.call('fsetxattr', fd, name, value, Buffer.byteLength(value), 0);
  }

  lock(fd: number, type: LockType, range: LockRange = {}): void {
    const { set } = range.ofd === true ? lockCommands.ofd : lockCommands.own;
    this.#system.call('fcntl', fd, set, structures.flockOf(type, range));
  }

  testLock(fd: number, type: LockType, range: LockRange = {}): LockType {
    const { get } = range.ofd === true ? lockCommands.ofd : lockCommands.own;
    const flock = new Output(structures.flockOf(type, range));
    this.#system.call('fcntl', fd, get, flock);
    return structures.lockTypeOf(flock.bytes);
  }

  flock(fd: number, operation: number): void {
    this.#system.call('flock', fd, operation);
  }

  mmap(fd: number, length: number, protection: number, flags: number = MAP.SHARED, offset = 0) {
    return this.#system.callBig('mmap', 0, length, protection, flags, fd, offset);
  }

  peek(address: bigint, length: number): Buffer {
    const bytes = new Output(length);
    this.#system.call('peek', address, bytes);
    return bytes.bytes;
  }

  poke(address: bigint, data: Path): void {
    this.#system.call('poke', address, data, Buffer.byteLength(data));
  }

  msync(address: bigint, length: number): void {
    this.#system.call('msync', address, length, 4);
  }

  munmap(address: bigint, length: number): void {
    this.#system.call('munmap', address, length);
  }

  run(path: Path): number {
    return this.#system.call('run', path);
  }

  chdir(path: Path): void {
    this.#system.call('chdir', path);
  }

  limitFileSize(bytes: number): void {
    this.#system.call('prlimit64', 0, fileSizeLimit, structures.words(bytes, unlimited), 0);
  }
}

function take(output: Output, length: number): Buffer {
  return output.bytes.subarray(0, length);
}
