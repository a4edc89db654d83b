// The calls on open files, their locks and their mappings, as raw system calls.
import { AT, MAP } from './constants.ts';
import type {
  DirectoryEntry,
  FileStatus,
  FileSystemStatus,
  LockInTheWay,
  LockRange,
  LockType,
  Path,
} from './file-calls.ts';
import * as structures from './structures.ts';
import { Output, SystemCalls } from './system-calls.ts';
import type { Argument } from './system-calls.ts';

type Id = number | undefined;
type Offset = number | undefined;

const firstDescriptor = 3;
const statxAll = 0xfff;
const waiting = 1;
const lockCommands = { own: { get: 5, set: 6 }, ofd: { get: 36, set: 37 } };
const timer = { real: 0, intervalMicroseconds: 20_000 };

export class DescriptorCalls {
  protected readonly system: SystemCalls;
  readonly #mappings = new Map<bigint, number>();

  /** @param program The compiled native/system_calls.cc. */
  constructor(program: string) {
    this.system = new SystemCalls(program);
  }

  raw(call: string, ...args: Argument[]): number {
    return this.system.call(call, ...args);
  }

  fstat(fd: number): FileStatus {
    return this.statx(fd, '', AT.EMPTY_PATH);
  }

  protected statx(directory: number, path: Path, flags: number): FileStatus {
    const status = new Output(structures.statxSize);
    this.system.call('statx', directory, path, flags, statxAll, status);
    return structures.parseStatx(status.bytes);
  }

  fstatfs(fd: number): FileSystemStatus {
    const status = new Output(structures.statfsSize);
    this.system.call('fstatfs', fd, status);
    return structures.parseStatfs(status.bytes);
  }

  close(fd: number): void {
    this.system.call('close', fd);
  }

  dup(fd: number): number {
    return this.system.call('dup', fd);
  }

  read(fd: number, length: number): Buffer {
    const bytes = new Output(length);
    return take(bytes, this.system.call('read', fd, bytes, length));
  }

  pread(fd: number, length: number, offset: number | bigint): Buffer {
    const bytes = new Output(length);
    return take(bytes, this.system.call('pread64', fd, bytes, length, offset));
  }

  write(fd: number, data: Path): number {
    return this.system.call('write', fd, data, Buffer.byteLength(data));
  }

  pwrite(fd: number, data: Path, offset: number | bigint): number {
    return this.system.call('pwrite64', fd, data, Buffer.byteLength(data), offset);
  }

  writev(fd: number, parts: readonly Path[]): number {
    return this.system.call('writev', fd, parts, parts.length);
  }

  readv(fd: number, lengths: readonly number[]): Buffer {
    const bytes = new Output(lengths);
    return take(bytes, this.system.call('readv', fd, bytes, lengths.length));
  }

  preadWith(fd: number, length: number, offset: number, flags: number): Buffer {
    const bytes = new Output([length]);
    return take(bytes, this.system.call('preadv2', fd, bytes, 1, offset, 0, flags));
  }

  pwriteWith(fd: number, data: Path, offset: number, flags: number): number {
    return this.system.call('pwritev2', fd, [data], 1, offset, 0, flags);
  }

  lseek(fd: number, offset: number | bigint, whence: number): number {
    return this.system.call('lseek', fd, offset, whence);
  }

  sendfile(to: number, from: number, offset: Offset, length: number): number {
    return this.system.call('sendfile', to, from, pointed(offset), length);
  }

  splice(from: number, fromOffset: Offset, to: number, toOffset: Offset, length: number): number {
    const [source, target] = [pointed(fromOffset), pointed(toOffset)];
    return this.system.call('splice', from, source, to, target, length, 0);
  }

  pipe(): [reader: number, writer: number] {
    const ends = new Output(8);
    this.system.call('pipe2', ends, 0);
    return [ends.bytes.readInt32LE(0), ends.bytes.readInt32LE(4)];
  }

  copyFileRange(from: number, fromOffset: Offset, to: number, toOffset: Offset, n: number): number {
    const [source, target] = [pointed(fromOffset), pointed(toOffset)];
    return this.system.call('copy_file_range', from, source, to, target, n, 0);
  }

  ftruncate(fd: number, size: number | bigint): void {
    this.system.call('ftruncate', fd, size);
  }

  fallocate(fd: number, mode: number, offset: number, length: number): void {
    this.system.call('fallocate', fd, mode, offset, length);
  }

  fsync(fd: number): void {
    this.system.call('fsync', fd);
  }

  fdatasync(fd: number): void {
    this.system.call('fdatasync', fd);
  }

  fchmod(fd: number, mode: number): void {
    this.system.call('fchmod', fd, mode);
  }

