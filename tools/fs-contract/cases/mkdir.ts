import { deepEqual, equal } from 'node:assert/strict';
import { team } from '../src/client.ts';
import { S } from '../src/constants.ts';
import { asRoot, rules } from '../src/rules.ts';

export const mkdirRules = rules('mkdir', {
  'makes an empty directory with two links': (fs) => {
    fs.mkdir('d', 0o750);
    const { type, mode, nlink } = fs.stat('d');
    deepEqual([type, mode, nlink], ['directory', 0o750, 2]);
    deepEqual(fs.list('d'), []);
  },
  'takes the umask off the mode': (fs) => {
    fs.umask(0o077);
    fs.mkdir('d', 0o777);
    equal(fs.stat('d').mode, 0o700);
  },
  'keeps the sticky bit of the mode, not set-id bits': (fs) => {
    fs.mkdir('d', 0o7777);
    equal(fs.stat('d').mode, 0o1777);
  },
  'a slash at the end is allowed': (fs) => {
    fs.mkdir('d/');
    equal(fs.stat('d').type, 'directory');
  },
  'a name that is there is EEXIST, whatever it is': (fs) => {
    fs.create('file');
    fs.mkdir('directory');
    fs.symlink('none', 'dangling');
    for (const name of ['file', 'directory', 'dangling', 'directory/']) {
      fs.fails('EEXIST').mkdir(name);
    }
    equal(fs.exists('none'), false);
  },
  'a dot and two dots are EEXIST': (fs) => {
    fs.mkdir('d');
    fs.fails('EEXIST').mkdir('.');
    fs.fails('EEXIST').mkdir('d/.');
    fs.fails('EEXIST').mkdir('d/..');
  },
  'in a directory that is not there it is ENOENT': (fs) => fs.fails('ENOENT').mkdir('none/d'),
  'an empty path is ENOENT': (fs) => fs.fails('ENOENT').mkdir(''),
  'below a file it is ENOTDIR': (fs) => {
    fs.create('f');
    fs.fails('ENOTDIR').mkdir('f/d');
  },
  'below a loop of symbolic links it is ELOOP': (fs) => {
    fs.symlink('l', 'l');
    fs.fails('ELOOP').mkdir('l/d');
  },
  'through a dangling symbolic link on the way it is ENOENT': (fs) => {
    fs.symlink('none', 'l');
    fs.fails('ENOENT').mkdir('l/d');
  },
  'adds a link to the parent': (fs) => {
    fs.mkdir('d');
    fs.mkdir('d/a');
    fs.mkdir('d/b');
    fs.create('d/f');
    equal(fs.stat('d').nlink, 4);
  },
  'changes mtime and ctime of the parent': (fs) => {
    fs.mkdir('d');
    equal(
      fs.touched('d', () => fs.mkdir('d/e')),
      'mtime ctime',
    );
  },
  'refused, it changes no times': (fs) => {
    fs.mkdir('d');
    fs.mkdir('d/e');
    equal(
      fs.touched('d', () => fs.fails('EEXIST').mkdir('d/e')),
      '',
    );
  },
  'sets all times of the directory to one present': (fs) => {
    fs.mkdir('d');
    const { atime, mtime, ctime, btime } = fs.stat('d');
    deepEqual([mtime, ctime, btime], [atime, atime, atime]);
  },
  'gives the directory to who makes it': (fs) => {
    fs.as('bob').mkdir('d');
    const { uid, gid } = fs.stat('d');
    deepEqual([uid, gid], [2002, 2002]);
  },
  'in a set-gid directory takes its group and the bit': asRoot((fs) => {
    fs.mkdir('d');
    fs.chown('d', undefined, team);
    fs.chmod('d', 0o2777);
    fs.as('bob').mkdir('d/e', 0o755);
    const { uid, gid, mode } = fs.stat('d/e');
    deepEqual([uid, gid, mode], [2002, team, 0o2755]);
  }),
  'without write permission on the parent it is EACCES': (fs) => {
    fs.mkdir('d', 0o755);
    fs.as('alice').fails('EACCES').mkdir('d/e');
  },
  'without search permission on the parent it is EACCES': (fs) => {
    fs.mkdir('d', 0o766);
    fs.as('alice').fails('EACCES').mkdir('d/e');
  },
});

