// utimensat, and which calls change which times.
import { deepEqual, equal } from 'node:assert/strict';
import type { Client } from '../src/client.ts';
import { FALLOCATE, O } from '../src/constants.ts';
import { asRoot, rules } from '../src/rules.ts';

const second = 1_000_000_000n;

const timesOf = (fs: Client, path: string) => {
  const { atime, mtime } = fs.lstat(path);
  return [atime, mtime];
};

export const utimesRules = rules('utimensat', {
  'sets both times': (fs) => {
    fs.create('f');
    fs.utimes('f', 5n * second, 7n * second);
    deepEqual(timesOf(fs, 'f'), [5n * second, 7n * second]);
  },
  'sets them to the nanosecond': (fs) => {
    fs.create('f');
    fs.utimes('f', 1_234_567_890_123_456_789n, 999_999_999n);
    deepEqual(timesOf(fs, 'f'), [1_234_567_890_123_456_789n, 999_999_999n]);
  },
  'takes times before 1970 and after 2038': (fs) => {
    fs.create('f');
    fs.utimes('f', -100n * second, (1n << 33n) * second);
    deepEqual(timesOf(fs, 'f'), [-100n * second, (1n << 33n) * second]);
  },
  'UTIME_OMIT leaves a time as it is': (fs) => {
    fs.create('f');
    fs.utimes('f', 5n * second, 7n * second);
    fs.utimes('f', 'omit', 8n * second);
    deepEqual(timesOf(fs, 'f'), [5n * second, 8n * second]);
    fs.utimes('f', 9n * second, 'omit');
    deepEqual(timesOf(fs, 'f'), [9n * second, 8n * second]);
  },
  'UTIME_NOW is the present': (fs) => {
    fs.create('f');
    fs.utimes('f', 5n * second, 7n * second);
    const { ctime } = fs.stat('f');
    fs.tick();
    fs.utimes('f', 'now', 'now');
    const { atime, mtime } = fs.stat('f');
    deepEqual([atime > ctime, mtime === atime], [true, true]);
  },
  'UTIME_OMIT for both changes nothing': (fs) => {
    fs.create('f');
    equal(
      fs.touched('f', () => fs.utimes('f', 'omit', 'omit')),
      '',
    );
  },
  'changes ctime to the present': (fs) => {
    fs.create('f');
    const { ctime } = fs.stat('f');
    fs.tick();
    fs.utimes('f', 5n * second, 5n * second);
    equal(fs.stat('f').ctime > ctime, true);
  },
  'follows symbolic links, with AT_SYMLINK_NOFOLLOW it does not': (fs) => {
    fs.create('f');
    fs.symlink('f', 'l');
    fs.utimes('l', 5n * second, 5n * second);
    fs.lutimes('l', 6n * second, 7n * second);
    deepEqual(timesOf(fs, 'f'), [5n * second, 5n * second]);
    deepEqual(timesOf(fs, 'l'), [6n * second, 7n * second]);
  },
  'of a descriptor is of its file': (fs) => {
    fs.create('f');
    fs.futimes(fs.open('f', O.RDONLY), 5n * second, 6n * second);
    deepEqual(timesOf(fs, 'f'), [5n * second, 6n * second]);
  },
  'of a directory': (fs) => {
    fs.mkdir('d');
    fs.utimes('d', 5n * second, 6n * second);
    deepEqual(timesOf(fs, 'd'), [5n * second, 6n * second]);
  },
  'leaves the time of birth': (fs) => {
    fs.create('f');
    const { btime } = fs.stat('f');
    fs.utimes('f', 5n * second, 5n * second);
    equal(fs.stat('f').btime, btime);
    equal(fs.stat('f').mtime, 5n * second);
  },
  'of a name that is not there is ENOENT': (fs) => fs.fails('ENOENT').utimes('none', 0n, 0n),
  'below a file is ENOTDIR, of a loop ELOOP': (fs) => {
    fs.create('f');
    fs.symlink('l', 'l');
    fs.fails('ENOTDIR').utimes('f/x', 0n, 0n);
    fs.fails('ELOOP').utimes('l', 0n, 0n);
  },
  'of no descriptor is EBADF': (fs) => fs.fails('EBADF').futimes(1000, 0n, 0n),
  'to a time by a stranger is EPERM, whatever the mode': (fs) => {
    fs.create('f', '', 0o666);
    fs.as('alice')
      .fails('EPERM')
      .utimes('f', 5n * second, 5n * second);
    fs.as('alice').fails('EPERM').utimes('f', 'now', 'omit');
  },
  'to the present by a stranger needs write permission: EACCES': (fs) => {
    fs.create('f', '', 0o644);
    fs.create('g', '', 0o666);
    fs.as('alice').fails('EACCES').utimes('f', 'now', 'now');
    equal(
      fs.touched('g', () => fs.as('alice').utimes('g', 'now', 'now')),
      'atime mtime ctime',
    );
  },
  'by the owner needs no permission on the file': (fs) => {
    const alice = fs.as('alice');
    alice.create('f', '', 0);
    alice.utimes('f', 5n * second, 5n * second);
    equal(fs.stat('f').mtime, 5n * second);
  },
});

const restAtime = (fs: Client, path: string) => fs.utimes(path, 5n * second, 'now');

