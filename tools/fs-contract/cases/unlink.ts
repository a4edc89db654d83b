import { deepEqual, equal } from 'node:assert/strict';
import { O, S } from '../src/constants.ts';
import { asRoot, rules } from '../src/rules.ts';

export const unlinkRules = rules('unlink', {
  'the name is gone': (fs) => {
    fs.create('f');
    fs.unlink('f');
    fs.fails('ENOENT').stat('f');
    deepEqual(fs.list(), []);
  },
  'a name that is not there is ENOENT': (fs) => fs.fails('ENOENT').unlink('none'),
  'an empty path is ENOENT': (fs) => fs.fails('ENOENT').unlink(''),
  'a name below a file is ENOTDIR': (fs) => {
    fs.create('f');
    fs.fails('ENOTDIR').unlink('f/x');
  },
  'a file with a slash at the end is ENOTDIR': (fs) => {
    fs.create('f');
    fs.fails('ENOTDIR').unlink('f/');
    equal(fs.exists('f'), true);
  },
  'a directory is EISDIR': (fs) => {
    fs.mkdir('d');
    fs.fails('EISDIR').unlink('d');
    fs.fails('EISDIR').unlink('d/');
    equal(fs.exists('d'), true);
  },
  'a symbolic link goes, its target stays': (fs) => {
    fs.create('f', 'content');
    fs.symlink('f', 'l');
    fs.unlink('l');
    equal(fs.content('f'), 'content');
  },
  'a symbolic link to a directory goes': (fs) => {
    fs.mkdir('d');
    fs.symlink('d', 'l');
    fs.unlink('l');
    deepEqual(fs.list(), ['d']);
  },
  'FIFOs, sockets and devices go': asRoot((fs) => {
    fs.mknod('fifo', S.IFIFO | 0o600);
    fs.mknod('socket', S.IFSOCK | 0o600);
    fs.mknod('device', S.IFCHR | 0o600, 0x103);
    for (const name of ['fifo', 'socket', 'device']) {
      fs.unlink(name);
      fs.fails('ENOENT').lstat(name);
    }
    deepEqual(fs.list(), []);
  }),
  'a loop of symbolic links on the way is ELOOP': (fs) => {
    fs.symlink('l', 'l');
    fs.fails('ELOOP').unlink('l/x');
    fs.unlink('l');
  },
  'an open file lives on without a name': (fs) => {
    fs.create('f', 'content');
    const fd = fs.open('f', O.RDWR);
    fs.unlink('f');
    equal(fs.fstat(fd).nlink, 0);
    equal(fs.pread(fd, 100, 0).toString(), 'content');
    equal(fs.exists('f'), false);
  },
  'an open file without a name can be written, grown, cut and changed': (fs) => {
    fs.create('f');
    const fd = fs.open('f', O.RDWR);
    fs.unlink('f');
    fs.write(fd, 'x'.repeat(100_000));
    equal(fs.fstat(fd).size, 100_000);
    fs.ftruncate(fd, 5);
    fs.fchmod(fd, 0o600);
    equal(fs.pread(fd, 10, 0).toString(), 'xxxxx');
    equal(fs.fstat(fd).mode, 0o600);
  },
  'an open file does not mix with another of its name': (fs) => {
    fs.create('f', 'old');
    const fd = fs.open('f', O.RDWR);
    const { ino } = fs.fstat(fd);
    fs.unlink('f');
    fs.create('f', 'new');
    equal(fs.pread(fd, 9, 0).toString(), 'old');
    equal(fs.stat('f').ino === ino, false);
  },
  'one of two names leaves the other, with one link': (fs) => {
    fs.create('f', 'content');
    fs.link('f', 'g');
    fs.unlink('f');
    equal(fs.content('g'), 'content');
    equal(fs.stat('g').nlink, 1);
  },
  'it changes ctime of the file': (fs) => {
    fs.create('f');
    fs.link('f', 'g');
    equal(
      fs.touched('g', () => fs.unlink('f')),
      'ctime',
    );
  },
  'it changes mtime and ctime of the directory': (fs) => {
    fs.mkdir('d');
    fs.create('d/f');
    equal(
      fs.touched('d', () => fs.unlink('d/f')),
      'mtime ctime',
    );
  },
  'refused, it changes no times': (fs) => {
    fs.mkdir('d');
    fs.mkdir('d/e');
    equal(
      fs.touched('d', () => fs.fails('EISDIR').unlink('d/e')),
      '',
    );
  },
  'it needs no permission on the file': (fs) => {
    fs.create('f', '', 0);
    fs.as('alice').unlink('f');
    fs.fails('ENOENT').lstat('f');
  },
  'without write permission on the directory it is EACCES': (fs) => {
    fs.mkdir('d', 0o755);
    fs.create('d/f', '', 0o666);
    fs.as('alice').fails('EACCES').unlink('d/f');
  },
  'without search permission on the directory it is EACCES': asRoot((fs) => {
    fs.mkdir('d', 0o666);
    fs.create('d/f', '', 0o666);
    fs.as('alice').fails('EACCES').unlink('d/f');
  }),
});

