import { deepEqual, equal } from 'node:assert/strict';
import { AT, O, S } from '../src/constants.ts';
import { asRoot, rules } from '../src/rules.ts';

export const linkRules = rules('link', {
  'gives a file another name': (fs) => {
    fs.create('f', 'content');
    fs.link('f', 'g');
    equal(fs.content('g'), 'content');
    deepEqual([fs.stat('f').nlink, fs.stat('g').ino], [2, fs.stat('f').ino]);
  },
  'both names are of the same content': (fs) => {
    fs.create('f', 'one');
    fs.link('f', 'g');
    fs.truncate('f', 0);
    equal(fs.stat('g').size, 0);
    fs.chmod('g', 0o600);
    equal(fs.stat('f').mode, 0o600);
  },
  'in another directory': (fs) => {
    fs.create('f');
    fs.mkdir('d');
    fs.link('f', 'd/g');
    equal(fs.stat('d/g').ino, fs.stat('f').ino);
  },
  'a hundred names': (fs) => {
    fs.create('f');
    for (let n = 1; n < 100; n++) fs.link('f', `f${n}`);
    equal(fs.stat('f').nlink, 100);
    for (let n = 1; n < 100; n++) fs.unlink(`f${n}`);
    equal(fs.stat('f').nlink, 1);
  },
  'onto a name that is there is EEXIST': (fs) => {
    fs.create('f');
    fs.mkdir('d');
    fs.symlink('none', 'l');
    for (const name of ['f', 'd', 'l']) fs.fails('EEXIST').link('f', name);
    equal(fs.stat('f').nlink, 1);
  },
  'of a name that is not there is ENOENT': (fs) => fs.fails('ENOENT').link('none', 'g'),
  'into a directory that is not there is ENOENT': (fs) => {
    fs.create('f');
    fs.fails('ENOENT').link('f', 'none/g');
    fs.fails('ENOENT').link('f', '');
  },
  'of a directory is EPERM': (fs) => {
    fs.mkdir('d');
    fs.fails('EPERM').link('d', 'e');
  },
  'to a name with a slash at the end is ENOENT': (fs) => {
    fs.create('f');
    fs.fails('ENOENT').link('f', 'g/');
  },
  'below a file is ENOTDIR, through a loop ELOOP': (fs) => {
    fs.create('f');
    fs.symlink('l', 'l');
    fs.fails('ENOTDIR').link('f/x', 'g');
    fs.fails('ENOTDIR').link('f', 'f/g');
    fs.fails('ELOOP').link('l/x', 'g');
    fs.fails('ELOOP').link('f', 'l/g');
  },
  'of a symbolic link is of the link': (fs) => {
    fs.create('f');
    fs.symlink('f', 'l');
    fs.link('l', 'm');
    equal(fs.lstat('m').ino, fs.lstat('l').ino);
    equal(fs.readlink('m'), 'f');
    equal(fs.lstat('l').nlink, 2);
  },
  'with AT_SYMLINK_FOLLOW is of its target': (fs) => {
    fs.create('f');
    fs.symlink('f', 'l');
    fs.linkWith('l', 'g', AT.SYMLINK_FOLLOW);
    equal(fs.lstat('g').ino, fs.stat('f').ino);
  },
  'of FIFOs, sockets and devices': asRoot((fs) => {
    fs.mknod('p', S.IFIFO | 0o600);
    fs.mknod('c', S.IFCHR | 0o600, 0x103);
    fs.link('p', 'q');
    fs.link('c', 'd');
    deepEqual([fs.lstat('q').nlink, fs.lstat('d').rdev], [2, 0x103]);
  }),
  'to another file system is EXDEV': (fs) => {
    fs.create('f');
    fs.fails('EXDEV').link('f', `${fs.elsewhere}/f`);
    equal(fs.stat('f').nlink, 1);
  },
  'without write permission on the directory is EACCES': (fs) => {
    fs.mkdir('d', 0o755);
    fs.as('alice').create('f');
    fs.as('alice').fails('EACCES').link('f', 'd/f');
  },
  'without search permission on either directory is EACCES': (fs) => {
    fs.mkdir('d', 0o766);
    fs.as('root').create('d/f', '', 0o666);
    const alice = fs.as('alice');
    alice.create('mine');
    alice.fails('EACCES').link('d/f', 'g');
    alice.fails('EACCES').link('mine', 'd/g');
  },
  'keeps set-id bits and times but ctime': (fs) => {
    fs.create('f');
    fs.chmod('f', 0o6755);
    equal(
      fs.touched('f', () => fs.link('f', 'g')),
      'ctime',
    );
    equal(fs.stat('g').mode, 0o6755);
  },
});

