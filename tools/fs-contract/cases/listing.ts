// Reading a directory in pieces, and going back in it.
import { deepEqual, equal } from 'node:assert/strict';
import type { Client } from '../src/client.ts';
import { O, SEEK } from '../src/constants.ts';
import { asRoot, rules } from '../src/rules.ts';

/** The names that are left, from the position of the descriptor on. */
function rest(fs: Client, fd: number, size = 1024): string[] {
  const names: string[] = [];
  for (let some = fs.getdents(fd, size); some.length > 0; some = fs.getdents(fd, size)) {
    names.push(...some.map(({ name }) => name));
  }
  return names;
}

const many = (fs: Client, count: number) => {
  for (let n = 0; n < count; n++) fs.create(`f${n}`);
  return fs.open('.', O.RDONLY | O.DIRECTORY);
};

export const listingRules = rules('getdents', {
  'into buffers of every size lists every name once': (fs) => {
    const fd = many(fs, 100);
    for (const size of [300, 1024, 4096, 65_536]) {
      fs.lseek(fd, 0, SEEK.SET);
      const names = rest(fs, fd, size);
      equal(names.length, 102);
      equal(new Set(names).size, 102);
    }
  },
  'a seek to the offset of an entry goes on behind it': (fs) => {
    const fd = many(fs, 60);
    const entries = fs.getdents(fd, 65_536);
    equal(entries.length, 62);
    for (const index of [0, 1, 2, 30, 60]) {
      fs.lseek(fd, entries[index]?.offset ?? 0n, SEEK.SET);
      deepEqual(
        rest(fs, fd),
        entries.slice(index + 1).map(({ name }) => name),
      );
    }
  },
  'an offset holds good after other names have come and gone': (fs) => {
    const fd = many(fs, 60);
    const entries = fs.getdents(fd, 65_536);
    equal(entries.length, 62);
    const [before, after] = [entries.slice(2, 30), entries.slice(32)];
    const mark = entries[31]?.offset ?? 0n;
    for (const { name } of before) fs.unlink(name);
    for (let n = 0; n < 20; n++) fs.create(`new${n}`);
    fs.lseek(fd, mark, SEEK.SET);
    const found = new Set(rest(fs, fd));
    deepEqual(
      after.filter(({ name }) => !found.has(name)),
      [],
    );
    equal(
      before.some(({ name }) => found.has(name)),
      false,
    );
  },
  'a seek to the end of a listing reads no more': (fs) => {
    const fd = many(fs, 10);
    const entries = fs.getdents(fd, 65_536);
    fs.lseek(fd, entries.at(-1)?.offset ?? 0n, SEEK.SET);
    deepEqual(rest(fs, fd), []);
    equal(entries.length, 12);
  },
  'lseek tells the offset of the last entry that was read': (fs) => {
    const fd = many(fs, 60);
    const some = fs.getdents(fd, 512);
    equal(fs.lseek(fd, 0, SEEK.CUR), Number(some.at(-1)?.offset));
    equal(some.length > 2, true);
  },
  'a name that comes while it is read is listed once or not at all': (fs) => {
    const fd = many(fs, 60);
    const names = fs.getdents(fd, 512).map(({ name }) => name);
    fs.create('new');
    names.push(...rest(fs, fd));
    equal(names.filter((name) => name === 'new').length <= 1, true);
    equal(names.filter((name) => name !== 'new').length, 62);
  },
  'a renamed name is listed by one of its names at least once': (fs) => {
    const fd = many(fs, 60);
    const names = fs.getdents(fd, 512).map(({ name }) => name);
    for (let n = 0; n < 60; n++) fs.rename(`f${n}`, `g${n}`);
    names.push(...rest(fs, fd));
    equal(new Set(names.map((name) => name.slice(1))).size >= 61, true);
  },
  'two descriptors of a directory have a position each, a duplicate shares it': (fs) => {
    const first = many(fs, 60);
    const second = fs.open('.', O.RDONLY | O.DIRECTORY);
    const some = fs.getdents(first, 512).length;
    equal(rest(fs, second).length, 62);
    equal(rest(fs, fs.dup(first)).length, 62 - some);
    equal(rest(fs, first).length, 0);
  },
  'after the end sees what is new when it begins again': (fs) => {
    const fd = many(fs, 3);
    equal(rest(fs, fd).length, 5);
    fs.create('new');
    fs.unlink('f0');
    fs.lseek(fd, 0, SEEK.SET);
    deepEqual(rest(fs, fd).toSorted(), ['.', '..', 'f1', 'f2', 'new']);
  },
  'goes on when permission is taken away': asRoot((fs) => {
    fs.mkdir('d', 0o755);
    fs.create('d/f');
    const alice = fs.as('alice');
    const fd = alice.open('d', O.RDONLY);
    fs.chmod('d', 0);
    deepEqual(rest(alice, fd).toSorted(), ['.', '..', 'f']);
  }),
  'lists names of all lengths': (fs) => {
    const names = Array.from({ length: 255 }, (_, n) => 'x'.repeat(n + 1));
    for (const name of names) fs.create(name);
    deepEqual(fs.list(), names);
  },
  'into a buffer for one entry lists one after the other': (fs) => {
    fs.mkdir('d');
    for (const name of ['a', 'b', 'c']) fs.create(`d/${name}`);
    const fd = fs.open('d', O.RDONLY);
    const names: string[] = [];
    for (let n = 0; n < 5; n++) names.push(...fs.getdents(fd, 24).map(({ name }) => name));
    deepEqual(names.toSorted(), ['.', '..', 'a', 'b', 'c']);
  },
  'two dots of the directory follow its rename': (fs) => {
    fs.mkdir('a');
    fs.mkdir('b');
    fs.mkdir('a/d');
    fs.rename('a/d', 'b/d');
    const fd = fs.open('b/d', O.RDONLY);
    const parent = fs.getdents(fd, 1024).find(({ name }) => name === '..');
    equal(parent?.ino, fs.stat('b').ino);
  },
  'of two thousand names lists them all': (fs) => {
    const fd = many(fs, 2000);
    equal(new Set(rest(fs, fd, 32_768)).size, 2002);
  },
});

