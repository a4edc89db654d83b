// A file system that says yes to everything and does nothing.
import type { FileStatus } from '../src/file-calls.ts';
import type { Driver, Surface } from '../src/run-cases.ts';

/** Like no file that a case makes. */
const odd: FileStatus = {
  type: 'block',
  mode: 0o111,
  nlink: 7,
  uid: 77,
  gid: 77,
  size: 7777,
  blocks: 777,
  blksize: 4096,
  ino: 1n,
  dev: 1n,
  rdev: 777,
  atime: 0n,
  mtime: 0n,
  ctime: 0n,
  btime: 0n,
};
const lists = new Set(['readdir', 'getdents', 'listxattr', 'flistxattr']);
const buffers = new Set([
  'read',
  'pread',
  'readv',
  'preadWith',
  'getxattr',
  'fgetxattr',
  'peek',
  'readlinkInto',
  'ioctl',
]);
const statuses = new Set(['stat', 'lstat', 'fstat', 'statxWith']);
/** Calls whose last argument is what to do meanwhile. */
const performs = new Set(['from', 'interrupted']);
const waits = new Set(['waitForLock', 'waitForFlock']);

/** @param times Whether times and inode numbers are always the same, or others at each look. */
export function nothingSurface(times: 'same' | 'other'): Surface {
  let clock = 0n;
  const statusNow = (name: string): FileStatus => {
    clock += 1n;
    // The case's own clock, an open file, must go on in any case.
    if (times === 'same' && name !== 'fstat') return odd;
    return { ...odd, ino: clock, atime: clock, mtime: clock, ctime: clock };
  };
  const answer = (name: string): unknown => {
    if (statuses.has(name)) return statusNow(name);
    if (lists.has(name)) return [];
    if (waits.has(name)) return () => 0;
    if (name === 'pipe') return [0, 0];
    if (buffers.has(name)) return Buffer.alloc(0);
    return name === 'readlink' ? '' : 0;
  };
  const driver = new Proxy({} as Driver, {
    get:
      (_, name: string) =>
      (...args: unknown[]) =>
        performs.has(name) ? (args.at(-1) as () => unknown)() : answer(name),
  });
  return {
    base: '/nowhere',
    readOnlyBase: '/nowhere',
    restrictedBase: '/nowhere',
    elsewhere: '/elsewhere',
    user: 'root',
    connect: () => driver,
    close: () => {},
  };
}
