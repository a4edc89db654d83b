import { constants } from 'node:fs';
import type { StatsFs } from 'node:fs';
import { bytesOf, countOf, descriptorOf, entriesOf, textOf } from './answers.ts';
import { Refusal } from './errno.ts';
import type { Files, FilesXattr } from './files.ts';
import { HiddenFiles, isHidingName } from './hidden-files.ts';
import { takeCapability, takeSetIdBits } from './privileges.ts';
import type { Attributes } from './words.ts';

/** What is mounted. */
export interface Served {
  files: Files;
  /** The directory of `files` that is the mount's root, without a slash at its end. */
  root: string;
  xattr: FilesXattr | undefined;
}

const handleMax = 2 ** 31 - 1; // fuse-native takes an int
const modeBits = 0o7777;
const permissionBits = 0o777;
const keepOwner = 2 ** 32 - 1;
// fuse-native keeps its callbacks for ever; they must not keep a Volume.
const gone = {} as Files;
const replacementCharacter = '\uFFFD';

/**
 * Answers requests by calls of an object like `node:fs`. Each method is one request: done when it
 * returns, refused when it throws. Paths are those of the mount, absolute; symbolic links in them
 * were followed by the kernel.
 */
export class Operations {
  #files: Files;
  readonly #root: string;
  #xattr: FilesXattr | undefined;
  #closed = false;
  readonly #hidden: HiddenFiles;
  /** Descriptors that were given to the kernel. */
  readonly #open = new Set<number>();

  constructor({ files, root, xattr }: Served) {
    this.#files = files;
    this.#root = root;
    this.#xattr = xattr;
    this.#hidden = new HiddenFiles(files);
  }

  getattr(path: string): Attributes {
    // A name that can't be told from others: nothing is there.
    if (path.includes(replacementCharacter)) throw new Refusal('ENOENT');
    const place = this.#place(path);
    const fd = this.#hidden.descriptorOf(place);
    return fd === undefined ? this.#files.lstatSync(place) : this.#files.fstatSync(fd);
  }

  fgetattr(handle: number): Attributes {
    return this.#files.fstatSync(this.#descriptor(handle));
  }

  open(path: string, flags: number): number {
    const { O_RDWR, O_WRONLY, O_APPEND, O_NOATIME, O_NOFOLLOW } = constants;
    const kept = flags & (O_RDWR | O_WRONLY | O_APPEND | O_NOATIME);
    return this.#handle(this.#files.openSync(this.#place(path), kept | O_NOFOLLOW));
  }

