// open with O_CREAT.
import { deepEqual, equal } from 'node:assert/strict';
import { team } from '../src/client.ts';
import { O } from '../src/constants.ts';
import { asRoot, rules } from '../src/rules.ts';

const create = O.WRONLY | O.CREAT;

export const creationRules = rules('open', {
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
});