export const symlinkRules = rules('symlink', {
  'makes a link with mode 777 and the length of its target': (fs) => {
    fs.umask(0o077);
    fs.symlink('target', 'l');
    const { type, mode, size, nlink } = fs.lstat('l');
    deepEqual([type, mode, size, nlink], ['symlink', 0o777, 6, 1]);
  },
  'readlink returns what was given, byte by byte': (fs) => {
    for (const target of ['x', '../a//b/./c/', '/absolute', 'ä', ' ']) {
      fs.symlink(target, 'l');
      equal(fs.readlink('l'), target);
      fs.unlink('l');
    }
  },
  'has a target of up to 4,095 bytes, more is ENAMETOOLONG': (fs) => {
    const target = 'x/'.repeat(2047);
    fs.symlink(`${target}y`, 'l');
    equal(fs.readlink('l'), `${target}y`);
    fs.fails('ENAMETOOLONG').symlink(`${target}yz`, 'm');
  },
  'an empty target is ENOENT': (fs) => fs.fails('ENOENT').symlink('', 'l'),
  'onto a name that is there is EEXIST': (fs) => {
    fs.create('f');
    fs.symlink('none', 'l');
    fs.fails('EEXIST').symlink('x', 'f');
    fs.fails('EEXIST').symlink('x', 'l');
    equal(fs.readlink('l'), 'none');
  },
  'in a directory that is not there is ENOENT': (fs) => fs.fails('ENOENT').symlink('x', 'none/l'),
  'below a file is ENOTDIR': (fs) => {
    fs.create('f');
    fs.fails('ENOTDIR').symlink('x', 'f/l');
  },
  'a name with a slash at the end is ENOENT': (fs) => fs.fails('ENOENT').symlink('x', 'l/'),
  'is followed relative to its own directory': (fs) => {
    fs.mkdir('d');
    fs.create('d/f', 'inner');
    fs.symlink('f', 'd/l');
    equal(fs.content('d/l'), 'inner');
  },
  'is followed on the way, several in a row': (fs) => {
    fs.mkdir('d');
    fs.create('d/f', 'content');
    fs.symlink('d', 'l');
    fs.symlink('l', 'm');
    equal(fs.content('m/f'), 'content');
  },
  'follows its target when that is replaced': (fs) => {
    fs.create('f', 'one');
    fs.symlink('f', 'l');
    equal(fs.content('l'), 'one');
    fs.unlink('f');
    fs.fails('ENOENT').stat('l');
    fs.create('f', 'two');
    equal(fs.content('l'), 'two');
  },
  'belongs to who makes it, in a set-gid directory to its group': asRoot((fs) => {
    fs.mkdir('d');
    fs.chown('d', undefined, 2100);
    fs.chmod('d', 0o2777);
    fs.as('bob').symlink('x', 'd/l');
    deepEqual([fs.lstat('d/l').uid, fs.lstat('d/l').gid], [2002, 2100]);
  }),
  'without write permission on the directory is EACCES': (fs) => {
    fs.mkdir('d', 0o755);
    fs.as('alice').fails('EACCES').symlink('x', 'd/l');
  },
  'readlink of a file or a directory is EINVAL': (fs) => {
    fs.create('f');
    fs.mkdir('d');
    fs.fails('EINVAL').readlink('f');
    fs.fails('EINVAL').readlink('d');
  },
  'readlink of a name that is not there is ENOENT': (fs) => fs.fails('ENOENT').readlink('none'),
  'readlink without search permission is EACCES, the link itself has none': (fs) => {
    fs.mkdir('d', 0o755);
    fs.as('root').symlink('x', 'd/l');
    equal(fs.as('alice').readlink('d/l'), 'x');
    fs.chmod('d', 0o766);
    fs.as('alice').fails('EACCES').readlink('d/l');
  },
});

