// Bytes that go from file to file, or through a pipe, without coming to the caller.
import { deepEqual, equal } from 'node:assert/strict';
import type { Client } from '../src/client.ts';
import { O, S, SEEK } from '../src/constants.ts';
import { asRoot, rules } from '../src/rules.ts';
import { pattern } from './contents.ts';

const rw = O.RDWR | O.CREAT;
const here = undefined;

function source(fs: Client, content: string | Buffer = 'content'): number {
  fs.create('from', content);
  return fs.open('from', O.RDWR);
}

export const sendfileRules = rules('sendfile', {
  'copies from an offset and leaves the position of the source': (fs) => {
    const [from, to] = [source(fs), fs.open('to', rw)];
    equal(fs.sendfile(to, from, 3, 100), 4);
    equal(fs.content('to'), 'tent');
    equal(fs.lseek(from, 0, SEEK.CUR), 0);
  },
  'without an offset moves the position of the source': (fs) => {
    const [from, to] = [source(fs), fs.open('to', rw)];
    fs.read(from, 2);
    equal(fs.sendfile(to, from, here, 3), 3);
    equal(fs.content('to'), 'nte');
    equal(fs.lseek(from, 0, SEEK.CUR), 5);
  },
  'writes where the position of the target is, and moves it': (fs) => {
    const [from, to] = [source(fs), fs.open('to', rw)];
    fs.write(to, '....');
    fs.lseek(to, 1, SEEK.SET);
    fs.sendfile(to, from, 0, 2);
    equal(fs.content('to'), '.co.');
    equal(fs.lseek(to, 0, SEEK.CUR), 3);
  },
  'at the end of the source is 0': (fs) => {
    const [from, to] = [source(fs), fs.open('to', rw)];
    equal(fs.sendfile(to, from, 7, 100), 0);
    equal(fs.content('to'), '');
  },
  'copies a large file with its holes as zeros': (fs) => {
    const from = source(fs, pattern(50_000));
    fs.pwrite(from, pattern(50_000), 200_000);
    const to = fs.open('to', rw);
    for (let left = 250_000; left > 0;) left -= fs.sendfile(to, from, 250_000 - left, left);
    const expected = Buffer.concat([pattern(50_000), Buffer.alloc(150_000), pattern(50_000)]);
    deepEqual(fs.pread(to, 250_001, 0), expected);
  },
  'to a pipe and from there on': (fs) => {
    const from = source(fs);
    const [reader, writer] = fs.pipe();
    equal(fs.sendfile(writer, from, 0, 7), 7);
    equal(fs.read(reader, 9).toString(), 'content');
  },
  'to a descriptor with O_APPEND is EINVAL': (fs) => {
    const [from, to] = [source(fs), fs.open('to', O.WRONLY | O.CREAT | O.APPEND)];
    fs.fails('EINVAL').sendfile(to, from, 0, 1);
  },
  'before the beginning is EINVAL': (fs) => {
    const [from, to] = [source(fs), fs.open('to', rw)];
    fs.fails('EINVAL').sendfile(to, from, -1, 1);
  },
  'of a directory is EINVAL': (fs) => {
    const to = fs.open('to', rw);
    const directory = fs.open('.', O.RDONLY);
    fs.fails('EINVAL').sendfile(to, directory, 0, 1);
  },
  'changes mtime and ctime of the target': (fs) => {
    const [from, to] = [source(fs), fs.open('to', rw)];
    equal(
      fs.touched('to', () => fs.sendfile(to, from, 0, 7)),
      'mtime ctime',
    );
  },
});

