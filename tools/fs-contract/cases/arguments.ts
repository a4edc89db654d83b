// Arguments that no call accepts: addresses outside of memory, flags that nobody knows.
import { equal } from 'node:assert/strict';
import type { Client } from '../src/client.ts';
import { AT, F, MAP, MS, O, PROT, RENAME, S, SEEK } from '../src/constants.ts';
import { rules } from '../src/rules.ts';

/** No page is ever mapped there. */
const nowhere = 1;
const at = AT.FDCWD;

type Call = readonly (number | string | Buffer)[];

/** `f` is a file, `d` a directory, `l` a symbolic link; `fd` is `f`, for reading and writing. */
const addressed = (fd: number, directory: number): Readonly<Record<string, Call>> => ({
  openat: ['openat', at, nowhere, O.RDONLY, 0],
  openat2: ['openat2', at, 'f', nowhere, 24],
  fchmodat: ['fchmodat', at, nowhere, 0o600],
  fchownat: ['fchownat', at, nowhere, -1, -1, 0],
  faccessat: ['faccessat', at, nowhere, 0],
  utimensat: ['utimensat', at, nowhere, 0, 0],
  'utimensat with times': ['utimensat', at, 'f', nowhere, 0],
  mkdirat: ['mkdirat', at, nowhere, 0o700],
  mknodat: ['mknodat', at, nowhere, 0o600, 0],
  unlinkat: ['unlinkat', at, nowhere, 0],
  'renameat2 from': ['renameat2', at, nowhere, at, 'new', 0],
  'renameat2 to': ['renameat2', at, 'f', at, nowhere, 0],
  'linkat from': ['linkat', at, nowhere, at, 'new', 0],
  'linkat to': ['linkat', at, 'f', at, nowhere, 0],
  'symlinkat target': ['symlinkat', nowhere, at, 'new'],
  'symlinkat name': ['symlinkat', 'target', at, nowhere],
  'readlinkat name': ['readlinkat', at, nowhere, Buffer.alloc(9), 9],
  'readlinkat buffer': ['readlinkat', at, 'l', nowhere, 9],
  'statx name': ['statx', at, nowhere, 0, 1, Buffer.alloc(256)],
  'statx buffer': ['statx', at, 'f', 0, 1, nowhere],
  'statfs name': ['statfs', nowhere, Buffer.alloc(120)],
  'statfs buffer': ['statfs', 'f', nowhere],
  fstatfs: ['fstatfs', fd, nowhere],
  truncate: ['truncate', nowhere, 0],
  chdir: ['chdir', nowhere],
  read: ['read', fd, nowhere, 4],
  pread: ['pread64', fd, nowhere, 4, 0],
  readv: ['readv', fd, nowhere, 1],
  write: ['write', fd, nowhere, 4],
  pwrite: ['pwrite64', fd, nowhere, 4, 0],
  writev: ['writev', fd, nowhere, 1],
  getdents: ['getdents64', directory, nowhere, 1024],
  'getxattr name': ['getxattr', 'f', nowhere, 0, 0],
  'getxattr buffer': ['getxattr', 'f', 'user.a', nowhere, 10],
  'setxattr name': ['setxattr', 'f', nowhere, 'x', 1, 0],
  'setxattr value': ['setxattr', 'f', 'user.b', nowhere, 1, 0],
  listxattr: ['listxattr', 'f', nowhere, 100],
  removexattr: ['removexattr', 'f', nowhere],
  'fcntl F_SETLK': ['fcntl', fd, 6, nowhere],
  'fcntl F_GETLK': ['fcntl', fd, 5, nowhere],
  sendfile: ['sendfile', fd, fd, nowhere, 1],
  copy_file_range: ['copy_file_range', fd, nowhere, fd, 0, 1, 0],
});

/** With a flag that there isn't. */
const flagged = (fd: number): Readonly<Record<string, Call>> => ({
  fchmodat2: ['fchmodat2', at, 'f', 0o600, 0x8000],
  fchownat: ['fchownat', at, 'f', -1, -1, 0x8000],
  faccessat2: ['faccessat2', at, 'f', 0, 0x8000],
  utimensat: ['utimensat', at, 'f', 0, 0x8000],
  unlinkat: ['unlinkat', at, 'f', 0x8000],
  renameat2: ['renameat2', at, 'f', at, 'new', 0x8000],
  linkat: ['linkat', at, 'f', at, 'new', 0x8000],
  statx: ['statx', at, 'f', 0x8000, 1, Buffer.alloc(256)],
  setxattr: ['setxattr', 'f', 'user.b', 'x', 1, 4],
  copy_file_range: ['copy_file_range', fd, 0, fd, 0, 1, 1],
  sync_file_range: ['sync_file_range', fd, 0, 0, 8],
  lseek: ['lseek', fd, 0, 17],
  flock: ['flock', fd, 16],
  mmap: ['mmap', 0, 4096, PROT.READ, 0, fd, 0],
  posix_fadvise: ['fadvise64', fd, 0, 0, 99],
  'fcntl F_SETLEASE': ['fcntl', fd, F.SETLEASE, 99],
});

function prepare(fs: Client): [fd: number, directory: number] {
  fs.create('f', 'content');
  fs.mkdir('d');
  fs.symlink('f', 'l');
  fs.setxattr('f', 'user.a', 'value');
  return [fs.open('f', O.RDWR), fs.open('d', O.RDONLY)];
}

function refused(code: string, title: string, table: (fd: number, directory: number) => object) {
  return Object.fromEntries(
    Object.keys(table(0, 0)).map((name) => [
      title.replace('<call>', name),
      (fs: Client) => {
        const [fd, directory] = prepare(fs);
        const calls = table(fd, directory) as Record<string, readonly [string, ...Call]>;
        fs.fails(code).raw(...(calls[name] ?? ['none']));
      },
    ]),
  );
}

