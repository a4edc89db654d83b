// Names and paths, as every call that takes one treats them.
import { deepEqual, equal } from 'node:assert/strict';
import { O } from '../src/constants.ts';
import { rules } from '../src/rules.ts';

const name255 = 'n'.repeat(255);
const name256 = 'n'.repeat(256);
const path4095 = `${'./'.repeat(2047)}f`;
const path4096 = `.${path4095}`.replace(/^\.\./, './/');

export const nameRules = rules('names', {
  'have up to 255 bytes': (fs) => {
    fs.create(name255);
    fs.mkdir(`d${name255.slice(1)}`);
    deepEqual(fs.list(), [`d${name255.slice(1)}`, name255]);
  },
  'of 256 bytes are ENAMETOOLONG to every call': (fs) => {
    fs.create('f');
    const refused = fs.fails('ENAMETOOLONG');
    refused.create(name256);
    fs.fails('ENAMETOOLONG').open(name256, O.RDONLY);
    fs.fails('ENAMETOOLONG').stat(name256);
    fs.fails('ENAMETOOLONG').mkdir(name256);
    fs.fails('ENAMETOOLONG').rmdir(name256);
    fs.fails('ENAMETOOLONG').unlink(name256);
    fs.fails('ENAMETOOLONG').rename('f', name256);
    fs.fails('ENAMETOOLONG').rename(name256, 'g');
    fs.fails('ENAMETOOLONG').link('f', name256);
    fs.fails('ENAMETOOLONG').symlink('f', name256);
    fs.fails('ENAMETOOLONG').readlink(name256);
    fs.fails('ENAMETOOLONG').chmod(name256, 0o600);
    fs.fails('ENAMETOOLONG').truncate(name256, 0);
    fs.fails('ENAMETOOLONG').access(name256, 0);
  },
  'of 256 bytes are ENAMETOOLONG to mknod': (fs) => fs.fails('ENAMETOOLONG').mknod(name256, 0o644),
  'of 256 bytes are ENAMETOOLONG on the way too': (fs) => {
    fs.fails('ENAMETOOLONG').stat(`${name256}/f`);
  },
  'of 255 bytes in letters of several bytes': (fs) => {
    const name = 'ä'.repeat(127);
    fs.create(name);
    fs.fails('ENAMETOOLONG').create('ä'.repeat(128));
    deepEqual(fs.list(), [name]);
  },
  'make paths of 4,095 bytes; one more is ENAMETOOLONG': (fs) => {
    fs.create('f');
    equal(fs.stat(path4095).type, 'file');
    fs.fails('ENAMETOOLONG').stat(path4096);
  },
  'are bytes, not text': (fs) => {
    const names = [[0xff, 0xfe], [0x80], [1, 2, 3], [0xc3], [0x20], [0x0a], [0x5c]];
    for (const bytes of names) fs.create(Buffer.from(bytes), `${bytes}`);
    const found = new Set(fs.readdir('.').map(({ bytes }) => bytes.toString('hex')));
    for (const bytes of names) {
      equal(found.has(Buffer.from(bytes).toString('hex')), true);
      equal(fs.content(Buffer.from(bytes)), `${bytes}`);
    }
  },
  'differ by case and by composition': (fs) => {
    fs.create('a');
    fs.create('A');
    fs.create('\u00e9');
    fs.create('e\u0301');
    equal(fs.list().length, 4);
  },
  'may begin with dots and dashes': (fs) => {
    for (const name of ['...', '.x', '-', '--', ' ', '*', '~']) fs.create(name);
    deepEqual(fs.list(), [' ', '*', '-', '--', '...', '.x', '~']);
  },
  'with slashes between are as with one': (fs) => {
    fs.mkdir('d');
    fs.create('d///f', 'content');
    equal(fs.content('.//d/./f'), 'content');
  },
  'a dot is the directory, two dots its parent': (fs) => {
    fs.mkdir('d');
    fs.mkdir('d/e');
    equal(fs.stat('d/.').ino, fs.stat('d').ino);
    equal(fs.stat('d/e/..').ino, fs.stat('d').ino);
    equal(fs.stat('d/e/../..').ino, fs.stat('.').ino);
  },
  'two dots after a symbolic link are the parent of its target': (fs) => {
    fs.mkdir('d');
    fs.mkdir('d/e');
    fs.symlink('d/e', 'l');
    equal(fs.stat('l/..').ino, fs.stat('d').ino);
  },
  'two dots after a file are ENOTDIR, after nothing ENOENT': (fs) => {
    fs.create('f');
    fs.fails('ENOTDIR').stat('f/..');
    fs.fails('ENOENT').stat('none/..');
  },
  'two dots of a directory follow it to a new parent': (fs) => {
    fs.mkdir('a');
    fs.mkdir('b');
    fs.mkdir('a/d');
    equal(fs.stat('a/d/..').ino, fs.stat('a').ino);
    fs.rename('a/d', 'b/d');
    equal(fs.stat('b/d/..').ino, fs.stat('b').ino);
  },
  'a slash at the end demands a directory': (fs) => {
    fs.create('f');
    fs.mkdir('d');
    fs.symlink('f', 'toFile');
    fs.symlink('d', 'toDirectory');
    fs.fails('ENOTDIR').stat('f/');
    fs.fails('ENOTDIR').lstat('toFile/');
    equal(fs.lstat('toDirectory/').type, 'directory');
    equal(fs.stat('d/').type, 'directory');
  },
  'a hundred directories deep': (fs) => {
    let path = 'd';
    for (let depth = 1; depth < 100; depth++) path += '/d';
    const parts = path.split('/');
    parts.forEach((_, index) => fs.mkdir(parts.slice(0, index + 1).join('/')));
    fs.create(`${path}/f`, 'deep');
    equal(fs.content(`${path}/f`), 'deep');
  },
  'are free again at once after unlink, rmdir and rename': (fs) => {
    for (let round = 0; round < 3; round++) {
      fs.create('n');
      fs.unlink('n');
      fs.mkdir('n');
      fs.rmdir('n');
      fs.symlink('x', 'n');
      fs.rename('n', 'm');
      fs.unlink('m');
      fs.fails('ENOENT').lstat('n');
    }
  },
  'that were looked up in vain are found once they are made': (fs) => {
    fs.fails('ENOENT').stat('n');
    fs.create('n');
    equal(fs.stat('n').type, 'file');
    fs.fails('ENOENT').stat('m');
    fs.rename('n', 'm');
    equal(fs.stat('m').type, 'file');
    fs.fails('ENOENT').stat('k');
    fs.link('m', 'k');
    equal(fs.stat('k').nlink, 2);
  },
});