export const timeRules = rules('times', {
  'read changes atime where it is older than mtime': (fs) => {
    fs.create('f', 'content');
    fs.utimes('f', 5n * second, 7n * second);
    const fd = fs.open('f', O.RDONLY);
    equal(
      fs.touched('f', () => fs.read(fd, 7)),
      'atime',
    );
  },
  'write changes mtime and ctime': (fs) => {
    fs.create('f', 'content');
    const fd = fs.open('f', O.WRONLY);
    equal(
      fs.touched('f', () => fs.write(fd, 'x')),
      'mtime ctime',
    );
  },
  'writes into a large file change mtime and ctime, also the second to a page': (fs) => {
    fs.create('f', 'x'.repeat(200_000));
    for (const flags of [O.WRONLY, O.RDWR]) {
      const fd = fs.open('f', flags);
      for (const offset of [0, 0, 4090, 4090, 199_999]) {
        equal(
          fs.touched('f', () => fs.pwrite(fd, 'written', offset)),
          'mtime ctime',
        );
      }
    }
  },
  'write of nothing changes none': (fs) => {
    fs.create('f', 'content');
    const fd = fs.open('f', O.WRONLY);
    equal(
      fs.touched('f', () => fs.write(fd, '')),
      '',
    );
    equal(fs.write(fd, 'C'), 1);
    equal(fs.content('f'), 'Content');
  },
  'truncate changes mtime and ctime, also to the same size': (fs) => {
    fs.create('f', 'content');
    equal(
      fs.touched('f', () => fs.truncate('f', 3)),
      'mtime ctime',
    );
    equal(
      fs.touched('f', () => fs.truncate('f', 3)),
      'mtime ctime',
    );
  },
  'ftruncate changes mtime and ctime': (fs) => {
    fs.create('f', 'content');
    const fd = fs.open('f', O.WRONLY);
    equal(
      fs.touched('f', () => fs.ftruncate(fd, 3)),
      'mtime ctime',
    );
    equal(
      fs.touched('f', () => fs.ftruncate(fd, 10)),
      'mtime ctime',
    );
  },
  'fallocate that grows changes mtime and ctime': (fs) => {
    fs.create('f', 'content');
    const fd = fs.open('f', O.WRONLY);
    equal(
      fs.touched('f', () => fs.fallocate(fd, 0, 0, 10_000)),
      'mtime ctime',
    );
  },
  'a punched hole changes mtime and ctime': (fs) => {
    fs.create('f', 'x'.repeat(10_000));
    const fd = fs.open('f', O.WRONLY);
    const mode = FALLOCATE.PUNCH_HOLE | FALLOCATE.KEEP_SIZE;
    equal(
      fs.touched('f', () => fs.fallocate(fd, mode, 0, 4096)),
      'mtime ctime',
    );
  },
  'copy_file_range changes mtime and ctime of the target': (fs) => {
    fs.create('f', 'content');
    fs.create('g');
    const [from, to] = [fs.open('f', O.RDONLY), fs.open('g', O.WRONLY)];
    equal(
      fs.touched('g', () => fs.copyFileRange(from, 0, to, 0, 7)),
      'mtime ctime',
    );
  },
  'stat, access and open change none': (fs) => {
    fs.create('f', 'content');
    equal(
      fs.touched('f', () => {
        fs.stat('f');
        fs.access('f', 4);
        fs.close(fs.open('f', O.RDONLY));
      }),
      '',
    );
    equal(fs.stat('f').size, 7);
  },
  'link changes ctime of the file': (fs) => {
    fs.create('f');
    equal(
      fs.touched('f', () => fs.link('f', 'g')),
      'ctime',
    );
  },
  'link and symlink change mtime and ctime of the directory': (fs) => {
    fs.create('f');
    fs.mkdir('d');
    equal(
      fs.touched('d', () => fs.link('f', 'd/g')),
      'mtime ctime',
    );
    equal(
      fs.touched('d', () => fs.symlink('f', 'd/l')),
      'mtime ctime',
    );
  },
  'setxattr and removexattr change ctime': (fs) => {
    fs.create('f');
    equal(
      fs.touched('f', () => fs.setxattr('f', 'user.a', '1')),
      'ctime',
    );
    equal(
      fs.touched('f', () => fs.removexattr('f', 'user.a')),
      'ctime',
    );
  },
  'getxattr and listxattr change none': (fs) => {
    fs.create('f');
    fs.setxattr('f', 'user.a', '1');
    equal(
      fs.touched('f', () => {
        equal(fs.getxattr('f', 'user.a').toString(), '1');
        deepEqual(fs.listxattr('f'), ['user.a']);
      }),
      '',
    );
  },
  'readdir changes atime of the directory where it is older than mtime': (fs) => {
    fs.mkdir('d');
    fs.create('d/f');
    restAtime(fs, 'd');
    equal(
      fs.touched('d', () => fs.list('d')),
      'atime',
    );
  },
  'readlink changes atime of the link where it is older than mtime': (fs) => {
    fs.symlink('target', 'l');
    fs.lutimes('l', 5n * second, 'now');
    equal(
      fs.touched('l', () => fs.readlink('l')),
      'atime',
    );
  },
  'a new name in a directory below does not touch the one above': (fs) => {
    fs.mkdir('d');
    fs.mkdir('d/e');
    equal(
      fs.touched('d', () => fs.create('d/e/f')),
      '',
    );
    equal(fs.exists('d/e/f'), true);
  },
  'never change the time of birth': asRoot((fs) => {
    fs.create('f');
    const { btime } = fs.stat('f');
    fs.tick();
    fs.write(fs.open('f', O.WRONLY), 'x');
    fs.chmod('f', 0o600);
    fs.rename('f', 'g');
    const after = fs.stat('g');
    deepEqual([after.btime, after.mtime > btime], [btime, true]);
  }),
});
