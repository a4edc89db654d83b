import { deepEqual, equal } from 'node:assert/strict';
import { O, S } from '../src/constants.ts';
import { asRoot, rules } from '../src/rules.ts';

export const renameRules = rules('rename', {
  'gives a file another name': (fs) => {
    fs.create('a', 'content');
    const { ino } = fs.stat('a');
    fs.rename('a', 'b');
    deepEqual(fs.list(), ['b']);
    equal(fs.stat('b').ino, ino);
    equal(fs.content('b'), 'content');
  },
  'replaces a file, which loses its name': (fs) => {
    fs.create('a', 'new');
    fs.create('b', 'old');
    const fd = fs.open('b', O.RDONLY);
    fs.rename('a', 'b');
    equal(fs.content('b'), 'new');
    equal(fs.fstat(fd).nlink, 0);
    equal(fs.read(fd, 9).toString(), 'old');
  },
  'replaces one of two names of a file': (fs) => {
    fs.create('a', 'new');
    fs.create('b', 'old');
    fs.link('b', 'c');
    fs.rename('a', 'b');
    equal(fs.stat('c').nlink, 1);
    equal(fs.content('c'), 'old');
  },
  'moves a directory with all that is in it': (fs) => {
    fs.mkdir('a');
    fs.mkdir('a/d');
    fs.create('a/d/f', 'content');
    fs.mkdir('b');
    fs.rename('a/d', 'b/e');
    equal(fs.content('b/e/f'), 'content');
    deepEqual(fs.list('a'), []);
  },
  'replaces an empty directory with a directory': (fs) => {
    fs.mkdir('a');
    fs.create('a/f');
    fs.mkdir('b');
    fs.rename('a', 'b');
    deepEqual(fs.list('b'), ['f']);
    deepEqual(fs.list(), ['b']);
  },
  'onto a non-empty directory is ENOTEMPTY': (fs) => {
    fs.mkdir('a');
    fs.mkdir('b');
    fs.create('b/f');
    fs.fails('ENOTEMPTY').rename('a', 'b');
  },
  'of a directory onto a file is ENOTDIR': (fs) => {
    fs.mkdir('a');
    fs.create('b');
    fs.fails('ENOTDIR').rename('a', 'b');
  },
  'of a file onto a directory is EISDIR': (fs) => {
    fs.create('a');
    fs.mkdir('b');
    fs.fails('EISDIR').rename('a', 'b');
  },
  'of a directory into itself is EINVAL': (fs) => {
    fs.mkdir('a');
    fs.mkdir('a/b');
    fs.fails('EINVAL').rename('a', 'a/c');
    fs.fails('EINVAL').rename('a', 'a/b/c');
  },
  'onto an ancestor is ENOTEMPTY': (fs) => {
    fs.mkdir('a');
    fs.mkdir('a/b');
    fs.create('a/b/f');
    fs.fails('ENOTEMPTY').rename('a/b', 'a');
    fs.fails('ENOTEMPTY').rename('a/b/f', 'a');
  },
  'of a name that is not there is ENOENT': (fs) => {
    fs.create('b');
    fs.fails('ENOENT').rename('a', 'b');
    fs.fails('ENOENT').rename('a', 'c');
  },
  'into a directory that is not there is ENOENT': (fs) => {
    fs.create('a');
    fs.fails('ENOENT').rename('a', 'none/a');
  },
  'of or to an empty path is ENOENT': (fs) => {
    fs.create('a');
    fs.fails('ENOENT').rename('', 'b');
    fs.fails('ENOENT').rename('a', '');
  },
  'from or to below a file is ENOTDIR': (fs) => {
    fs.create('a');
    fs.create('f');
    fs.fails('ENOTDIR').rename('f/x', 'b');
    fs.fails('ENOTDIR').rename('a', 'f/x');
  },
  'of a file to a name with a slash at the end is ENOTDIR': (fs) => {
    fs.create('a');
    fs.fails('ENOTDIR').rename('a', 'b/');
    fs.fails('ENOTDIR').rename('a/', 'b');
  },
  'of a directory to a name with a slash at the end is allowed': (fs) => {
    fs.mkdir('a');
    fs.rename('a/', 'b/');
    deepEqual(fs.list(), ['b']);
  },
  'of dots is EBUSY': (fs) => {
    fs.mkdir('d');
    fs.fails('EBUSY').rename('d/.', 'e');
    fs.fails('EBUSY').rename('d/..', 'e');
    fs.mkdir('e');
    fs.fails('EBUSY').rename('e', 'd/.');
  },
  'onto the same name does nothing': (fs) => {
    fs.create('a', 'content');
    equal(
      fs.touched('a', () => fs.rename('a', 'a')),
      '',
    );
    equal(fs.content('a'), 'content');
  },
  'onto another name of the same file does nothing': (fs) => {
    fs.create('a');
    fs.link('a', 'b');
    fs.rename('a', 'b');
    deepEqual(fs.list(), ['a', 'b']);
    equal(fs.stat('a').nlink, 2);
  },
  'of a symbolic link moves the link': (fs) => {
    fs.create('f');
    fs.symlink('f', 'l');
    fs.rename('l', 'm');
    equal(fs.readlink('m'), 'f');
    equal(fs.exists('f'), true);
  },
  'onto a symbolic link replaces the link': (fs) => {
    fs.create('f', 'target');
    fs.create('a', 'new');
    fs.symlink('f', 'l');
    fs.rename('a', 'l');
    equal(fs.lstat('l').type, 'file');
    equal(fs.content('f'), 'target');
  },
  'of a directory onto a symbolic link to a directory is ENOTDIR': (fs) => {
    fs.mkdir('a');
    fs.mkdir('d');
    fs.symlink('d', 'l');
    fs.fails('ENOTDIR').rename('a', 'l');
  },
  'of FIFOs, sockets and devices keeps what they are': asRoot((fs) => {
    fs.mknod('p', S.IFIFO | 0o600);
    fs.mknod('c', S.IFCHR | 0o600, 0x103);
    fs.rename('p', 'q');
    fs.rename('c', 'd');
    equal(fs.lstat('q').type, 'fifo');
    equal(fs.lstat('d').rdev, 0x103);
  }),
  'through a loop of symbolic links is ELOOP': (fs) => {
    fs.symlink('l', 'l');
    fs.create('a');
    fs.fails('ELOOP').rename('l/x', 'b');
    fs.fails('ELOOP').rename('a', 'l/x');
  },
  'to another file system is EXDEV': (fs) => {
    fs.create('a');
    fs.fails('EXDEV').rename('a', `${fs.elsewhere}/a`);
    equal(fs.exists('a'), true);
  },
  'of a directory moves a link from parent to parent': (fs) => {
    fs.mkdir('a');
    fs.mkdir('b');
    fs.mkdir('a/d');
    fs.rename('a/d', 'b/d');
    deepEqual([fs.stat('a').nlink, fs.stat('b').nlink], [2, 3]);
  },
  'over an empty directory takes one link off the parent': (fs) => {
    fs.mkdir('a');
    fs.mkdir('a/d');
    fs.mkdir('a/e');
    fs.rename('a/d', 'a/e');
    equal(fs.stat('a').nlink, 3);
  },
  'changes ctime of what moves': (fs) => {
    fs.create('a');
    const before = fs.stat('a');
    fs.tick();
    fs.rename('a', 'b');
    const after = fs.stat('b');
    deepEqual([after.mtime, after.atime], [before.mtime, before.atime]);
    equal(after.ctime > before.ctime, true);
  },
  'changes mtime and ctime of the old directory': (fs) => {
    fs.mkdir('a');
    fs.create('a/f');
    equal(
      fs.touched('a', () => fs.rename('a/f', 'f')),
      'mtime ctime',
    );
  },
  'changes mtime and ctime of the new directory': (fs) => {
    fs.mkdir('b');
    fs.create('f');
    equal(
      fs.touched('b', () => fs.rename('f', 'b/f')),
      'mtime ctime',
    );
  },
  'changes ctime of a replaced file that has another name': (fs) => {
    fs.create('a');
    fs.create('b');
    fs.link('b', 'c');
    equal(
      fs.touched('c', () => fs.rename('a', 'b')),
      'ctime',
    );
  },
  'without write permission on the old directory is EACCES': (fs) => {
    fs.mkdir('d', 0o755);
    fs.create('d/f', '', 0o666);
    fs.as('alice').fails('EACCES').rename('d/f', 'f');
  },
  'without write permission on the new directory is EACCES': (fs) => {
    fs.mkdir('d', 0o755);
    fs.create('f', '', 0o666);
    fs.as('alice').fails('EACCES').rename('f', 'd/f');
  },
  'without search permission on either directory is EACCES': (fs) => {
    fs.mkdir('d', 0o666);
    fs.create('f', '', 0o666);
    fs.as('alice').fails('EACCES').rename('f', 'd/f');
    fs.as('alice').fails('EACCES').rename('d/f', 'g');
  },
  'of a directory that the caller may not write, to another parent, is EACCES': (fs) => {
    fs.mkdir('a', 0o777);
    fs.mkdir('b', 0o777);
    fs.mkdir('a/d', 0o755);
    fs.as('alice').fails('EACCES').rename('a/d', 'b/d');
    fs.as('alice').rename('a/d', 'a/e');
  },
  'needs no permission on the file': (fs) => {
    fs.create('f', '', 0);
    fs.as('alice').rename('f', 'g');
    deepEqual(fs.list(), ['g']);
  },
  'that is refused leaves both names as they were': (fs) => {
    fs.mkdir('a');
    fs.create('a/f', 'one');
    fs.mkdir('b');
    fs.create('b/g', 'two');
    fs.fails('ENOTEMPTY').rename('a', 'b');
    deepEqual([fs.list('a'), fs.list('b'), fs.list()], [['f'], ['g'], ['a', 'b']]);
  },
});
