import { deepEqual, equal } from 'node:assert/strict';
import { team } from '../src/client.ts';
import { O, RESOLVE, S } from '../src/constants.ts';
import { asRoot, rules } from '../src/rules.ts';

const create = O.WRONLY | O.CREAT;

export const openRules = rules('open', {
  'a name that is not there is ENOENT': (fs) => fs.fails('ENOENT').open('none', O.RDONLY),
  'an empty path is ENOENT': (fs) => fs.fails('ENOENT').open('', O.RDONLY),
  'O_CREAT makes an empty regular file with one link': (fs) => {
    fs.open('f', create, 0o640);
    const { type, mode, size, nlink, blocks } = fs.stat('f');
    deepEqual(
      { type, mode, size, nlink, blocks },
      {
        type: 'file',
        mode: 0o640,
        size: 0,
        nlink: 1,
        blocks: 0,
      },
    );
  },
  'O_CREAT takes the umask off the mode': (fs) => {
    fs.umask(0o027);
    fs.open('f', create, 0o777);
    equal(fs.stat('f').mode, 0o750);
  },
  'O_CREAT keeps set-id and sticky bits of the mode': (fs) => {
    fs.open('f', create, 0o7755);
    equal(fs.stat('f').mode, 0o7755);
  },
  'O_CREAT of a file that is there changes neither mode nor content': (fs) => {
    fs.create('f', 'content', 0o600);
    fs.open('f', create, 0o777);
    equal(fs.stat('f').mode, 0o600);
    equal(fs.content('f'), 'content');
  },
  'O_CREAT with mode 0 gives a descriptor that can be written': (fs) => {
    const fd = fs.open('f', O.RDWR | O.CREAT, 0);
    equal(fs.write(fd, 'x'), 1);
    equal(fs.stat('f').mode, 0);
  },
  'O_CREAT gives the file to who makes it': (fs) => {
    fs.as('alice').open('f', create);
    const { uid, gid } = fs.stat('f');
    deepEqual([uid, gid], [2001, 2001]);
  },
  'O_CREAT in a set-gid directory gives the file its group': asRoot((fs) => {
    fs.mkdir('d');
    fs.chown('d', undefined, team);
    fs.chmod('d', 0o2777);
    fs.as('bob').open('d/f', create, 0o755);
    const { uid, gid, mode } = fs.stat('d/f');
    deepEqual([uid, gid, mode], [2002, team, 0o755]);
  }),
  'O_CREAT of a set-gid executable for a strange group takes the bit off': asRoot((fs) => {
    fs.mkdir('d');
    fs.chown('d', undefined, team);
    fs.chmod('d', 0o2777);
    fs.as('bob').open('d/f', create, 0o2775);
    equal(fs.stat('d/f').mode, 0o775);
  }),
  'O_CREAT of a set-gid executable for an own group keeps the bit': asRoot((fs) => {
    fs.mkdir('d');
    fs.chown('d', undefined, team);
    fs.chmod('d', 0o2777);
    fs.as('alice').open('d/f', create, 0o2775);
    equal(fs.stat('d/f').mode, 0o2775);
  }),
  'O_CREAT of a set-gid file that its group may not execute keeps the bit': asRoot((fs) => {
    fs.mkdir('d');
    fs.chown('d', undefined, team);
    fs.chmod('d', 0o2777);
    fs.as('bob').open('d/f', create, 0o2664);
    equal(fs.stat('d/f').mode, 0o2664);
  }),
  'O_CREAT changes mtime and ctime of the directory': (fs) => {
    fs.mkdir('d');
    equal(
      fs.touched('d', () => fs.open('d/f', create)),
      'mtime ctime',
    );
  },
  'O_CREAT of a file that is there does not touch the directory': (fs) => {
    fs.mkdir('d');
    fs.create('d/f');
    equal(
      fs.touched('d', () => fs.open('d/f', create)),
      '',
    );
  },
  'O_CREAT sets all times of the file to one present': (fs) => {
    fs.create('before');
    fs.tick();
    fs.create('f');
    const { atime, mtime, ctime, btime } = fs.stat('f');
    deepEqual([mtime, ctime, btime], [atime, atime, atime]);
    equal(atime > fs.stat('before').ctime, true);
  },
  'O_CREAT | O_EXCL of a file that is there is EEXIST': (fs) => {
    fs.create('f');
    fs.fails('EEXIST').open('f', create | O.EXCL);
  },
  'O_CREAT | O_EXCL of a directory is EEXIST': (fs) => {
    fs.mkdir('d');
    fs.fails('EEXIST').open('d', create | O.EXCL);
  },
  'O_CREAT | O_EXCL of a dangling symbolic link is EEXIST': (fs) => {
    fs.symlink('none', 'l');
    fs.fails('EEXIST').open('l', create | O.EXCL);
    equal(fs.exists('none'), false);
  },
  'O_CREAT through a dangling symbolic link makes its target': (fs) => {
    fs.symlink('target', 'l');
    fs.open('l', create);
    equal(fs.lstat('target').type, 'file');
    equal(fs.lstat('l').type, 'symlink');
  },
  'O_CREAT through a symbolic link into a directory that is not there is ENOENT': (fs) => {
    fs.symlink('none/target', 'l');
    fs.fails('ENOENT').open('l', create);
  },
  'O_CREAT in a directory that is not there is ENOENT': (fs) => {
    fs.fails('ENOENT').open('none/f', create);
  },
  'O_CREAT below a file is ENOTDIR': (fs) => {
    fs.create('f');
    fs.fails('ENOTDIR').open('f/x', create);
  },
  'O_CREAT of a name with a slash at the end is EISDIR': (fs) => {
    fs.fails('EISDIR').open('f/', create);
    equal(fs.exists('f'), false);
  },
  'O_CREAT in a removed directory is ENOENT': (fs) => {
    fs.mkdir('d');
    const directory = fs.open('d', O.RDONLY | O.DIRECTORY);
    fs.rmdir('d');
    fs.fails('ENOENT').openAt(directory, 'f', create);
  },
  'O_CREAT without write permission on the directory is EACCES': (fs) => {
    fs.mkdir('d', 0o755);
    fs.as('alice').fails('EACCES').open('d/f', create);
  },
  'O_CREAT of a file that is there needs no write permission on the directory': (fs) => {
    fs.mkdir('d', 0o755);
    fs.create('d/f', '', 0o666);
    const alice = fs.as('alice');
    equal(alice.write(alice.open('d/f', create), 'x'), 1);
  },
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

export const temporaryFileRules = rules('O_TMPFILE', {
  'makes a file without a name': (fs) => {
    const fd = fs.open('.', O.TMPFILE | O.RDWR, 0o640);
    const { type, nlink, mode } = fs.fstat(fd);
    deepEqual([type, nlink, mode], ['file', 0, 0o640]);
    deepEqual(fs.list(), []);
    fs.write(fd, 'content');
    equal(fs.pread(fd, 9, 0).toString(), 'content');
  },
  'can be given a name by linkat of /proc/self/fd': (fs) => {
    const fd = fs.open('.', O.TMPFILE | O.RDWR, 0o600);
    fs.write(fd, 'content');
    fs.linkWith(`/proc/self/fd/${fd}`, 'f', 0x400);
    equal(fs.content('f'), 'content');
    equal(fs.fstat(fd).nlink, 1);
  },
  'with O_EXCL can be given no name: ENOENT': (fs) => {
    const fd = fs.open('.', O.TMPFILE | O.RDWR | O.EXCL, 0o600);
    fs.fails('ENOENT').linkWith(`/proc/self/fd/${fd}`, 'f', 0x400);
  },
  'can be given no name once its last one is gone: ENOENT': (fs) => {
    fs.create('f');
    const fd = fs.open('f', O.RDWR);
    fs.unlink('f');
    fs.fails('ENOENT').linkWith(`/proc/self/fd/${fd}`, 'g', 0x400);
  },
  'for reading only is EINVAL': (fs) => {
    fs.fails('EINVAL').open('.', O.TMPFILE | O.RDONLY, 0o600);
  },
  'of a file is ENOTDIR, of nothing ENOENT': (fs) => {
    fs.create('f');
    fs.fails('ENOTDIR').open('f', O.TMPFILE | O.RDWR, 0o600);
    fs.fails('ENOENT').open('none', O.TMPFILE | O.RDWR, 0o600);
  },
  'without write permission on the directory is EACCES': (fs) => {
    fs.mkdir('d', 0o755);
    fs.as('alice')
      .fails('EACCES')
      .open('d', O.TMPFILE | O.RDWR, 0o600);
  },
  'does not touch the directory': (fs) => {
    fs.mkdir('d');
    equal(
      fs.touched('d', () => fs.open('d', O.TMPFILE | O.RDWR, 0o600)),
      '',
    );
  },
  'takes the group of a set-gid directory, and the umask': asRoot((fs) => {
    fs.mkdir('d');
    fs.chown('d', undefined, team);
    fs.chmod('d', 0o2777);
    const alice = fs.as('alice');
    alice.umask(0o022);
    const { uid, gid, mode } = alice.fstat(alice.open('d', O.TMPFILE | O.RDWR, 0o666));
    deepEqual([uid, gid, mode], [2001, team, 0o644]);
  }),
  'its space comes back when it is closed': (fs) => {
    const before = fs.statfs('.').filesFree;
    const fd = fs.open('.', O.TMPFILE | O.RDWR, 0o600);
    equal(fs.statfs('.').filesFree <= before, true);
    fs.fails('ENOTDIR').openAt(fd, 'x', O.RDONLY);
    fs.close(fd);
  },
});
