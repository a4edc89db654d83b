// Paths that begin at the directory of a descriptor: openat and the other calls in …at.
import { deepEqual, equal } from 'node:assert/strict';
import type { Client } from '../src/client.ts';
import { AT, O, RESOLVE, STATX } from '../src/constants.ts';
import { asRoot, rules } from '../src/rules.ts';
import { following, forEach, making, naming } from './path-calls.ts';
import type { PathCall } from './path-calls.ts';

const withDirectory = ['open', 'openat2', 'stat', 'statx', 'access', 'faccessat2', 'chmod'];
const more = ['chown', 'utimensat', 'lstat', 'lchown', 'utimensat of the link', 'unlink'];
const names = new Set([...withDirectory, ...more, 'rename from', 'link from']);
const ofFiles = Object.fromEntries(
  Object.entries({ ...following, ...naming }).filter(([name]) => names.has(name)),
);
const { bind: _, ...makingAt } = making;
const atCalls: Readonly<Record<string, PathCall>> = { ...ofFiles, ...makingAt };

function directoryOf(fs: Client): number {
  fs.mkdir('d');
  fs.create('d/f');
  return fs.open('d', O.RDONLY | O.DIRECTORY);
}

export const atRules = rules('dirfd', {
  ...forEach(ofFiles, '<call> begins at the directory of the descriptor', (fs, call) => {
    const directory = directoryOf(fs);
    call(fs.fails('ENOENT'), 'f', '');
    fs.from(directory, () => call(fs, 'f', ''));
  }),
  ...forEach(makingAt, '<call> begins at the directory of the descriptor', (fs, call) => {
    const directory = directoryOf(fs);
    fs.from(directory, () => call(fs, 'x', 'f'));
    deepEqual([fs.exists('x'), fs.exists('d/x')], [false, true]);
  }),
  ...forEach(atCalls, '<call> at no descriptor is EBADF', (fs, call) => {
    fs.create('f');
    fs.from(1000, () => call(fs.fails('EBADF'), 'f', 'f'));
  }),
  ...forEach(atCalls, '<call> at a descriptor of a file is ENOTDIR', (fs, call) => {
    fs.create('f');
    const fd = fs.open('f', O.RDONLY);
    fs.from(fd, () => call(fs.fails('ENOTDIR'), 'x', 'x'));
  }),
  ...forEach(
    ofFiles,
    '<call> of an absolute path heeds no descriptor',
    (fs, call) => {
      fs.create('f');
      call(fs.fails('ENOENT'), `${fs.directory}/none`, '');
      fs.from(1000, () => call(fs, `${fs.directory}/f`, `${fs.directory}/f`));
    },
    { without: ['rename from', 'link from'] },
  ),
  ...forEach(ofFiles, '<call> begins at an O_PATH descriptor', (fs, call) => {
    fs.mkdir('d');
    fs.create('d/f');
    call(fs.fails('ENOENT'), 'f', '');
    fs.from(fs.open('d', O.PATH), () => call(fs, 'f', ''));
  }),
  'a directory is found when it has another name': (fs) => {
    const directory = directoryOf(fs);
    fs.rename('d', 'e');
    equal(fs.fstat(fs.openAt(directory, 'f', O.RDONLY)).ino, fs.stat('e/f').ino);
  },
  'search permission on the directory is asked at each call': asRoot((fs) => {
    fs.mkdir('d', 0o755);
    fs.create('d/f', '', 0o644);
    const alice = fs.as('alice');
    const directory = alice.open('d', O.RDONLY);
    alice.close(alice.openAt(directory, 'f', O.RDONLY));
    fs.chmod('d', 0o744);
    alice.fails('EACCES').openAt(directory, 'f', O.RDONLY);
  }),
  'AT_EMPTY_PATH with stat is the descriptor itself, without it ENOENT': (fs) => {
    fs.create('f', 'content');
    const fd = fs.open('f', O.RDONLY);
    fs.from(fd, () => {
      equal(fs.statxWith('', AT.EMPTY_PATH, STATX.BASIC).size, 7);
      fs.fails('ENOENT').statxWith('', 0, STATX.BASIC);
    });
  },
  'AT_EMPTY_PATH with fchownat is the descriptor itself': asRoot((fs) => {
    fs.create('f');
    const fd = fs.open('f', O.PATH);
    fs.from(fd, () => fs.chownWith('', 7, 8, AT.EMPTY_PATH));
    deepEqual([fs.stat('f').uid, fs.stat('f').gid], [7, 8]);
  }),
  'AT_EMPTY_PATH with fchmodat2 is the descriptor itself': (fs) => {
    fs.create('f');
    const fd = fs.open('f', O.PATH);
    fs.from(fd, () => fs.chmodWith('', 0o604, AT.EMPTY_PATH));
    equal(fs.stat('f').mode, 0o604);
  },
  'AT_EMPTY_PATH with faccessat2 is the descriptor itself': (fs) => {
    fs.create('f', '', 0o644);
    const fd = fs.open('f', O.PATH);
    fs.from(fd, () => {
      fs.accessWith('', 4, AT.EMPTY_PATH);
      fs.fails('ENOENT').accessWith('', 4, 0);
    });
  },
  'AT_EMPTY_PATH with linkat gives the open file a name': asRoot((fs) => {
    fs.create('f', 'content');
    const fd = fs.open('f', O.RDONLY);
    fs.raw('linkat', fd, '', AT.FDCWD, 'g', AT.EMPTY_PATH);
    equal(fs.stat('g').ino, fs.stat('f').ino);
  }),
  'AT_EMPTY_PATH with linkat and O_TMPFILE gives the first name': asRoot((fs) => {
    const fd = fs.open('.', O.TMPFILE | O.RDWR);
    fs.write(fd, 'content');
    fs.raw('linkat', fd, '', AT.FDCWD, 'g', AT.EMPTY_PATH);
    equal(fs.content('g'), 'content');
  }),
  'readlinkat of an empty path reads the link of an O_PATH descriptor': (fs) => {
    fs.symlink('target', 'l');
    const fd = fs.open('l', O.PATH | O.NOFOLLOW);
    equal(
      fs.from(fd, () => fs.readlink('')),
      'target',
    );
  },
  'AT_SYMLINK_NOFOLLOW with fchmodat2 of a symbolic link is EOPNOTSUPP': (fs) => {
    fs.create('f', '', 0o600);
    fs.symlink('f', 'l');
    fs.fails('EOPNOTSUPP').chmodWith('l', 0o644, AT.SYMLINK_NOFOLLOW);
    fs.chmodWith('f', 0o604, AT.SYMLINK_NOFOLLOW);
    deepEqual([fs.stat('f').mode, fs.lstat('l').mode], [0o604, 0o777]);
  },
  'AT_REMOVEDIR of a file is ENOTDIR, unlinkat without it of a directory EISDIR': (fs) => {
    fs.create('f');
    fs.mkdir('d');
    fs.fails('ENOTDIR').raw('unlinkat', AT.FDCWD, 'f', AT.REMOVEDIR);
    fs.fails('EISDIR').raw('unlinkat', AT.FDCWD, 'd', 0);
  },
  'RESOLVE_IN_ROOT takes the directory for the root': (fs) => {
    fs.mkdir('d');
    fs.create('d/f', 'inner');
    fs.symlink('/f', 'd/l');
    const directory = fs.open('d', O.RDONLY);
    const content = (path: string) =>
      fs.from(directory, () => fs.read(fs.openHow(path, O.RDONLY, RESOLVE.IN_ROOT), 9).toString());
    deepEqual([content('/f'), content('l'), content('../../f')], ['inner', 'inner', 'inner']);
  },
  'RESOLVE_NO_XDEV refuses to leave the mount: EXDEV': asRoot((fs) => {
    fs.create('f');
    fs.fails('EXDEV').openHow('../..', O.RDONLY, RESOLVE.NO_XDEV);
    fs.openHow('f', O.RDONLY, RESOLVE.NO_XDEV);
  }),
  'RESOLVE_NO_MAGICLINKS refuses /proc/self/fd: ELOOP': (fs) => {
    fs.create('f');
    const fd = fs.open('f', O.RDONLY);
    fs.openHow(`/proc/self/fd/${fd}`, O.RDONLY, 0);
    fs.fails('ELOOP').openHow(`/proc/self/fd/${fd}`, O.RDONLY, RESOLVE.NO_MAGICLINKS);
  },
  'RESOLVE_BENEATH refuses a symbolic link that leads out: EXDEV': (fs) => {
    fs.mkdir('d');
    fs.symlink('../..', 'd/out');
    fs.symlink(fs.directory, 'absolute');
    fs.fails('EXDEV').openHow('d/out', O.RDONLY, RESOLVE.BENEATH);
    fs.fails('EXDEV').openHow('absolute', O.RDONLY, RESOLVE.BENEATH);
  },
  'openat2 of unknown flags is EINVAL, of more than it knows E2BIG': (fs) => {
    fs.create('f');
    fs.fails('EINVAL').openHow('f', O.RDONLY, 0x4000_0000);
    fs.fails('EINVAL').openHow('f', 2 ** 35, 0);
    const how = Buffer.alloc(64);
    how.writeUInt8(1, 40);
    fs.fails('E2BIG').raw('openat2', AT.FDCWD, 'f', how, how.length);
    how.writeUInt8(0, 40);
    equal(fs.raw('openat2', AT.FDCWD, 'f', how, how.length) > 2, true);
  },
  'openat2 with a mode but without O_CREAT is EINVAL': (fs) => {
    fs.create('f');
    const how = Buffer.alloc(24);
    how.writeUInt32LE(0o600, 8);
    fs.fails('EINVAL').raw('openat2', AT.FDCWD, 'f', how, how.length);
  },
  'openat2 of a structure that is too small is EINVAL': (fs) => {
    fs.create('f');
    fs.fails('EINVAL').raw('openat2', AT.FDCWD, 'f', Buffer.alloc(24), 23);
  },
});
