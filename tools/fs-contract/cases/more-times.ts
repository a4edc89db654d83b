// Which times calls change, for all kinds of files; how times are kept.
import { deepEqual, equal } from 'node:assert/strict';
import type { Client } from '../src/client.ts';
import { FALLOCATE, O, RENAME, RWF, S } from '../src/constants.ts';
import { asRoot, rules } from '../src/rules.ts';

const second = 1_000_000_000n;

/** What a call on `f` changes; `fd` is `f`, for reading and writing. */
type Change = (fs: Client, fd: number) => void;

const changes: Readonly<Record<string, [changed: string, change: Change]>> = {
  pwrite: ['mtime ctime', (fs, fd) => fs.pwrite(fd, 'x', 0)],
  writev: ['mtime ctime', (fs, fd) => fs.writev(fd, ['x', 'y'])],
  'pwritev2 with RWF_APPEND': ['mtime ctime', (fs, fd) => fs.pwriteWith(fd, 'x', 0, RWF.APPEND)],
  'a write with O_APPEND': [
    'mtime ctime',
    (fs) => fs.write(fs.open('f', O.WRONLY | O.APPEND), 'x'),
  ],
  'a write with O_DIRECT': [
    'mtime ctime',
    (fs) => fs.write(fs.open('f', O.WRONLY | O.DIRECT), Buffer.alloc(4096)),
  ],
  'fallocate within the file': ['mtime ctime', (fs, fd) => fs.fallocate(fd, 0, 0, 4)],
  'fallocate with KEEP_SIZE': [
    'mtime ctime',
    (fs, fd) => fs.fallocate(fd, FALLOCATE.KEEP_SIZE, 0, 10_000),
  ],
  'ftruncate to the same size': ['mtime ctime', (fs, fd) => fs.ftruncate(fd, 7)],
  chmod: ['ctime', (fs) => fs.chmod('f', 0o600)],
  fchmod: ['ctime', (fs, fd) => fs.fchmod(fd, 0o600)],
  fchown: ['ctime', (fs, fd) => fs.fchown(fd, 7, 7)],
  fsetxattr: ['ctime', (fs, fd) => fs.fsetxattr(fd, 'user.a', '1')],
  link: ['ctime', (fs) => fs.link('f', 'g')],
  rename: ['', (fs) => fs.rename('f', 'g')],
  'O_TRUNC of an empty file': [
    'mtime ctime',
    (fs, fd) => {
      fs.ftruncate(fd, 0);
      fs.open('f', O.WRONLY | O.TRUNC);
    },
  ],
  lseek: ['', (fs, fd) => fs.lseek(fd, 3, 0)],
  flock: ['', (fs, fd) => fs.flock(fd, 2)],
  'a lock': ['', (fs, fd) => fs.lock(fd, 'write')],
  close: ['', (fs, fd) => fs.close(fd)],
  'a refused chmod': ['', (fs) => fs.as('alice').fails('EPERM').chmod('f', 0o600)],
  'a refused setxattr': ['', (fs) => fs.fails('ENODATA').removexattr('f', 'user.none')],
  'a refused truncate': ['', (fs) => fs.fails('EINVAL').truncate('f', -1)],
};

const each = Object.entries(changes)
  .filter(([name]) => name !== 'rename')
  .map(([name, [changed, change]]) => [
    `${name} changes ${changed || 'none'}`,
    asRoot((fs) => {
      fs.create('f', 'content');
      const fd = fs.open('f', O.RDWR);
      equal(
        fs.touched('f', () => change(fs, fd)),
        changed,
      );
      equal(fs.stat('f').type, 'file');
    }),
  ]);

/** Calls that change the directory `d` that they are made in. */
const ofDirectory: Readonly<Record<string, [changed: string, change: (fs: Client) => void]>> = {
  'open with O_CREAT': ['mtime ctime', (fs) => fs.open('d/new', O.WRONLY | O.CREAT)],
  mkdir: ['mtime ctime', (fs) => fs.mkdir('d/new')],
  symlink: ['mtime ctime', (fs) => fs.symlink('x', 'd/new')],
  mknod: ['mtime ctime', (fs) => fs.mknod('d/new', S.IFIFO | 0o600)],
  link: ['mtime ctime', (fs) => fs.link('d/f', 'd/new')],
  unlink: ['mtime ctime', (fs) => fs.unlink('d/f')],
  rmdir: ['mtime ctime', (fs) => fs.rmdir('d/e')],
  'rename within it': ['mtime ctime', (fs) => fs.rename('d/f', 'd/g')],
  'renameat2 EXCHANGE': ['mtime ctime', (fs) => fs.rename('d/f', 'd/e', RENAME.EXCHANGE)],
  'linkat of an O_TMPFILE': [
    'mtime ctime',
    (fs) => {
      const fd = fs.open('d', O.TMPFILE | O.RDWR);
      fs.linkWith(`/proc/self/fd/${fd}`, 'd/new', 0x400);
    },
  ],
  chmod: ['ctime', (fs) => fs.chmod('d', 0o700)],
  setxattr: ['ctime', (fs) => fs.setxattr('d', 'user.a', '1')],
  'a write to a file in it': ['', (fs) => fs.write(fs.open('d/f', O.WRONLY), 'x')],
  'chmod of a file in it': ['', (fs) => fs.chmod('d/f', 0o600)],
  'a lookup in vain': ['', (fs) => fs.fails('ENOENT').stat('d/none')],
  'a refused link': ['', (fs) => fs.fails('EEXIST').link('d/f', 'd/e')],
  'a refused rename': ['', (fs) => fs.fails('EISDIR').rename('d/f', 'd/e')],
};