export const inheritanceRules = rules('set-gid directory', {
  'gives its group to files, directories and links alike': asRoot((fs) => {
    fs.mkdir('d');
    fs.chown('d', undefined, 2100);
    fs.chmod('d', 0o2777);
    const bob = fs.as('bob');
    bob.create('d/f');
    bob.mkdir('d/e');
    bob.symlink('x', 'd/l');
    deepEqual(
      ['d/f', 'd/e', 'd/l'].map((path) => fs.lstat(path).gid),
      [2100, 2100, 2100],
    );
  }),
  'hands the bit on through several levels': asRoot((fs) => {
    fs.mkdir('d');
    fs.chown('d', undefined, 2100);
    fs.chmod('d', 0o2777);
    const bob = fs.as('bob');
    bob.umask(0);
    bob.mkdir('d/a', 0o777);
    bob.mkdir('d/a/b', 0o700);
    deepEqual([fs.stat('d/a/b').gid, fs.stat('d/a/b').mode], [2100, 0o2700]);
  }),
  'does not hand the bit on to files': asRoot((fs) => {
    fs.mkdir('d');
    fs.chmod('d', 0o2777);
    fs.create('d/f', '', 0o755);
    equal(fs.stat('d/f').mode, 0o755);
  }),
  'leaves the group of what is moved in': asRoot((fs) => {
    fs.mkdir('d');
    fs.chown('d', undefined, 2100);
    fs.chmod('d', 0o2777);
    fs.create('f');
    fs.rename('f', 'd/f');
    equal(fs.stat('d/f').gid, 0);
    fs.create('g');
    fs.link('g', 'd/g');
    equal(fs.stat('g').gid, 0);
  }),
  'set-uid of a directory means nothing': asRoot((fs) => {
    fs.mkdir('d');
    fs.chown('d', 2001, undefined);
    fs.chmod('d', 0o4777);
    fs.as('bob').create('d/f');
    equal(fs.stat('d/f').uid, 2002);
  }),
  'sticky is not handed on': (fs) => {
    fs.mkdir('d');
    fs.chmod('d', 0o1777);
    fs.mkdir('d/e', 0o755);
    equal(fs.stat('d/e').mode, 0o755);
  },
});
