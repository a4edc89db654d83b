// The calls as raw system calls of a process of their own.
import { AT, CAPABILITY, O, RESOLVE } from './constants.ts';
import type { Capability } from './constants.ts';
import { DescriptorCalls, namesIn, take } from './descriptor-calls.ts';
import type {
  DirectoryEntry,
  FileCalls,
  FileStatus,
  FileSystemStatus,
  Path,
  StatxAnswer,
  Time,
  XattrOptions,
} from './file-calls.ts';
import * as structures from './structures.ts';
import { Output } from './system-calls.ts';

/** Who makes the calls. */
export interface Credentials {
  uid: number;
  gid: number;
  groups: readonly number[];
  /** Capabilities that root goes without. */
  without?: readonly Capability[];
}

type Id = number | undefined;

const xattrModes = { create: 1, replace: 2 };
/** setrlimit(2) */
const resource = { fileSize: 1, openFiles: 7 };
const unixDomain = 1;
const stream = 1;
const nonblocking = 0o4000;

export class NativeCalls extends DescriptorCalls implements FileCalls {
  /** Where relative paths of the …at calls begin. */
  #directory: number = AT.FDCWD;
  /** struct rlimit by number, of what the case has changed. */
  readonly #limitsBefore = new Map<number, Buffer>();

  /** @param program The compiled native/system_calls.cc. */
  constructor(program: string, credentials?: Credentials) {
    super(program);
    try {
      if (credentials !== undefined) this.#become(credentials);
    } catch (error) {
      this.end();
      throw error;
    }
  }

  /** Makes the process as new for a case in that directory. */
  reset(directory: string): void {
    this.release();
    this.system.call('umask', 0);
    for (const [which, before] of this.#limitsBefore) {
      this.system.call('prlimit64', 0, which, before, 0);
    }
    this.#limitsBefore.clear();
    this.chdir(directory);
  }

  #limit(which: number, most: number): void {
    const before = new Output(16);
    this.system.call('prlimit64', 0, which, 0, before);
    if (!this.#limitsBefore.has(which)) this.#limitsBefore.set(which, before.bytes);
    const largest = before.bytes.readBigUInt64LE(8);
    this.system.call('prlimit64', 0, which, structures.words(most, largest), 0);
  }

  end(): void {
    this.system.end();
  }