export const spliceRules = rules('splice', {
  'moves a file into a pipe from an offset': (fs) => {
    const from = source(fs);
    const [reader, writer] = fs.pipe();
    equal(fs.splice(from, 3, writer, here, 100), 4);
    equal(fs.read(reader, 9).toString(), 'tent');
    equal(fs.lseek(from, 0, SEEK.CUR), 0);
  },
  'moves a file into a pipe from its position': (fs) => {
    const from = source(fs);
    const [reader, writer] = fs.pipe();
    fs.read(from, 5);
    fs.splice(from, here, writer, here, 100);
    equal(fs.read(reader, 9).toString(), 'nt');
    equal(fs.lseek(from, 0, SEEK.CUR), 7);
  },
  'moves a pipe into a file, at an offset': (fs) => {
    const [reader, writer] = fs.pipe();
    const to = fs.open('to', rw);
    fs.write(writer, 'through');
    equal(fs.splice(reader, here, to, 3, 100), 7);
    equal(fs.content('to'), '\0\0\0through');
    equal(fs.lseek(to, 0, SEEK.CUR), 0);
  },
  'moves a pipe into a file, at its position': (fs) => {
    const [reader, writer] = fs.pipe();
    const to = fs.open('to', rw);
    fs.write(to, 'ab');
    fs.write(writer, 'through');
    fs.splice(reader, here, to, here, 100);
    equal(fs.content('to'), 'abthrough');
    equal(fs.lseek(to, 0, SEEK.CUR), 9);
  },
  'carries whole pages through a pipe as they were': (fs) => {
    const from = source(fs, pattern(60_000));
    const to = fs.open('to', rw);
    const [reader, writer] = fs.pipe();
    for (let done = 0; done < 60_000;) {
      const some = fs.splice(from, done, writer, here, 32_768);
      for (let left = some; left > 0;) left -= fs.splice(reader, here, to, here, left);
      done += some;
    }
    deepEqual(fs.pread(to, 60_001, 0), pattern(60_000));
  },
  'what is in the pipe stays as it was when the file is replaced': (fs) => {
    const from = source(fs, 'x'.repeat(4096));
    const [reader, writer] = fs.pipe();
    equal(fs.splice(from, 0, writer, here, 4096), 4096);
    fs.unlink('from');
    fs.create('from', 'y'.repeat(4096));
    equal(fs.read(reader, 4096).toString(), 'x'.repeat(4096));
  },
  'of two files without a pipe is EINVAL': (fs) => {
    const [from, to] = [source(fs), fs.open('to', rw)];
    fs.fails('EINVAL').splice(from, 0, to, 0, 1);
  },
  'to a descriptor with O_APPEND is EINVAL': (fs) => {
    const [reader, writer] = fs.pipe();
    fs.write(writer, 'x');
    const to = fs.open('to', O.WRONLY | O.CREAT | O.APPEND);
    fs.fails('EINVAL').splice(reader, here, to, here, 1);
  },
  'with an offset for the pipe is ESPIPE': (fs) => {
    const from = source(fs);
    const [, writer] = fs.pipe();
    fs.fails('ESPIPE').splice(from, 0, writer, 0, 1);
  },
  'of a file for writing only, or to one for reading only, is EBADF': (fs) => {
    fs.create('f', 'content');
    const [reader, writer] = fs.pipe();
    const [writing, reading] = [fs.open('f', O.WRONLY), fs.open('f', O.RDONLY)];
    fs.write(writer, 'x');
    fs.fails('EBADF').splice(writing, 0, writer, here, 1);
    fs.fails('EBADF').splice(reader, here, reading, 0, 1);
  },
  'to a file changes its mtime and ctime': (fs) => {
    const [reader, writer] = fs.pipe();
    const to = fs.open('to', rw);
    fs.write(writer, 'through');
    equal(
      fs.touched('to', () => fs.splice(reader, here, to, 0, 7)),
      'mtime ctime',
    );
  },
});

