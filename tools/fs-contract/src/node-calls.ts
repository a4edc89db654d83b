// The calls through an object in the shape of node:fs, in its synchronous form.
import type * as nodeFs from 'node:fs';
import { O } from './constants.ts';
import { NotOffered } from './file-calls.ts';
import type {
  DirectoryEntry,
  FileCalls,
  FileStatus,
  FileSystemStatus,
  FileType,
  Path,
  Time,
  XattrOptions,
} from './file-calls.ts';

const pathMax = 4096;

type Id = number | undefined;

/** What the driver uses; `node:fs` and `volume.fs` have all of it. */
export type NodeFs = Pick<
  typeof nodeFs,
  | 'accessSync'
  | 'chmodSync'
  | 'chownSync'
  | 'closeSync'
  | 'fchmodSync'
  | 'fchownSync'
  | 'fdatasyncSync'
  | 'fstatSync'
  | 'fsyncSync'
  | 'ftruncateSync'
  | 'futimesSync'
  | 'lchownSync'
  | 'linkSync'
  | 'lstatSync'
  | 'lutimesSync'
  | 'mkdirSync'
  | 'openSync'
  | 'readSync'
  | 'readdirSync'
  | 'readlinkSync'
  | 'renameSync'
  | 'rmdirSync'
  | 'statSync'
  | 'statfsSync'
  | 'symlinkSync'
  | 'truncateSync'
  | 'unlinkSync'
  | 'utimesSync'
  | 'writeSync'
  | 'writevSync'
>;

/** Extended attributes, which `node:fs` doesn't have and a Volume does. */
interface Xattrs {
  get(path: Path, name: string, options?: { follow?: boolean }): Buffer;
  set(path: Path, name: string, value: Buffer, options?: XattrOptions): void;
  list(path: Path, options?: { follow?: boolean }): string[];
  remove(path: Path, name: string, options?: { follow?: boolean }): void;
}

interface VolumeLike {
  fs: unknown;
  xattr: unknown;
}

/** The calls of a Volume, whose descriptors are open files: it refuses O_PATH. */
export function volumeCalls({ fs, xattr }: VolumeLike): NodeCalls {
  return new NodeCalls(fs as NodeFs, xattr as Xattrs);
}

export class NodeCalls implements Partial<FileCalls> {
  readonly #fs: NodeFs;
  readonly #xattrs: Xattrs | undefined;
  readonly #open = new Set<number>();
  #directory = '/';

  constructor(fs: NodeFs, xattrs?: Xattrs) {
    this.#fs = fs;
    this.#xattrs = xattrs;
  }

  /** Closes what the last case has left open and goes to the directory of the next. */
  reset(directory: string): void {
    for (const fd of this.#open) this.#fs.closeSync(fd);
    this.#open.clear();
    this.#directory = directory;
  }

  #at(path: Path): Path {
    if (Buffer.isBuffer(path)) return Buffer.concat([Buffer.from(`${this.#directory}/`), path]);
    if (path === '') throw new NotOffered('empty path');
    const absolute = path.startsWith('/') ? path : `${this.#directory}/${path}`;
    const added = absolute.length - path.length;
    if (path.length < pathMax && path.length + added >= pathMax) throw new NotOffered('long path');
    return absolute;
  }