  fchown(fd: number, uid: Id, gid: Id): void {
    this.system.call('fchown', fd, uid ?? -1, gid ?? -1);
  }

  getdents(fd: number, size: number): DirectoryEntry[] {
    const entries = new Output(size);
    const length = this.system.call('getdents64', fd, entries, size);
    return structures.parseEntries(take(entries, length));
  }

  fgetxattr(fd: number, name: string): Buffer {
    const value = new Output(65_536);
    return take(value, this.system.call('fgetxattr', fd, name, value, 65_536));
  }

  flistxattr(fd: number): string[] {
    const names = new Output(65_536);
    return namesIn(take(names, this.system.call('flistxattr', fd, names, 65_536)));
  }

  fremovexattr(fd: number, name: string): void {
    this.system.call('fremovexattr', fd, name);
  }

  fsetxattr(fd: number, name: string, value: Path): void {
    this.system.call('fsetxattr', fd, name, value, Buffer.byteLength(value), 0);
  }

  lock(fd: number, type: LockType, range: LockRange = {}): void {
    const { set } = range.ofd === true ? lockCommands.ofd : lockCommands.own;
    this.system.call('fcntl', fd, set, structures.flockOf(type, range));
  }

  lockInTheWay(fd: number, type: LockType, range: LockRange = {}): LockInTheWay {
    const { get } = range.ofd === true ? lockCommands.ofd : lockCommands.own;
    const flock = new Output(structures.flockOf(type, range));
    this.system.call('fcntl', fd, get, flock);
    return structures.parseFlock(flock.bytes);
  }

  testLock(fd: number, type: LockType, range?: LockRange): LockType {
    return this.lockInTheWay(fd, type, range).type;
  }

  waitForLock(fd: number, type: LockType, range: LockRange = {}): () => void {
    const { set } = range.ofd === true ? lockCommands.ofd : lockCommands.own;
    return this.system.start('fcntl', fd, set + waiting, structures.flockOf(type, range));
  }

  waitForFlock(fd: number, operation: number): () => void {
    return this.system.start('flock', fd, operation);
  }

  interrupted(action: () => void): void {
    const { real, intervalMicroseconds } = timer;
    const every = [0, intervalMicroseconds];
    this.system.call('setitimer', real, structures.words(...every, ...every), 0);
    try {
      action();
    } finally {
      this.system.call('setitimer', real, structures.words(0, 0, 0, 0), 0);
      this.takeSignal();
    }
  }

  takeSignal(): number {
    return this.system.call('signal');
  }

  fcntl(fd: number, command: number, argument: Argument = 0): number {
    return this.system.call('fcntl', fd, command, argument);
  }

  ioctl(fd: number, request: number, data: Buffer = Buffer.alloc(8)): Buffer {
    const result = new Output(data);
    this.system.call('ioctl', fd, request, result);
    return result.bytes;
  }

  flock(fd: number, operation: number): void {
    this.system.call('flock', fd, operation);
  }

  mmap(fd: number, length: number, protection: number, flags: number = MAP.SHARED, offset = 0) {
    const address = this.system.callBig('mmap', 0, length, protection, flags, fd, offset);
    this.#mappings.set(address, length);
    return address;
  }

  peek(address: bigint, length: number): Buffer {
    const bytes = new Output(length);
    this.system.call('peek', address, bytes);
    return bytes.bytes;
  }

  poke(address: bigint, data: Path): void {
    this.system.call('poke', address, data, Buffer.byteLength(data));
  }

  msync(address: bigint, length: number): void {
    this.system.call('msync', address, length, 4);
  }

  mremap(address: bigint, length: number, newLength: number, flags: number): bigint {
    const moved = this.system.callBig('mremap', address, length, newLength, flags);
    this.#mappings.delete(address);
    this.#mappings.set(moved, newLength);
    return moved;
  }

  munmap(address: bigint, length: number): void {
    this.system.call('munmap', address, length);
    this.#mappings.delete(address);
  }

  /** Mappings and descriptors that are left. */
  protected release(): void {
    for (const [address, length] of this.#mappings) this.munmap(address, length);
    this.system.call('close_range', firstDescriptor, 0xffff_ffff, 0);
  }

  start(path: Path): number {
    return this.system.call('start', path);
  }

  stop(program: number): void {
    this.system.call('end', program);
  }

  run(path: Path): number {
    return this.system.call('run', path);
  }
}

export function take(output: Output, length: number): Buffer {
  return output.bytes.subarray(0, length);
}

/** A list of strings, each with a zero byte behind it. */
export function namesIn(list: Buffer): string[] {
  return list.toString().split('\0').slice(0, -1);
}

/** Pointer to an offset, or none: the position of the open file. */
function pointed(offset: Offset): Argument {
  return offset === undefined ? 0 : structures.words(offset);
}