  #become({ uid, gid, groups, without = [] }: Credentials): void {
    const system = this.system;
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
    this.system.call('capget', header, sets);
    for (const number of capabilities.map((name) => CAPABILITY[name])) {
      for (const set of [0, 4]) {
        const at = set + (number >= 32 ? 12 : 0);
        sets.bytes.writeUInt32LE((sets.bytes.readUInt32LE(at) & ~(1 << (number % 32))) >>> 0, at);
      }
    }
    this.system.call('capset', header, sets.bytes);
  }

  open(path: Path, flags: number, mode = 0o644): number {
    return this.openAt(this.#directory, path, flags, mode);
  }

  openAt(directory: number, path: Path, flags: number, mode = 0o644): number {
    return this.system.call('openat', directory, path, flags, mode);
  }

  openHow(path: Path, flags: number, resolve: number): number {
    const how = structures.words(flags, 0, resolve);
    const open = () => this.system.call('openat2', this.#directory, path, how, how.length);
    // openat2(2): EAGAIN where ".." met a rename or a mount, anywhere on the machine: try again.
    const mayRace = (resolve & (RESOLVE.BENEATH | RESOLVE.IN_ROOT)) !== 0;
    for (let tries = mayRace ? 1000 : 1; tries > 1; tries--) {
      try {
        return open();
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      }
    }
    return open();
  }

  from<T>(directory: number, action: () => T): T {
    this.#directory = directory;
    try {
      return action();
    } finally {
      this.#directory = AT.FDCWD;
    }
  }

  truncate(path: Path, size: number | bigint): void {
    this.system.call('truncate', path, size);
  }

  stat(path: Path): FileStatus {
    return this.statx(this.#directory, path, 0);
  }

  lstat(path: Path): FileStatus {
    return this.statx(this.#directory, path, AT.SYMLINK_NOFOLLOW);
  }

  statxWith(path: Path, flags: number, mask: number): StatxAnswer {
    const status = new Output(structures.statxSize);
    this.system.call('statx', this.#directory, path, flags, mask, status);
    return structures.parseStatxAnswer(status.bytes);
  }

  statfs(path: Path): FileSystemStatus {
    const status = new Output(structures.statfsSize);
    this.system.call('statfs', path, status);
    return structures.parseStatfs(status.bytes);
  }

  access(path: Path, mode: number): void {
    this.system.call('faccessat', this.#directory, path, mode);
  }

  accessWith(path: Path, mode: number, flags: number): void {
    this.system.call('faccessat2', this.#directory, path, mode, flags);
  }

  chmod(path: Path, mode: number): void {
    this.system.call('fchmodat', this.#directory, path, mode);
  }

  chown(path: Path, uid: Id, gid: Id): void {
    this.system.call('fchownat', this.#directory, path, uid ?? -1, gid ?? -1, 0);
  }

  chmodWith(path: Path, mode: number, flags: number): void {
    this.system.call('fchmodat2', this.#directory, path, mode, flags);
  }

  chownWith(path: Path, uid: Id, gid: Id, flags: number): void {
    this.system.call('fchownat', this.#directory, path, uid ?? -1, gid ?? -1, flags);
  }

  lchown(path: Path, uid: Id, gid: Id): void {
    this.system.call('fchownat', this.#directory, path, uid ?? -1, gid ?? -1, AT.SYMLINK_NOFOLLOW);
  }

  utimes(path: Path, atime: Time, mtime: Time): void {
    this.system.call('utimensat', this.#directory, path, structures.timespecs([atime, mtime]), 0);
  }

  lutimes(path: Path, atime: Time, mtime: Time): void {
    const times = structures.timespecs([atime, mtime]);
    this.system.call('utimensat', this.#directory, path, times, AT.SYMLINK_NOFOLLOW);
  }

  futimes(fd: number, atime: Time, mtime: Time): void {
    // A null path means the descriptor itself.
    this.system.call('utimensat', fd, 0, structures.timespecs([atime, mtime]), 0);
  }

  umask(mask: number): number {
    return this.system.call('umask', mask);
  }

  mkdir(path: Path, mode = 0o777): void {
    this.system.call('mkdirat', this.#directory, path, mode);
  }

  rmdir(path: Path): void {
    this.system.call('unlinkat', this.#directory, path, AT.REMOVEDIR);
  }

  unlink(path: Path): void {
    this.system.call('unlinkat', this.#directory, path, 0);
  }

  rename(from: Path, to: Path, flags = 0): void {
    this.system.call('renameat2', this.#directory, from, this.#directory, to, flags);
  }

  link(from: Path, to: Path): void {
    this.linkWith(from, to, 0);
  }

  linkWith(from: Path, to: Path, flags: number): void {
    this.system.call('linkat', this.#directory, from, this.#directory, to, flags);
  }

  symlink(target: Path, path: Path): void {
    this.system.call('symlinkat', target, this.#directory, path);
  }

  readlink(path: Path): string {
    const target = new Output(4096);
    return take(
      target,
      this.system.call('readlinkat', this.#directory, path, target, 4096),
    ).toString();
  }

  readlinkInto(path: Path, size: number): Buffer {
    const target = new Output(size);
    return take(target, this.system.call('readlinkat', this.#directory, path, target, size));
  }

  mknod(path: Path, mode: number, device = 0): void {
    this.system.call('mknodat', this.#directory, path, mode, device);
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

  getxattr(path: Path, name: string, { follow = true }: XattrOptions = {}): Buffer {
    const value = new Output(65_536);
    const call = follow ? 'getxattr' : 'lgetxattr';
    return take(value, this.system.call(call, path, name, value, 65_536));
  }

  setxattr(path: Path, name: string, value: Path, options: XattrOptions = {}): void {
    const { follow = true, mode } = options;
    const flags = mode === undefined ? 0 : xattrModes[mode];
    const call = follow ? 'setxattr' : 'lsetxattr';
    this.system.call(call, path, name, value, Buffer.byteLength(value), flags);
  }

  listxattr(path: Path, { follow = true }: XattrOptions = {}): string[] {
    const names = new Output(65_536);
    const length = this.system.call(follow ? 'listxattr' : 'llistxattr', path, names, 65_536);
    return namesIn(take(names, length));
  }

  removexattr(path: Path, name: string, { follow = true }: XattrOptions = {}): void {
    this.system.call(follow ? 'removexattr' : 'lremovexattr', path, name);
  }

  listxattrInto(path: Path, size: number): number {
    return this.system.call('listxattr', path, new Output(size), size);
  }

  getxattrInto(path: Path, name: string, size: number): number {
    return this.system.call('getxattr', path, name, new Output(size), size);
  }

  chdir(path: Path): void {
    this.system.call('chdir', path);
  }

  limitFileSize(bytes: number): void {
    this.#limit(resource.fileSize, bytes);
  }

  limitOpenFiles(count: number): void {
    this.#limit(resource.openFiles, count);
  }

  listen(path: Path): number {
    const socket = this.system.call('socket', unixDomain, stream | nonblocking, 0);
    const address = structures.unixAddress(path);
    this.system.call('bind', socket, address, address.length);
    this.system.call('listen', socket, 8);
    return socket;
  }

  connect(path: Path): number {
    const socket = this.system.call('socket', unixDomain, stream, 0);
    const address = structures.unixAddress(path);
    this.system.call('connect', socket, address, address.length);
    return socket;
  }

  accept(socket: number): number {
    return this.system.call('accept4', socket, 0, 0, 0);
  }
}