export const directoryRules = rules('readdir', {
  'lists every name once, with dots': (fs) => {
    const names = Array.from({ length: 300 }, (_, n) => `name-${n}`).toSorted();
    for (const name of names) fs.create(name);
    deepEqual(fs.list(), names);
  },
  'has a dot and two dots with their inodes': (fs) => {
    fs.mkdir('d');
    const fd = fs.open('d', O.RDONLY);
    const entries = fs.getdents(fd, 4096);
    const ino = (name: string) => entries.find((entry) => entry.name === name)?.ino;
    deepEqual([ino('.'), ino('..')], [fs.stat('d').ino, fs.stat('.').ino]);
  },
  'tells the type and the inode of each': asRoot((fs) => {
    fs.create('file');
    fs.mkdir('directory');
    fs.symlink('x', 'symlink');
    fs.mknod('fifo', S.IFIFO | 0o600);
    fs.mknod('socket', S.IFSOCK | 0o600);
    fs.mknod('character', S.IFCHR | 0o600, 0x103);
    fs.mknod('block', S.IFBLK | 0o600, 0x103);
    const entries = fs.readdir('.').filter(({ name }) => !name.startsWith('.'));
    equal(entries.length, 7);
    for (const { name, type, ino } of entries) {
      equal(type, name);
      equal(ino, fs.lstat(name).ino);
    }
  }),
  'of a file is ENOTDIR, of nothing ENOENT': (fs) => {
    fs.create('f');
    fs.fails('ENOTDIR').readdir('f');
    fs.fails('ENOENT').readdir('none');
  },
  'without read permission is EACCES, without search it is allowed': (fs) => {
    fs.as('root').mkdir('d', 0o711);
    fs.create('d/f');
    fs.as('alice').fails('EACCES').readdir('d');
    fs.chmod('d', 0o744);
    deepEqual(fs.as('alice').list('d'), ['f']);
  },
  'getdents into a buffer that is too small is EINVAL': (fs) => {
    const fd = fs.open('.', O.RDONLY);
    fs.fails('EINVAL').getdents(fd, 10);
  },
  'getdents of a file is ENOTDIR': (fs) => {
    const fd = fs.open('f', O.RDWR | O.CREAT);
    fs.fails('ENOTDIR').getdents(fd, 1000);
  },
  'in pieces neither skips nor repeats while others come and go': (fs) => {
    for (let n = 0; n < 200; n++) fs.create(`keep-${n}`);
    for (let n = 0; n < 200; n++) fs.create(`drop-${n}`);
    const fd = fs.open('.', O.RDONLY);
    const seen: string[] = [];
    for (let round = 0; ; round++) {
      const some = fs.getdents(fd, 1024);
      if (some.length === 0) break;
      seen.push(...some.map(({ name }) => name));
      for (let n = round * 10; n < round * 10 + 10 && n < 200; n++) fs.unlink(`drop-${n}`);
      if (round < 50) fs.create(`new-${round}`);
    }
    const kept = seen.filter((name) => name.startsWith('keep-'));
    equal(kept.length, 200);
    equal(new Set(seen).size, seen.length);
  },
  'starts over after a seek to the beginning, and sees what is new': (fs) => {
    fs.mkdir('d');
    fs.create('d/a');
    const fd = fs.open('d', O.RDONLY);
    const names = () =>
      fs
        .getdents(fd, 4096)
        .map(({ name }) => name)
        .toSorted();
    deepEqual(names(), ['.', '..', 'a']);
    deepEqual(names(), []);
    fs.create('d/b');
    fs.lseek(fd, 0, 0);
    deepEqual(names(), ['.', '..', 'a', 'b']);
  },
  'while everything is deleted as it is listed leaves nothing': (fs) => {
    for (let n = 0; n < 500; n++) fs.create(`f${n}`);
    equal(fs.list().length, 500);
    const fd = fs.open('.', O.RDONLY);
    for (;;) {
      const some = fs.getdents(fd, 512);
      if (some.length === 0) break;
      for (const { name } of some) if (name.startsWith('f')) fs.unlink(name);
    }
    deepEqual(fs.list(), []);
  },
});