  /** fuse-native doesn't pass the flags on: whatever they were, the file is new, and ours. */
  create(path: string, mode: number): number {
    const { O_CREAT, O_EXCL, O_RDWR } = constants;
    const place = this.#place(path);
    const flags = O_RDWR | O_CREAT | O_EXCL;
    const handle = this.#handle(this.#files.openSync(place, flags, mode & modeBits));
    // Our umask is none of the client's business; theirs was applied by the kernel.
    const right = rightMode(this.#files.fstatSync(handle).mode, mode);
    if (right !== undefined) this.#files.fchmodSync(handle, right);
    return handle;
  }

  release(handle: number): void {
    this.#hidden.settle();
    if (this.#open.delete(handle)) this.#files.closeSync(handle);
  }

  /** Less than `length` only at the end of the file: the kernel takes the rest for zeros. */
  read(handle: number, buffer: Buffer, length: number, offset: number): number {
    const fd = this.#descriptor(handle);
    if (!Number.isSafeInteger(offset)) throw new Refusal('EOVERFLOW');
    let done = 0;
    while (done < length) {
      const left = length - done;
      const count = this.#files.readSync(fd, buffer, done, left, offset + done);
      if (count === 0) break;
      done += countOf('readSync', count, left);
    }
    return done;
  }

  write(path: string, handle: number, buffer: Buffer, length: number, offset: number): number {
    const fd = this.#descriptor(handle);
    if (!Number.isSafeInteger(offset + length)) throw new Refusal('EFBIG');
    takeSetIdBits(this.#files, fd);
    const place = this.#place(path);
    const isHidden = this.#hidden.descriptorOf(place) !== undefined;
    if (this.#xattr && !isHidden) takeCapability(this.#xattr, place);
    return countOf('writeSync', this.#files.writeSync(fd, buffer, 0, length, offset), length);
  }

  truncate(path: string, size: number): void {
    if (!Number.isSafeInteger(size)) throw new Refusal('EFBIG');
    const place = this.#place(path);
    const fd = this.#hidden.descriptorOf(place);
    if (fd === undefined) this.#files.truncateSync(place, size);
    else this.#files.ftruncateSync(fd, size);
  }

  ftruncate(handle: number, size: number): void {
    if (!Number.isSafeInteger(size)) throw new Refusal('EFBIG');
    this.#files.ftruncateSync(this.#descriptor(handle), size);
  }

  fsync(handle: number, dataOnly: boolean): void {
    const { fsyncSync, fdatasyncSync = fsyncSync } = this.#files;
    const sync = dataOnly ? fdatasyncSync : fsyncSync;
    sync.call(this.#files, this.#descriptor(handle));
  }

  fsyncdir(path: string): void {
    const fd = this.#files.openSync(this.#place(path), constants.O_RDONLY);
    try {
      this.#files.fsyncSync(fd);
    } finally {
      this.#files.closeSync(fd);
    }
  }

  /** Names and types, without `.` and `..`. */
  readdir(path: string) {
    const entries = this.#files.readdirSync(this.#place(path), { withFileTypes: true });
    return entriesOf('readdirSync', entries);
  }

  mknod(path: string, mode: number): void {
    const type = mode & constants.S_IFMT;
    if (type !== constants.S_IFREG && type !== 0) throw new Refusal('EPERM');
    this.release(this.create(path, mode & modeBits));
  }

  mkdir(path: string, mode: number): void {
    const place = this.#place(path);
    this.#files.mkdirSync(place, mode & modeBits);
    const right = rightMode(this.#files.lstatSync(place).mode, mode);
    if (right !== undefined) this.#files.chmodSync(place, right);
  }

  unlink(path: string): void {
    const place = this.#place(path);
    if (!this.#hidden.forget(place)) this.#files.unlinkSync(place);
  }

  rmdir(path: string): void {
    const place = this.#place(path);
    this.#hidden.refuseInside(place);
    this.#files.rmdirSync(place);
  }

  rename(fromPath: string, toPath: string): void {
    const to = this.#place(toPath, true);
    const from = this.#place(fromPath, true);
    this.#hidden.settle(to);
    if (isHidingName(to) && this.#isOpen(from) && this.#hidden.hide(from, to)) return;
    this.#hidden.refuseInside(to);
    this.#files.renameSync(from, to);
    this.#hidden.move(from, to);
  }

  link(from: string, to: string): void {
    this.#files.linkSync(this.#place(from), this.#place(to));
  }

  symlink(target: string, path: string): void {
    if (target.includes(replacementCharacter)) throw new Refusal('EILSEQ');
    this.#files.symlinkSync(target, this.#place(path));
  }

  readlink(path: string): string {
    return textOf('readlinkSync', this.#files.readlinkSync(this.#place(path), 'utf8'));
  }

  chmod(path: string, mode: number): void {
    const place = this.#place(path);
    const fd = this.#hidden.descriptorOf(place);
    if (fd === undefined) this.#files.chmodSync(place, mode & modeBits);
    else this.#files.fchmodSync(fd, mode & modeBits);
  }

  chown(path: string, uid: number, gid: number): void {
    const place = this.#place(path);
    const now = uid === keepOwner || gid === keepOwner ? this.getattr(path) : { uid, gid };
    const user = uid === keepOwner ? now.uid : uid;
    const group = gid === keepOwner ? now.gid : gid;
    const fd = this.#hidden.descriptorOf(place);
    if (fd === undefined) this.#files.lchownSync(place, user, group);
    else this.#files.fchownSync?.(fd, user, group);
  }

  utimens(path: string, atimeMs: number, mtimeMs: number): void {
    const place = this.#place(path);
    const fd = this.#hidden.descriptorOf(place);
    // As dates: Node takes a negative number for "now".
    const times = [new Date(atimeMs), new Date(mtimeMs)] as const;
    if (fd === undefined) this.#files.lutimesSync(place, ...times);
    else this.#files.futimesSync?.(fd, ...times);
  }

  statfs(): StatsFs {
    if (!this.#files.statfsSync) throw new Refusal('ENOSYS');
    return this.#files.statfsSync(this.#place('/'));
  }

  getxattr(path: string, name: string): Uint8Array {
    const value = this.#attributes(name).get(this.#place(path), name, { follow: false });
    return bytesOf('xattr.get', value);
  }

  setxattr(path: string, name: string, value: Uint8Array, flags: number): void {
    // Both at once refuse either way: what is not there, and what is.
    if (flags === 3) this.getxattr(path, name);
    const mode = ([undefined, 'create', 'replace', 'create'] as const)[flags];
    const options = mode === undefined ? { follow: false } : { follow: false, mode };
    this.#attributes(name).set(this.#place(path), name, value, options);
  }

  listxattr(path: string): string[] {
    return this.#attributes().list(this.#place(path), { follow: false });
  }

  removexattr(path: string, name: string): void {
    this.#attributes(name).remove(this.#place(path), name, { follow: false });
  }

  /** Closes what the kernel had open, and lets go of the object: it may still ask something. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#hidden.close();
    for (const handle of this.#open) {
      try {
        this.#files.closeSync(handle);
      } catch {
        // The object was closed before its mount.
      }
    }
    this.#open.clear();
    this.#files = gone;
    this.#xattr = undefined;
  }

  #attributes(name = ''): FilesXattr {
    if (!this.#xattr) throw new Refusal('EOPNOTSUPP');
    if (name.includes(replacementCharacter)) throw new Refusal('EILSEQ');
    return this.#xattr;
  }

  /** The path in `files`. Each request comes through here, through `#descriptor` or `release`. */
  #place(path: string, keepsRemoval = false): string {
    if (this.#closed) throw new Refusal('ENODEV');
    if (!keepsRemoval) this.#hidden.settle();
    // fuse-native puts it for bytes that aren't UTF-8; two such names would be one.
    if (path.includes(replacementCharacter)) throw new Refusal('EILSEQ');
    return path === '/' ? this.#root || '/' : this.#root + path;
  }

  /** Whether the kernel has the file open, by whatever name. */
  #isOpen(place: string): boolean {
    const { dev, ino } = this.#files.lstatSync(place);
    return [...this.#open].some((fd) => {
      const stats = this.#files.fstatSync(fd);
      return stats.ino === ino && stats.dev === dev;
    });
  }

  #handle(fd: number): number {
    if (descriptorOf('openSync', fd) === 0 || fd > handleMax) {
      this.#files.closeSync(fd);
      throw new Refusal('EMFILE');
    }
    this.#open.add(fd);
    return fd;
  }

  #descriptor(handle: number): number {
    this.#hidden.settle();
    if (!this.#open.has(handle)) throw new Refusal('EBADF');
    return handle;
  }
}

/** What a new file's mode must be changed to; a set-group-id bit from its directory is kept. */
function rightMode(got: number, wanted: number): number | undefined {
  if ((got & permissionBits) === (wanted & permissionBits)) return undefined;
  return ((got & ~permissionBits) | wanted) & modeBits;
}