export const argumentRules = rules('arguments', {
  ...refused('EFAULT', '<call> of an address outside of memory is EFAULT', addressed),
  ...refused('EINVAL', '<call> with an unknown flag is EINVAL', flagged),
  'preadv2 and pwritev2 with an unknown flag are EOPNOTSUPP': (fs) => {
    const [fd] = prepare(fs);
    fs.fails('EOPNOTSUPP').preadWith(fd, 1, 0, 0x8000);
    fs.fails('EOPNOTSUPP').pwriteWith(fd, 'x', 0, 0x8000);
    equal(fs.content('f'), 'content');
  },
  'fallocate with an unknown flag is EOPNOTSUPP': (fs) => {
    const [fd] = prepare(fs);
    fs.fails('EOPNOTSUPP').fallocate(fd, 0x8000, 0, 1);
  },
  'EFAULT on the way leaves what was written before': (fs) => {
    const [fd] = prepare(fs);
    fs.fails('EFAULT').raw('pwrite64', fd, nowhere, 7, 0);
    equal(fs.content('f'), 'content');
  },
  'setxattr with XATTR_CREATE and XATTR_REPLACE at once refuses either way': (fs) => {
    prepare(fs);
    fs.fails('EEXIST').raw('setxattr', 'f', 'user.a', 'x', 1, 3);
    fs.fails('ENODATA').raw('setxattr', 'f', 'user.b', 'x', 1, 3);
    equal(fs.getxattr('f', 'user.a').toString(), 'value');
  },
  'mknod of an unknown type is EINVAL': (fs) => fs.fails('EINVAL').mknod('n', 0o170000 | 0o600),
  'mknod with bits above the type ignores none of them': (fs) => {
    fs.mknod('f', S.IFREG | 0o7600);
    equal(fs.lstat('f').mode, 0o7600);
  },
  'open with an access mode of 3 needs both permissions and can do neither': (fs) => {
    fs.create('f', 'content', 0o644);
    const fd = fs.open('f', 3);
    fs.fails('EBADF').read(fd, 1);
    fs.fails('EBADF').write(fd, 'x');
    fs.as('alice').fails('EACCES').open('f', 3);
  },
  'open with O_CREAT | O_DIRECTORY is EINVAL': (fs) => {
    fs.fails('EINVAL').open('d', O.RDONLY | O.CREAT | O.DIRECTORY);
    equal(fs.exists('d'), false);
  },
  'open ignores flags that it does not know': (fs) => {
    fs.create('f', 'content');
    equal(fs.read(fs.open('f', O.RDONLY | 0x4000_0000), 9).toString(), 'content');
  },
  'mkdir drops the bits above the mode': (fs) => {
    fs.mkdir('d', 0o40755);
    equal(fs.stat('d').mode, 0o755);
  },
  'chmod drops the bits above the mode': (fs) => {
    fs.create('f');
    fs.chmod('f', 0o170640);
    equal(fs.stat('f').mode, 0o640);
    equal(fs.stat('f').type, 'file');
  },
  'umask keeps nine bits, and tells the last': (fs) => {
    fs.umask(0o7027);
    equal(fs.umask(0), 0o027);
  },
  'utimensat of nanoseconds beyond a second is EINVAL': (fs) => {
    fs.create('f');
    const times = Buffer.alloc(32);
    times.writeBigInt64LE(1_000_000_000n, 8);
    fs.fails('EINVAL').raw('utimensat', at, 'f', times, 0);
    times.writeBigInt64LE(-1n, 8);
    fs.fails('EINVAL').raw('utimensat', at, 'f', times, 0);
  },
  'utimensat without times sets both to the present': (fs) => {
    fs.create('f');
    fs.utimes('f', 0n, 0n);
    fs.raw('utimensat', at, 'f', 0, 0);
    const { atime, mtime } = fs.stat('f');
    equal(atime > 0n && mtime === atime, true);
  },
  'msync with an unknown flag, or both ways at once, is EINVAL': (fs) => {
    const [fd] = prepare(fs);
    const address = fs.mmap(fd, 4096, PROT.READ);
    fs.fails('EINVAL').raw('msync', address, 4096, 0x80);
    fs.fails('EINVAL').raw('msync', address, 4096, MS.SYNC | MS.ASYNC);
  },
  'mmap with MAP_SHARED_VALIDATE and an unknown flag is EOPNOTSUPP': (fs) => {
    const [fd] = prepare(fs);
    const unknown = MAP.SHARED_VALIDATE | MAP.SYNC;
    fs.fails('EOPNOTSUPP').mmap(fd, 4096, PROT.READ, unknown);
  },
  'lseek beyond the largest offset is EINVAL or EOVERFLOW': (fs) => {
    const [fd] = prepare(fs);
    fs.fails('EINVAL').lseek(fd, (1n << 63n) - 1n, SEEK.END);
  },
  'readlink into a buffer of no bytes is EINVAL': (fs) => {
    prepare(fs);
    fs.fails('EINVAL').raw('readlinkat', at, 'l', Buffer.alloc(1), 0);
  },
  'readlink into a buffer that is too small cuts': (fs) => {
    fs.symlink('target', 'l');
    equal(fs.readlinkInto('l', 3).toString(), 'tar');
  },
  'RENAME_WHITEOUT with NOREPLACE is allowed': (fs) => {
    prepare(fs);
    fs.as('root').rename('f', 'g', RENAME.WHITEOUT | RENAME.NOREPLACE);
    equal(fs.lstat('f').type, 'character');
  },
});
