// open but for O_CREAT and O_TMPFILE, and what an open file is.
import { deepEqual, equal } from 'node:assert/strict';
import { O, RESOLVE, S } from '../src/constants.ts';
import { asRoot, rules } from '../src/rules.ts';

export const openRules = rules('open', {
  'a name that is not there is ENOENT': (fs) => fs.fails('ENOENT').open('none', O.RDONLY),
  'an empty path is ENOENT': (fs) => fs.fails('ENOENT').open('', O.RDONLY),
  'a file with a slash at the end is ENOTDIR': (fs) => {
    fs.create('f');
    fs.fails('ENOTDIR').open('f/', O.RDONLY);
  },
  'a name below a file is ENOTDIR': (fs) => {
    fs.create('f');
    fs.fails('ENOTDIR').open('f/x', O.RDONLY);
  },
  'a directory for writing is EISDIR': (fs) => {
    fs.mkdir('d');
    fs.fails('EISDIR').open('d', O.WRONLY);
    fs.fails('EISDIR').open('d', O.RDWR);
  },
  'a directory with O_CREAT is EISDIR': (fs) => {
    fs.mkdir('d');
    fs.fails('EISDIR').open('d', O.RDONLY | O.CREAT);
  },
  'a directory with O_TRUNC is EISDIR': (fs) => {
    fs.mkdir('d');
    fs.fails('EISDIR').open('d', O.RDONLY | O.TRUNC);
  },
  'O_DIRECTORY of a file is ENOTDIR': (fs) => {
    fs.create('f');
    fs.fails('ENOTDIR').open('f', O.RDONLY | O.DIRECTORY);
  },
  'O_DIRECTORY | O_NOFOLLOW of a symbolic link to a directory is ENOTDIR': (fs) => {
    fs.mkdir('d');
    fs.symlink('d', 'l');
    fs.fails('ENOTDIR').open('l', O.RDONLY | O.DIRECTORY | O.NOFOLLOW);
  },
  'O_NOFOLLOW of a symbolic link is ELOOP': (fs) => {
    fs.create('f');
    fs.symlink('f', 'l');
    fs.fails('ELOOP').open('l', O.RDONLY | O.NOFOLLOW);
  },
  'O_NOFOLLOW follows symbolic links on the way': (fs) => {
    fs.mkdir('d');
    fs.create('d/f');
    fs.symlink('d', 'l');
    equal(fs.fstat(fs.open('l/f', O.RDONLY | O.NOFOLLOW)).ino, fs.stat('d/f').ino);
  },
  'O_PATH | O_NOFOLLOW gives a descriptor of a symbolic link': (fs) => {
    fs.symlink('none', 'l');
    const fd = fs.open('l', O.PATH | O.NOFOLLOW);
    equal(fs.fstat(fd).type, 'symlink');
  },
  'O_PATH needs no permission on the file, and cannot read it': (fs) => {
    fs.create('f', 'secret', 0o600);
    const alice = fs.as('alice');
    const fd = alice.open('f', O.PATH);
    equal(alice.fstat(fd).size, 6);
    alice.fails('EBADF').read(fd, 1);
  },
  'a symbolic link to itself is ELOOP': (fs) => {
    fs.symlink('l', 'l');
    fs.fails('ELOOP').open('l', O.RDONLY);
    fs.fails('ELOOP').open('l/x', O.RDONLY);
  },
  'forty symbolic links in a row are followed, forty-one are ELOOP': (fs) => {
    fs.create('l0');
    for (let n = 1; n <= 41; n++) fs.symlink(`l${n - 1}`, `l${n}`);
    fs.open('l40', O.RDONLY);
    fs.fails('ELOOP').open('l41', O.RDONLY);
  },
  'O_TRUNC empties the file': (fs) => {
    fs.create('f', 'content');
    fs.open('f', O.WRONLY | O.TRUNC);
    equal(fs.stat('f').size, 0);
    equal(fs.stat('f').blocks, 0);
  },
  'O_TRUNC for reading only empties it too': (fs) => {
    fs.create('f', 'content');
    fs.open('f', O.RDONLY | O.TRUNC);
    equal(fs.stat('f').size, 0);
  },
  'O_TRUNC without write permission is EACCES and leaves the content': (fs) => {
    fs.create('f', 'content', 0o444);
    fs.as('alice')
      .fails('EACCES')
      .open('f', O.RDONLY | O.TRUNC);
    equal(fs.content('f'), 'content');
  },
  'O_TRUNC changes mtime and ctime, of an empty file too': (fs) => {
    fs.create('f', 'content');
    equal(
      fs.touched('f', () => fs.open('f', O.WRONLY | O.TRUNC)),
      'mtime ctime',
    );
    equal(
      fs.touched('f', () => fs.open('f', O.WRONLY | O.TRUNC)),
      'mtime ctime',
    );
  },
  'it changes no times': (fs) => {
    fs.create('f', 'content');
    equal(
      fs.touched('f', () => fs.open('f', O.RDWR | O.APPEND)),
      '',
    );
  },
  'without read permission it is EACCES': (fs) => {
    fs.create('f', '', 0o622);
    fs.as('alice').fails('EACCES').open('f', O.RDONLY);
    fs.as('alice').fails('EACCES').open('f', O.RDWR);
    fs.as('alice').open('f', O.WRONLY);
  },
  'without write permission it is EACCES': (fs) => {
    fs.create('f', '', 0o644);
    fs.as('alice').fails('EACCES').open('f', O.WRONLY);
    fs.as('alice').open('f', O.RDONLY);
  },
  'without search permission on the way it is EACCES': (fs) => {
    fs.mkdir('d', 0o766);
    fs.create('d/f', '', 0o666);
    fs.as('alice').fails('EACCES').open('d/f', O.RDONLY);
    fs.as('alice').fails('EACCES').open('d/none', O.RDONLY);
  },
  'permission is asked at open and not again': (fs) => {
    fs.create('f', 'content', 0o644);
    const alice = fs.as('alice');
    const fd = alice.open('f', O.RDONLY);
    fs.chmod('f', 0);
    equal(alice.read(fd, 7).toString(), 'content');
  },
  'O_NOATIME by a stranger is EPERM': (fs) => {
    fs.create('f', '', 0o666);
    fs.as('alice')
      .fails('EPERM')
      .open('f', O.RDONLY | O.NOATIME);
  },
  'O_NOATIME by the owner leaves atime as it is': (fs) => {
    fs.create('f', 'content');
    const fd = fs.open('f', O.RDONLY | O.NOATIME);
    equal(
      fs.touched('f', () => fs.read(fd, 7)),
      '',
    );
  },
  'a FIFO for writing, without a reader and without waiting, is ENXIO': (fs) => {
    fs.mknod('p', S.IFIFO | 0o666);
    fs.fails('ENXIO').open('p', O.WRONLY | O.NONBLOCK);
  },
  'a FIFO carries bytes from one process to another': (fs) => {
    fs.mknod('p', S.IFIFO | 0o666);
    const other = fs.another();
    const reader = fs.open('p', O.RDONLY | O.NONBLOCK);
    const writer = other.open('p', O.WRONLY | O.NONBLOCK);
    other.write(writer, 'through');
    equal(fs.read(reader, 100).toString(), 'through');
  },
  'a socket is ENXIO': (fs) => {
    fs.mknod('s', S.IFSOCK | 0o666);
    fs.fails('ENXIO').open('s', O.RDONLY);
  },
  'a device node is the device': asRoot((fs) => {
    fs.mknod('zero', S.IFCHR | 0o666, 0x105);
    const fd = fs.open('zero', O.RDONLY);
    deepEqual(fs.read(fd, 3), Buffer.alloc(3));
  }),
  'a device node without a device is ENXIO': asRoot((fs) => {
    fs.mknod('none', S.IFCHR | 0o666, 0xfff0f);
    fs.fails('ENXIO').open('none', O.RDONLY);
  }),
  'a program that is open for writing cannot be run: ETXTBSY': (fs) => {
    fs.create('f', '#!/bin/true', 0o755);
    const fd = fs.open('f', O.WRONLY);
    fs.fails('ETXTBSY').run('./f');
    fs.close(fd);
    equal(fs.run('./f'), 0);
  },
  'a path from a directory descriptor begins there': (fs) => {
    fs.mkdir('d');
    fs.create('d/f', 'inner');
    const directory = fs.open('d', O.RDONLY | O.DIRECTORY);
    equal(fs.read(fs.openAt(directory, 'f', O.RDONLY), 9).toString(), 'inner');
  },
  'a path from a descriptor of a file is ENOTDIR': (fs) => {
    fs.create('f');
    const fd = fs.open('f', O.RDONLY);
    fs.fails('ENOTDIR').openAt(fd, 'x', O.RDONLY);
  },
  'a path from no descriptor is EBADF, an absolute one heeds none': (fs) => {
    fs.create('f');
    fs.fails('EBADF').openAt(1000, 'f', O.RDONLY);
    fs.openAt(1000, `${fs.directory}/f`, O.RDONLY);
  },
  'RESOLVE_BENEATH refuses to leave the directory: EXDEV': (fs) => {
    fs.mkdir('d');
    fs.fails('EXDEV').openHow('../x', O.RDONLY, RESOLVE.BENEATH);
    fs.fails('EXDEV').openHow('/', O.RDONLY, RESOLVE.BENEATH);
    fs.openHow('d/..', O.RDONLY, RESOLVE.BENEATH);
  },
  'RESOLVE_NO_SYMLINKS refuses symbolic links: ELOOP': (fs) => {
    fs.mkdir('d');
    fs.symlink('.', 'l');
    fs.fails('ELOOP').openHow('l/d', O.RDONLY, RESOLVE.NO_SYMLINKS);
    fs.openHow('d', O.RDONLY, RESOLVE.NO_SYMLINKS);
  },
  'one open file has one position, two have two': (fs) => {
    fs.create('f', 'abcdef');
    const first = fs.open('f', O.RDONLY);
    const second = fs.open('f', O.RDONLY);
    equal(fs.read(first, 2).toString(), 'ab');
    equal(fs.read(second, 3).toString(), 'abc');
    equal(fs.read(first, 2).toString(), 'cd');
  },
  'a duplicate shares the position': (fs) => {
    fs.create('f', 'abcdef');
    const first = fs.open('f', O.RDONLY);
    const second = fs.dup(first);
    fs.read(first, 2);
    equal(fs.read(second, 2).toString(), 'cd');
    fs.close(first);
    equal(fs.read(second, 2).toString(), 'ef');
  },
  'an open file keeps its place when it gets another name': (fs) => {
    fs.create('f', 'old');
    const fd = fs.open('f', O.RDWR);
    fs.rename('f', 'g');
    fs.create('f', 'new');
    equal(fs.read(fd, 3).toString(), 'old');
    equal(fs.fstat(fd).ino, fs.stat('g').ino);
  },
});