  open(path: Path, flags: number, mode = 0o644): number {
    if (this.#xattrs !== undefined && (flags & O.PATH) !== 0) throw new NotOffered('O_PATH');
    const fd = this.#fs.openSync(this.#at(path), flags, mode);
    this.#open.add(fd);
    return fd;
  }

  close(fd: number): void {
    this.#open.delete(fd);
    this.#fs.closeSync(fd);
  }

  read(fd: number, length: number): Buffer {
    const bytes = Buffer.alloc(length);
    return bytes.subarray(0, this.#fs.readSync(fd, bytes, 0, length, null));
  }

  pread(fd: number, length: number, offset: number | bigint): Buffer {
    demandOffset(offset);
    const bytes = Buffer.alloc(length);
    return bytes.subarray(0, this.#fs.readSync(fd, bytes, 0, length, offset));
  }

  write(fd: number, data: Path): number {
    return this.#fs.writeSync(fd, Buffer.from(data as string));
  }

  pwrite(fd: number, data: Path, offset: number | bigint): number {
    demandOffset(offset);
    const bytes = Buffer.from(data as string);
    return this.#fs.writeSync(fd, bytes, 0, bytes.length, Number(offset));
  }

  writev(fd: number, parts: readonly Path[]): number {
    const buffers = parts.map((part) => Buffer.from(part as string));
    return this.#fs.writevSync(fd, buffers);
  }

  truncate(path: Path, size: number | bigint): void {
    demandOffset(size);
    this.#fs.truncateSync(this.#at(path), Number(size));
  }

  ftruncate(fd: number, size: number | bigint): void {
    demandOffset(size);
    this.#fs.ftruncateSync(fd, Number(size));
  }

  fsync(fd: number): void {
    this.#fs.fsyncSync(fd);
  }

  fdatasync(fd: number): void {
    this.#fs.fdatasyncSync(fd);
  }

  stat(path: Path): FileStatus {
    return statusOf(this.#fs.statSync(this.#at(path), { bigint: true }));
  }

  lstat(path: Path): FileStatus {
    return statusOf(this.#fs.lstatSync(this.#at(path), { bigint: true }));
  }

  fstat(fd: number): FileStatus {
    return statusOf(this.#fs.fstatSync(fd, { bigint: true }));
  }

  statfs(path: Path): FileSystemStatus {
    const status = this.#fs.statfsSync(this.#at(path));
    const { bsize, blocks, bfree, bavail, files, ffree } = status;
    return {
      blockSize: bsize,
      blocks,
      blocksFree: bfree,
      blocksAvailable: bavail,
      files,
      filesFree: ffree,
      nameMax: 255,
    };
  }

  access(path: Path, mode: number): void {
    if (mode > 7) throw new NotOffered('unknown access mode');
    this.#fs.accessSync(this.#at(path), mode);
  }

  chmod(path: Path, mode: number): void {
    this.#fs.chmodSync(this.#at(path), mode);
  }

  fchmod(fd: number, mode: number): void {
    this.#fs.fchmodSync(fd, mode);
  }

  chown(path: Path, uid: Id, gid: Id): void {
    this.#fs.chownSync(this.#at(path), uid ?? -1, gid ?? -1);
  }

  lchown(path: Path, uid: Id, gid: Id): void {
    this.#fs.lchownSync(this.#at(path), uid ?? -1, gid ?? -1);
  }

  fchown(fd: number, uid: Id, gid: Id): void {
    this.#fs.fchownSync(fd, uid ?? -1, gid ?? -1);
  }

  utimes(path: Path, atime: Time, mtime: Time): void {
    this.#fs.utimesSync(this.#at(path), seconds(atime), seconds(mtime));
  }

  lutimes(path: Path, atime: Time, mtime: Time): void {
    this.#fs.lutimesSync(this.#at(path), seconds(atime), seconds(mtime));
  }

  futimes(fd: number, atime: Time, mtime: Time): void {
    this.#fs.futimesSync(fd, seconds(atime), seconds(mtime));
  }

  mkdir(path: Path, mode = 0o777): void {
    this.#fs.mkdirSync(this.#at(path), mode);
  }

  rmdir(path: Path): void {
    this.#fs.rmdirSync(this.#at(path));
  }

  unlink(path: Path): void {
    this.#fs.unlinkSync(this.#at(path));
  }

  rename(from: Path, to: Path, flags = 0): void {
    if (flags !== 0) throw new NotOffered('rename with flags');
    this.#fs.renameSync(this.#at(from), this.#at(to));
  }

  link(from: Path, to: Path): void {
    this.#fs.linkSync(this.#at(from), this.#at(to));
  }

  symlink(target: Path, path: Path): void {
    this.#fs.symlinkSync(target, this.#at(path));
  }

  readlink(path: Path): string {
    return this.#fs.readlinkSync(this.#at(path), 'utf8');
  }

  readdir(path: Path): DirectoryEntry[] {
    const directory = this.#at(path);
    const entries = this.#fs.readdirSync(
      directory as string,
      {
        encoding: 'buffer',
        withFileTypes: true,
      } as unknown as { withFileTypes: true },
    );
    return entries.map((entry) => {
      const bytes = Buffer.from(entry.name);
      const child = Buffer.concat([Buffer.from(directory as string), Buffer.from('/'), bytes]);
      const { ino } = this.#fs.lstatSync(child, { bigint: true });
      return { name: bytes.toString(), bytes, type: typeOf(entry), ino };
    });
  }

  getxattr(path: Path, name: string, options?: XattrOptions): Buffer {
    return this.#xattr().get(this.#at(path), name, options);
  }

  setxattr(path: Path, name: string, value: Path, options?: XattrOptions): void {
    this.#xattr().set(this.#at(path), name, Buffer.from(value as string), options);
  }

  listxattr(path: Path, options?: XattrOptions): string[] {
    return this.#xattr().list(this.#at(path), options);
  }

  removexattr(path: Path, name: string, options?: XattrOptions): void {
    this.#xattr().remove(this.#at(path), name, options);
  }

  #xattr(): Xattrs {
    if (this.#xattrs === undefined) throw new NotOffered('extended attributes');
    return this.#xattrs;
  }
}

/** Node checks offsets and sizes itself, before the file system sees them. */
function demandOffset(offset: number | bigint): void {
  if (offset < 0 || offset > Number.MAX_SAFE_INTEGER) throw new NotOffered('offset of that kind');
}

/** Node's times are seconds as a double. */
function seconds(time: Time): number {
  if (typeof time === 'string') throw new NotOffered('UTIME_NOW and UTIME_OMIT');
  if (time % 1_000_000_000n !== 0n) throw new NotOffered('nanoseconds');
  // Node takes a negative number for the present.
  if (time < 0n) throw new NotOffered('time before 1970');
  return Number(time / 1_000_000_000n);
}

type TypeTests = Pick<
  nodeFs.BigIntStats,
  'isFIFO' | 'isSocket' | 'isDirectory' | 'isSymbolicLink' | 'isBlockDevice' | 'isCharacterDevice'
>;

function typeOf(of: TypeTests): FileType {
  if (of.isDirectory()) return 'directory';
  if (of.isSymbolicLink()) return 'symlink';
  if (of.isFIFO()) return 'fifo';
  if (of.isSocket()) return 'socket';
  if (of.isBlockDevice()) return 'block';
  return of.isCharacterDevice() ? 'character' : 'file';
}

function statusOf(stats: nodeFs.BigIntStats): FileStatus {
  return {
    type: typeOf(stats),
    mode: Number(stats.mode) & 0o7777,
    nlink: Number(stats.nlink),
    uid: Number(stats.uid),
    gid: Number(stats.gid),
    size: Number(stats.size),
    blocks: Number(stats.blocks),
    blksize: Number(stats.blksize),
    ino: stats.ino,
    dev: stats.dev,
    rdev: Number(stats.rdev),
    atime: stats.atimeNs,
    mtime: stats.mtimeNs,
    ctime: stats.ctimeNs,
    btime: stats.birthtimeNs,
  };
}
