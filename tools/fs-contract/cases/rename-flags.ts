// renameat2.
import { deepEqual, equal } from 'node:assert/strict';
import { RENAME } from '../src/constants.ts';
import { rules } from '../src/rules.ts';

export const renameFlagRules = rules('renameat2', {
  'NOREPLACE moves where there is no such name': (fs) => {
    fs.create('a', 'content');
    fs.rename('a', 'b', RENAME.NOREPLACE);
    equal(fs.content('b'), 'content');
  },
  'NOREPLACE onto a name that is there is EEXIST': (fs) => {
    fs.create('a', 'one');
    fs.create('b', 'two');
    fs.symlink('none', 'l');
    fs.fails('EEXIST').rename('a', 'b', RENAME.NOREPLACE);
    fs.fails('EEXIST').rename('a', 'l', RENAME.NOREPLACE);
    fs.fails('EEXIST').rename('a', 'a', RENAME.NOREPLACE);
    equal(fs.content('b'), 'two');
  },
  'EXCHANGE swaps two files': (fs) => {
    fs.create('a', 'one');
    fs.create('b', 'two');
    fs.rename('a', 'b', RENAME.EXCHANGE);
    deepEqual([fs.content('a'), fs.content('b')], ['two', 'one']);
  },
  'EXCHANGE swaps a file and a directory of different parents': (fs) => {
    fs.mkdir('p');
    fs.create('p/x', 'file');
    fs.mkdir('q');
    fs.mkdir('q/y');
    fs.create('q/y/f');
    fs.rename('p/x', 'q/y', RENAME.EXCHANGE);
    equal(fs.content('q/y'), 'file');
    deepEqual(fs.list('p/x'), ['f']);
    deepEqual([fs.stat('p').nlink, fs.stat('q').nlink], [3, 2]);
    equal(fs.stat('p/x/..').ino, fs.stat('p').ino);
  },
  'EXCHANGE swaps two directories that are not empty': (fs) => {
    fs.mkdir('a');
    fs.create('a/one');
    fs.mkdir('b');
    fs.create('b/two');
    fs.rename('a', 'b', RENAME.EXCHANGE);
    deepEqual([fs.list('a'), fs.list('b')], [['two'], ['one']]);
  },
  'EXCHANGE with a name that is not there is ENOENT': (fs) => {
    fs.create('a');
    fs.fails('ENOENT').rename('a', 'b', RENAME.EXCHANGE);
    fs.fails('ENOENT').rename('b', 'a', RENAME.EXCHANGE);
  },
  'EXCHANGE of a directory with what is in it is EINVAL': (fs) => {
    fs.mkdir('a');
    fs.mkdir('a/b');
    fs.fails('EINVAL').rename('a', 'a/b', RENAME.EXCHANGE);
    fs.fails('EINVAL').rename('a/b', 'a', RENAME.EXCHANGE);
  },
  'EXCHANGE changes ctime of both': (fs) => {
    fs.create('a');
    fs.create('b');
    const [a, b] = [fs.stat('a').ctime, fs.stat('b').ctime];
    fs.tick();
    fs.rename('a', 'b', RENAME.EXCHANGE);
    deepEqual([fs.stat('b').ctime > a, fs.stat('a').ctime > b], [true, true]);
  },
  'EXCHANGE of another file in a sticky directory is EPERM': (fs) => {
    fs.mkdir('d');
    fs.chmod('d', 0o1777);
    fs.create('d/roots');
    const alice = fs.as('alice');
    alice.create('d/mine');
    alice.fails('EPERM').rename('d/mine', 'd/roots', RENAME.EXCHANGE);
  },
  'flags that exclude each other are EINVAL': (fs) => {
    fs.create('a');
    fs.create('b');
    fs.fails('EINVAL').rename('a', 'b', RENAME.NOREPLACE | RENAME.EXCHANGE);
    fs.fails('EINVAL').rename('a', 'b', RENAME.WHITEOUT | RENAME.EXCHANGE);
    fs.fails('EINVAL').rename('a', 'b', 0x40);
  },
  'WHITEOUT leaves a character device 0:0': (fs) => {
    fs.create('a', 'content');
    fs.rename('a', 'b', RENAME.WHITEOUT);
    const { type, rdev } = fs.lstat('a');
    deepEqual([type, rdev, fs.content('b')], ['character', 0, 'content']);
  },
});