export const mknodRules = rules('mknod', {
  'makes what the mode says': asRoot((fs) => {
    const made = {
      file: S.IFREG,
      fifo: S.IFIFO,
      socket: S.IFSOCK,
      character: S.IFCHR,
      block: S.IFBLK,
    };
    for (const [type, format] of Object.entries(made)) {
      fs.mknod(type, format | 0o640, 0x103);
      const status = fs.lstat(type);
      deepEqual([status.type, status.mode, status.nlink], [type, 0o640, 1]);
    }
  }),
  'without a type makes a file': (fs) => {
    fs.mknod('f', 0o600);
    equal(fs.lstat('f').type, 'file');
  },
  'keeps the number of a device': asRoot((fs) => {
    fs.mknod('c', S.IFCHR | 0o600, 0x103);
    fs.mknod('b', S.IFBLK | 0o600, 0x801);
    deepEqual([fs.lstat('c').rdev, fs.lstat('b').rdev], [0x103, 0x801]);
  }),
  'a FIFO and a file have no device number': (fs) => {
    fs.mknod('p', S.IFIFO | 0o600, 0);
    fs.mknod('f', S.IFREG | 0o600, 0);
    deepEqual([fs.lstat('p').rdev, fs.lstat('f').rdev], [0, 0]);
  },
  'takes the umask off the mode': (fs) => {
    fs.umask(0o022);
    fs.mknod('p', S.IFIFO | 0o666);
    equal(fs.lstat('p').mode, 0o644);
  },
  'a name that is there is EEXIST': (fs) => {
    fs.create('f');
    fs.symlink('none', 'l');
    fs.fails('EEXIST').mknod('f', S.IFIFO | 0o600);
    fs.fails('EEXIST').mknod('l', S.IFIFO | 0o600);
  },
  'a directory is EPERM': (fs) => fs.fails('EPERM').mknod('d', S.IFDIR | 0o755),
  'a symbolic link is EINVAL': (fs) => fs.fails('EINVAL').mknod('l', S.IFLNK | 0o777),
  'in a directory that is not there it is ENOENT': (fs) => {
    fs.fails('ENOENT').mknod('none/p', S.IFIFO | 0o600);
  },
  'a name with a slash at the end is ENOENT': (fs) => {
    fs.fails('ENOENT').mknod('p/', S.IFIFO | 0o600);
  },
  'of a device by a plain user is EPERM, of a FIFO allowed': (fs) => {
    const alice = fs.as('alice');
    alice.fails('EPERM').mknod('c', S.IFCHR | 0o600, 0x103);
    alice.fails('EPERM').mknod('b', S.IFBLK | 0o600, 0x103);
    alice.mknod('p', S.IFIFO | 0o600);
    alice.mknod('s', S.IFSOCK | 0o600);
    equal(fs.lstat('p').uid, 2001);
  },
  'by root without CAP_MKNOD is EPERM for devices': (fs) => {
    fs.as('root', ['MKNOD'])
      .fails('EPERM')
      .mknod('c', S.IFCHR | 0o600, 0x105);
  },
  'changes mtime and ctime of the directory': (fs) => {
    fs.mkdir('d');
    equal(
      fs.touched('d', () => fs.mknod('d/p', S.IFIFO | 0o600)),
      'mtime ctime',
    );
  },
  'without write permission on the directory it is EACCES': (fs) => {
    fs.mkdir('d', 0o755);
    fs.as('alice')
      .fails('EACCES')
      .mknod('d/p', S.IFIFO | 0o600);
  },
  'in a set-gid directory takes its group': asRoot((fs) => {
    fs.mkdir('d');
    fs.chown('d', undefined, team);
    fs.chmod('d', 0o2777);
    fs.as('bob').mknod('d/p', S.IFIFO | 0o644);
    equal(fs.lstat('d/p').gid, team);
  }),
});