const eachOfDirectory = Object.entries(ofDirectory).map(([name, [changed, change]]) => [
  `of a directory: ${name} changes ${changed || 'none'}`,
  (fs: Client) => {
    fs.mkdir('d');
    fs.create('d/f');
    fs.mkdir('d/e');
    equal(
      fs.touched('d', () => change(fs)),
      changed,
    );
    equal(fs.stat('d').type, 'directory');
  },
]);

/** `f`, whose atime is older than its mtime, and a target. */
function copied(fs: Client): [from: number, to: number] {
  fs.create('f', 'content');
  fs.utimes('f', 5n * second, 7n * second);
  return [fs.open('f', O.RDONLY), fs.open('to', O.RDWR | O.CREAT)];
}

export const moreTimeRules = rules('times', {
  ...Object.fromEntries([...each, ...eachOfDirectory]),
  'read does not change an atime that is newer than mtime and of today': (fs) => {
    fs.create('f', 'content');
    fs.tick();
    fs.content('f');
    equal(
      fs.touched('f', () => fs.content('f')),
      '',
    );
    equal(fs.content('f'), 'content');
  },
  'read changes an atime that is older than a day': (fs) => {
    fs.create('f', 'content');
    const yesterday = (BigInt(Date.now()) / 1000n - 90_000n) * second;
    fs.utimes('f', yesterday, yesterday - second);
    equal(
      fs.touched('f', () => fs.content('f')),
      'atime',
    );
  },
  'a mapping that is read changes atime where it is older than mtime': (fs) => {
    fs.create('f', 'content');
    fs.utimes('f', 5n * second, 7n * second);
    const fd = fs.open('f', O.RDONLY);
    equal(
      fs.touched('f', () => fs.peek(fs.mmap(fd, 4096, 1), 1)),
      'atime',
    );
  },
  'sendfile changes atime of the source where it is older than mtime': (fs) => {
    const [from, to] = copied(fs);
    equal(
      fs.touched('f', () => fs.sendfile(to, from, 0, 7)),
      'atime',
    );
  },
  'copy_file_range changes atime of the source where it is older than mtime': (fs) => {
    const [from, to] = copied(fs);
    equal(
      fs.touched('f', () => fs.copyFileRange(from, 0, to, 0, 7)),
      'atime',
    );
  },
  'a rename of a directory to another parent changes its ctime alone': (fs) => {
    fs.mkdir('a');
    fs.mkdir('a/d');
    const before = fs.stat('a/d');
    fs.tick();
    fs.rename('a/d', 'd');
    const after = fs.stat('d');
    deepEqual([after.mtime, after.ctime > before.ctime], [before.mtime, true]);
  },
  'one call gives mtime and ctime the same instant': (fs) => {
    fs.create('f');
    fs.tick();
    fs.write(fs.open('f', O.WRONLY), 'x');
    const { mtime, ctime } = fs.stat('f');
    equal(mtime, ctime);
    equal(fs.stat('f').size, 1);
  },
  'later calls never give earlier times': (fs) => {
    let last = 0n;
    for (let n = 0; n < 20; n++) {
      fs.create(`f${n}`);
      const { ctime } = fs.stat(`f${n}`);
      equal(ctime >= last && ctime > 0n, true);
      last = ctime;
    }
  },
  'of a symbolic link are its own': (fs) => {
    fs.create('f', 'content');
    fs.symlink('f', 'l');
    fs.tick();
    // Whoever follows it reads it.
    fs.stat('l');
    equal(
      fs.touched('l', () => fs.pwrite(fs.open('l', O.WRONLY), 'x', 0)),
      '',
    );
    equal(fs.content('f'), 'xontent');
  },
  'of a FIFO can be set': (fs) => {
    fs.mknod('p', S.IFIFO | 0o600);
    fs.utimes('p', 5n * second, 6n * second);
    const { atime, mtime } = fs.stat('p');
    deepEqual([atime, mtime], [5n * second, 6n * second]);
  },
  'utimensat sets one to the present and the other to a time': (fs) => {
    fs.create('f');
    const { ctime } = fs.stat('f');
    fs.tick();
    fs.utimes('f', 'now', 5n * second);
    const { atime, mtime } = fs.stat('f');
    deepEqual([atime > ctime, mtime], [true, 5n * second]);
  },
  'utimensat is kept when the file is closed after a write': (fs) => {
    const fd = fs.open('f', O.RDWR | O.CREAT);
    fs.write(fd, 'content');
    fs.futimes(fd, 5n * second, 6n * second);
    fs.close(fd);
    const { atime, mtime } = fs.stat('f');
    deepEqual([atime, mtime], [5n * second, 6n * second]);
  },
  'utimensat is kept when another process reads': (fs) => {
    const other = fs.another();
    fs.create('f', 'content');
    fs.utimes('f', 'now', 6n * second);
    equal(other.content('f'), 'content');
    equal(fs.stat('f').mtime, 6n * second);
  },
});