export const copyRules = rules('copy_file_range', {
  'copies a range to another place': (fs) => {
    const from = source(fs);
    fs.create('g', '..........');
    equal(fs.copyFileRange(from, 1, fs.open('g', O.RDWR), 4, 3), 3);
    equal(fs.content('g'), '....ont...');
  },
  'with offsets leaves both positions': (fs) => {
    const [from, to] = [source(fs), fs.open('to', rw)];
    fs.copyFileRange(from, 1, to, 4, 3);
    deepEqual([fs.lseek(from, 0, SEEK.CUR), fs.lseek(to, 0, SEEK.CUR)], [0, 0]);
    equal(fs.content('to'), '\0\0\0\0ont');
  },
  'without offsets goes from position to position, and moves both': (fs) => {
    const [from, to] = [source(fs), fs.open('to', rw)];
    fs.read(from, 3);
    fs.write(to, 'ab');
    equal(fs.copyFileRange(from, here, to, here, 2), 2);
    equal(fs.content('to'), 'abte');
    deepEqual([fs.lseek(from, 0, SEEK.CUR), fs.lseek(to, 0, SEEK.CUR)], [5, 4]);
  },
  'stops at the end of the source': (fs) => {
    const [from, to] = [source(fs), fs.open('g', rw)];
    equal(fs.copyFileRange(from, 4, to, 0, 1000), 3);
    equal(fs.copyFileRange(from, 7, to, 3, 1000), 0);
    equal(fs.copyFileRange(from, 70, to, 3, 1000), 0);
    equal(fs.content('g'), 'ent');
  },
  'copies large files whole': (fs) => {
    const [from, to] = [source(fs, pattern(1_000_003)), fs.open('g', rw)];
    let done = 0;
    while (done < 1_000_003) {
      const some = fs.copyFileRange(from, done, to, done, 1_000_003 - done);
      equal(some > 0, true);
      done += some;
    }
    deepEqual(fs.pread(to, 1_000_004, 0), pattern(1_000_003));
  },
  'reads holes as zeros': (fs) => {
    const from = source(fs, 'ab');
    fs.pwrite(from, 'cd', 100_000);
    const to = fs.open('to', rw);
    fs.write(to, 'x'.repeat(100_002));
    for (let done = 0; done < 100_002;) {
      done += fs.copyFileRange(from, done, to, done, 100_002 - done);
    }
    deepEqual(fs.pread(to, 5000, 50_000), Buffer.alloc(5000));
    equal(fs.pread(to, 9, 100_000).toString(), 'cd');
  },
  'sees what was just written, also by a store into a mapping': (fs) => {
    const [from, to] = [source(fs, Buffer.alloc(4096)), fs.open('to', rw)];
    fs.write(from, 'written');
    equal(fs.copyFileRange(from, 0, to, 0, 7), 7);
    equal(fs.content('to'), 'written');
  },
  'shows at once in a mapping of the target': (fs) => {
    const from = source(fs);
    const to = fs.open('to', rw);
    fs.ftruncate(to, 4096);
    const address = fs.mmap(to, 4096, 1);
    equal(fs.peek(address, 1)[0], 0);
    fs.copyFileRange(from, 0, to, 0, 7);
    equal(fs.peek(address, 7).toString(), 'content');
  },
  'of nothing is 0': (fs) => {
    const [from, to] = [source(fs), fs.open('to', rw)];
    equal(fs.copyFileRange(from, 0, to, 0, 0), 0);
    equal(fs.copyFileRange(from, 0, to, 0, 1), 1);
  },
  'within a file, apart, is allowed': (fs) => {
    const fd = source(fs);
    equal(fs.copyFileRange(fd, 0, fd, 10, 3), 3);
    equal(fs.content('from'), 'content\0\0\0con');
  },
  'within a file onto itself is EINVAL, by another descriptor or name too': (fs) => {
    const fd = source(fs, 'x'.repeat(100));
    fs.link('from', 'name');
    const other = fs.open('name', O.RDWR);
    fs.fails('EINVAL').copyFileRange(fd, 0, fd, 10, 50);
    fs.fails('EINVAL').copyFileRange(fd, 10, fd, 0, 50);
    fs.fails('EINVAL').copyFileRange(fd, 0, other, 10, 50);
  },
  'to a descriptor for reading or appending is EBADF': (fs) => {
    const from = source(fs);
    const reading = fs.open('from', O.RDONLY);
    const appending = fs.open('g', O.WRONLY | O.CREAT | O.APPEND);
    fs.fails('EBADF').copyFileRange(from, 0, reading, 0, 1);
    fs.fails('EBADF').copyFileRange(from, 0, appending, 0, 1);
  },
  'of a directory, or to one, is EISDIR': (fs) => {
    const directory = fs.open('.', O.RDONLY);
    const file = fs.open('f', rw);
    fs.fails('EISDIR').copyFileRange(directory, 0, file, 0, 1);
    fs.fails('EISDIR').copyFileRange(file, 0, directory, 0, 1);
  },
  'of a FIFO, a pipe or a device is EINVAL': asRoot((fs) => {
    fs.mknod('p', S.IFIFO | 0o600);
    fs.mknod('zero', S.IFCHR | 0o600, 0x105);
    const to = fs.open('f', rw);
    fs.fails('EINVAL').copyFileRange(fs.pipe()[0], here, to, 0, 1);
    const [fifo, zero] = [fs.open('p', O.RDWR), fs.open('zero', O.RDONLY)];
    fs.fails('EINVAL').copyFileRange(fifo, here, to, 0, 1);
    fs.fails('EINVAL').copyFileRange(zero, here, to, 0, 1);
  }),
  'before the beginning is EINVAL, beyond the largest offset EFBIG': (fs) => {
    const [from, to] = [source(fs), fs.open('to', rw)];
    const most = Buffer.from('ffffffffffffff7f', 'hex');
    fs.fails('EINVAL').copyFileRange(from, -10, to, 0, 1);
    fs.fails('EINVAL').copyFileRange(from, 0, to, -10, 1);
    fs.fails('EFBIG').raw('copy_file_range', from, Buffer.alloc(8), to, most, 10, 0);
  },
  'above the limit of the file size is EFBIG': (fs) => {
    const [from, to] = [source(fs), fs.open('to', rw)];
    fs.limitFileSize(1000);
    fs.fails('EFBIG').copyFileRange(from, 0, to, 1000, 1);
    equal(fs.stat('to').size, 0);
  },
  'to another file system copies, or is EXDEV': (fs) => {
    const from = source(fs);
    const other = `${fs.elsewhere}/target`;
    const to = fs.open(other, O.RDWR | O.CREAT | O.TRUNC, 0o600);
    fs.fails('EXDEV').copyFileRange(from, 0, to, 0, 7);
    fs.unlink(other);
  },
});