export const rmdirRules = rules('rmdir', {
  'an empty directory is gone': (fs) => {
    fs.mkdir('d');
    fs.rmdir('d');
    fs.fails('ENOENT').stat('d');
  },
  'a slash at the end is allowed': (fs) => {
    fs.mkdir('d');
    fs.rmdir('d/');
    equal(fs.exists('d'), false);
  },
  'a name that is not there is ENOENT': (fs) => fs.fails('ENOENT').rmdir('none'),
  'a directory with a file in it is ENOTEMPTY': (fs) => {
    fs.mkdir('d');
    fs.create('d/f');
    fs.fails('ENOTEMPTY').rmdir('d');
  },
  'a directory with a directory in it is ENOTEMPTY': (fs) => {
    fs.mkdir('d');
    fs.mkdir('d/e');
    fs.fails('ENOTEMPTY').rmdir('d');
  },
  'a directory with a dangling symbolic link in it is ENOTEMPTY': (fs) => {
    fs.mkdir('d');
    fs.symlink('none', 'd/l');
    fs.fails('ENOTEMPTY').rmdir('d');
  },
  'a file is ENOTDIR': (fs) => {
    fs.create('f');
    fs.fails('ENOTDIR').rmdir('f');
  },
  'a symbolic link to a directory is ENOTDIR': (fs) => {
    fs.mkdir('d');
    fs.symlink('d', 'l');
    fs.fails('ENOTDIR').rmdir('l');
    equal(fs.exists('d'), true);
  },
  'a dot at the end is EINVAL': (fs) => {
    fs.mkdir('d');
    fs.fails('EINVAL').rmdir('d/.');
  },
  'two dots at the end are ENOTEMPTY': (fs) => {
    fs.mkdir('d');
    fs.mkdir('d/e');
    fs.fails('ENOTEMPTY').rmdir('d/e/..');
  },
  'a name below a file is ENOTDIR': (fs) => {
    fs.create('f');
    fs.fails('ENOTDIR').rmdir('f/d');
  },
  'it takes a link off the parent': (fs) => {
    fs.mkdir('d');
    fs.mkdir('d/e');
    equal(fs.stat('d').nlink, 3);
    fs.rmdir('d/e');
    equal(fs.stat('d').nlink, 2);
  },
  'it changes mtime and ctime of the parent': (fs) => {
    fs.mkdir('d');
    fs.mkdir('d/e');
    equal(
      fs.touched('d', () => fs.rmdir('d/e')),
      'mtime ctime',
    );
  },
  'without write permission on the parent it is EACCES': (fs) => {
    fs.mkdir('d', 0o755);
    fs.mkdir('d/e', 0o777);
    fs.as('alice').fails('EACCES').rmdir('d/e');
  },
  'an open directory lives on without links, and without entries: ENOENT': (fs) => {
    fs.mkdir('d');
    const fd = fs.open('d', O.RDONLY | O.DIRECTORY);
    fs.rmdir('d');
    equal(fs.fstat(fd).nlink, 0);
    fs.fails('ENOENT').getdents(fd, 1000);
  },
  'a removed working directory has no names: ENOENT': (fs) => {
    fs.mkdir('d');
    fs.chdir('d');
    fs.rmdir('../d');
    fs.fails('ENOENT').create('f');
    fs.fails('ENOENT').mkdir('e');
    equal(fs.stat('.').nlink, 0);
  },
});
