// path_resolution(7), as every call that takes a path holds it.
import { equal } from 'node:assert/strict';
import { O } from '../src/constants.ts';
import { asRoot, rules } from '../src/rules.ts';
import { following, forEach, making, naming, ofSockets, pathCalls } from './path-calls.ts';

const long = 'n'.repeat(256);
const longPath = `${'./'.repeat(2048)}f`;

export const pathRules = rules('paths', {
  ...forEach(pathCalls, '<call> below a file is ENOTDIR', (fs, call) => {
    fs.create('f');
    call(fs.fails('ENOTDIR'), 'f/x', 'f');
  }),
  ...forEach(pathCalls, '<call> in a directory that is not there is ENOENT', (fs, call) => {
    fs.create('f');
    call(fs.fails('ENOENT'), 'none/x', 'f');
  }),
  ...forEach(pathCalls, '<call> through a dangling symbolic link is ENOENT', (fs, call) => {
    fs.create('f');
    fs.symlink('none', 'l');
    call(fs.fails('ENOENT'), 'l/x', 'f');
  }),
  ...forEach(pathCalls, '<call> through a symbolic link to a file is ENOTDIR', (fs, call) => {
    fs.create('f');
    fs.symlink('f', 'l');
    call(fs.fails('ENOTDIR'), 'l/x', 'f');
  }),
  ...forEach(pathCalls, '<call> through a loop of symbolic links is ELOOP', (fs, call) => {
    fs.create('f');
    fs.symlink('m', 'l');
    fs.symlink('l', 'm');
    call(fs.fails('ELOOP'), 'l/x', 'f');
  }),
  ...forEach(
    pathCalls,
    '<call> of a name of 256 bytes is ENAMETOOLONG',
    (fs, call) => {
      fs.create('f');
      call(fs.fails('ENAMETOOLONG'), long, 'f');
    },
    { without: ofSockets },
  ),
  ...forEach(
    pathCalls,
    '<call> below a name of 256 bytes is ENAMETOOLONG',
    (fs, call) => {
      fs.create('f');
      call(fs.fails('ENAMETOOLONG'), `${long}/x`, 'f');
    },
    { without: ofSockets },
  ),
  ...forEach(
    pathCalls,
    '<call> of a path of 4,096 bytes is ENAMETOOLONG',
    (fs, call) => {
      fs.create('f');
      call(fs.fails('ENAMETOOLONG'), longPath, 'f');
    },
    { without: ofSockets },
  ),
  ...forEach(
    pathCalls,
    '<call> of an empty path is ENOENT',
    (fs, call) => {
      fs.create('f');
      call(fs.fails('ENOENT'), '', 'f');
    },
    { without: ofSockets },
  ),
  ...forEach(pathCalls, '<call> without search permission on the way is EACCES', (fs, call) => {
    fs.mkdir('d', 0o766);
    fs.as('root').create('d/x', '', 0o777);
    fs.create('f', '', 0o777);
    call(fs.as('alice').fails('EACCES'), 'd/x', 'f');
  }),
  ...forEach(pathCalls, '<call> without search permission further up is EACCES', (fs, call) => {
    fs.mkdir('d', 0o766);
    fs.as('root').mkdir('d/e', 0o777);
    fs.create('f', '', 0o777);
    call(fs.as('alice').fails('EACCES'), 'd/e/x', 'f');
  }),
  ...forEach(
    { ...following, ...naming },
    '<call> of a name that is not there is ENOENT',
    (fs, call) => call(fs.fails('ENOENT'), 'none', ''),
  ),
  ...forEach(following, '<call> of a dangling symbolic link is ENOENT', (fs, call) => {
    fs.symlink('none', 'l');
    call(fs.fails('ENOENT'), 'l', '');
  }),
  ...forEach(following, '<call> of a loop of symbolic links is ELOOP', (fs, call) => {
    fs.symlink('l', 'l');
    call(fs.fails('ELOOP'), 'l', '');
  }),
  ...forEach(
    { ...following, ...naming },
    '<call> of a file with a slash at the end is ENOTDIR',
    (fs, call) => {
      fs.create('f', '', 0o777);
      call(fs.fails('ENOTDIR'), 'f/', '');
    },
  ),
  ...forEach(making, '<call> without write permission on the directory is EACCES', (fs, call) => {
    fs.mkdir('d', 0o755);
    fs.as('alice').create('f', '', 0o777);
    call(fs.as('alice').fails('EACCES'), 'd/x', 'f');
    equal(fs.exists('d/x'), false);
  }),
  ...forEach(making, '<call> in a removed directory is ENOENT', (fs, call) => {
    const name = `${fs.directory}/f`;
    fs.create('f');
    fs.mkdir('d');
    fs.chdir('d');
    fs.rmdir('../d');
    call(fs.fails('ENOENT'), 'x', name);
  }),
  'forty symbolic links on the way are followed, forty-one are ELOOP': (fs) => {
    fs.mkdir('d');
    fs.create('d/f', 'content');
    fs.symlink('d', 'l1');
    for (let n = 2; n <= 41; n++) fs.symlink(`l${n - 1}`, `l${n}`);
    equal(fs.content('l40/f'), 'content');
    fs.fails('ELOOP').stat('l41/f');
  },
  'symbolic links count over the whole path': (fs) => {
    fs.mkdir('d');
    fs.symlink('.', 'd/here');
    const through = (links: number) => `d/${'here/'.repeat(links)}here`;
    equal(fs.stat(through(39)).ino, fs.stat('d').ino);
    fs.fails('ELOOP').stat(through(40));
  },
  'a symbolic link to an absolute path begins at the root': (fs) => {
    fs.create('f', 'content');
    fs.mkdir('d');
    fs.symlink(`${fs.directory}/f`, 'd/l');
    equal(fs.content('d/l'), 'content');
  },
  'a symbolic link whose target ends in a slash demands a directory': (fs) => {
    fs.create('f');
    fs.mkdir('d');
    fs.symlink('f/', 'toFile');
    fs.symlink('d/', 'toDirectory');
    fs.fails('ENOTDIR').stat('toFile');
    equal(fs.stat('toDirectory').type, 'directory');
  },
  'a dot at the end demands a directory': (fs) => {
    fs.create('f');
    fs.fails('ENOTDIR').stat('f/.');
    fs.symlink('f', 'l');
    fs.fails('ENOTDIR').stat('l/.');
  },
  'a dot at the end needs search permission': (fs) => {
    fs.as('root').mkdir('d', 0o766);
    fs.as('alice').fails('EACCES').stat('d/.');
    equal(fs.as('alice').stat('d').type, 'directory');
  },
  'two dots need search permission, also where nothing is looked up': (fs) => {
    fs.as('root').mkdir('d', 0o766);
    fs.as('alice').fails('EACCES').stat('d/..');
  },
  'search permission alone is enough to reach what is below': asRoot((fs) => {
    fs.mkdir('d', 0o711);
    fs.create('d/f', 'content', 0o644);
    equal(fs.as('alice').content('d/f'), 'content');
    fs.as('alice').fails('EACCES').open('d', O.RDONLY);
  }),
  'permission of the target counts, not of the link': asRoot((fs) => {
    fs.create('f', 'content', 0o600);
    fs.symlink('f', 'l');
    fs.as('alice').fails('EACCES').open('l', O.RDONLY);
    fs.chmod('f', 0o644);
    equal(fs.as('alice').content('l'), 'content');
  }),
  'a working directory stays when search permission on it goes': asRoot((fs) => {
    fs.mkdir('d', 0o777);
    fs.create('d/f');
    const alice = fs.as('alice');
    alice.chdir('d');
    fs.chmod('d', 0o666);
    alice.fails('EACCES').stat('f');
    fs.chmod('d', 0o777);
    equal(alice.stat('f').type, 'file');
  }),
  'a working directory follows its rename': (fs) => {
    fs.mkdir('d');
    fs.create('d/f', 'content');
    fs.chdir('d');
    fs.rename('../d', '../e');
    equal(fs.content('f'), 'content');
    equal(fs.content('../e/f'), 'content');
  },
  'chdir of a file is ENOTDIR': (fs) => {
    fs.create('f');
    fs.fails('ENOTDIR').chdir('f');
  },
  'chdir goes through a symbolic link, and two dots come from its target': (fs) => {
    fs.mkdir('d');
    fs.mkdir('d/e');
    fs.create('d/f', 'content');
    fs.symlink('d/e', 'l');
    fs.chdir('l');
    equal(fs.content('../f'), 'content');
  },
  'fchdir goes where the descriptor is, a file is ENOTDIR': (fs) => {
    fs.mkdir('d');
    fs.create('d/f', 'content');
    const [directory, file] = [fs.open('d', O.RDONLY), fs.open('d/f', O.RDONLY)];
    fs.raw('fchdir', directory);
    equal(fs.content('f'), 'content');
    fs.fails('ENOTDIR').raw('fchdir', file);
  },
  'fchdir needs search permission: EACCES': (fs) => {
    fs.as('root').mkdir('d', 0o744);
    const alice = fs.as('alice');
    const directory = alice.open('d', O.RDONLY);
    alice.fails('EACCES').raw('fchdir', directory);
  },
});
