// Bytes of open files: read, write, positions.
import { deepEqual, equal } from 'node:assert/strict';
import { O, RWF } from '../src/constants.ts';
import { rules } from '../src/rules.ts';
import { pattern, sizes } from './contents.ts';

const rw = O.RDWR | O.CREAT;
const text = (bytes: Buffer) => bytes.toString();

export const closeRules = rules('close', {
  'the descriptor is gone: EBADF to every call': (fs) => {
    const fd = fs.open('f', rw);
    fs.close(fd);
    fs.fails('EBADF').close(fd);
    fs.fails('EBADF').read(fd, 1);
    fs.fails('EBADF').write(fd, 'x');
    fs.fails('EBADF').pread(fd, 1, 0);
    fs.fails('EBADF').pwrite(fd, 'x', 0);
    fs.fails('EBADF').fstat(fd);
    fs.fails('EBADF').ftruncate(fd, 0);
    fs.fails('EBADF').fsync(fd);
    fs.fails('EBADF').fdatasync(fd);
  },
  'the descriptor is the next that is given': (fs) => {
    const fd = fs.open('f', rw);
    fs.close(fd);
    equal(fs.open('f', O.RDWR), fd);
    equal(fs.write(fd, 'x'), 1);
  },
});

export const readRules = rules('read', {
  'returns what is there, then nothing': (fs) => {
    fs.create('f', 'content');
    const fd = fs.open('f', O.RDONLY);
    equal(text(fs.read(fd, 100)), 'content');
    equal(fs.read(fd, 100).length, 0);
  },
  'goes on where it stopped': (fs) => {
    fs.create('f', 'content');
    const fd = fs.open('f', O.RDONLY);
    deepEqual(
      [text(fs.read(fd, 3)), text(fs.read(fd, 3)), text(fs.read(fd, 3))],
      ['con', 'ten', 't'],
    );
  },
  'of nothing is nothing': (fs) => {
    fs.create('f', 'content');
    const fd = fs.open('f', O.RDONLY);
    equal(fs.read(fd, 0).length, 0);
    equal(text(fs.read(fd, 9)), 'content');
  },
  'beyond the end is nothing': (fs) => {
    fs.create('f', 'content');
    const fd = fs.open('f', O.RDONLY);
    equal(fs.pread(fd, 10, 7).length, 0);
    equal(fs.pread(fd, 10, 1_000_000).length, 0);
    equal(text(fs.pread(fd, 10, 6)), 't');
  },
  'pread does not move the position': (fs) => {
    fs.create('f', 'content');
    const fd = fs.open('f', O.RDONLY);
    equal(text(fs.pread(fd, 2, 3)), 'te');
    equal(text(fs.read(fd, 2)), 'co');
  },
  'pread before the beginning is EINVAL': (fs) => {
    fs.create('f');
    const fd = fs.open('f', O.RDONLY);
    fs.fails('EINVAL').pread(fd, 1, -1);
  },
  'of a file that is open for writing only is EBADF': (fs) => {
    const fd = fs.open('f', O.WRONLY | O.CREAT);
    fs.fails('EBADF').read(fd, 1);
    fs.fails('EBADF').pread(fd, 1, 0);
  },
  'of a directory is EISDIR': (fs) => {
    const fd = fs.open('.', O.RDONLY);
    fs.fails('EISDIR').read(fd, 1);
  },
  'of a hole is zeros': (fs) => {
    const fd = fs.open('f', rw);
    fs.pwrite(fd, 'end', 100_000);
    deepEqual(fs.pread(fd, 5000, 50_000), Buffer.alloc(5000));
    equal(text(fs.pread(fd, 9, 100_000)), 'end');
  },
  'sees what another process wrote when write has returned': (fs) => {
    const other = fs.another();
    const [writer, reader] = [fs.open('f', rw), other.open('f', O.RDONLY)];
    for (const round of ['first', 'again']) {
      fs.pwrite(writer, round, 0);
      equal(text(other.pread(reader, 9, 0)), round);
    }
  },
});

export const writeRules = rules('write', {
  'returns how much, and it is there': (fs) => {
    const fd = fs.open('f', rw);
    equal(fs.write(fd, 'content'), 7);
    equal(fs.stat('f').size, 7);
    equal(fs.content('f'), 'content');
  },
  'of every size comes back as it was': (fs) => {
    for (const size of sizes) {
      const name = `f${size}`;
      const fd = fs.open(name, rw);
      equal(fs.write(fd, pattern(size)), size);
      equal(fs.stat(name).size, size);
      deepEqual(fs.pread(fd, size + 1, 0), pattern(size));
    }
  },
  'in small pieces is as in one': (fs) => {
    const fd = fs.open('f', rw);
    for (let n = 0; n < 1000; n++) fs.write(fd, `${n}`.padStart(100, '.'));
    const whole = Array.from({ length: 1000 }, (_, n) => `${n}`.padStart(100, '.')).join('');
    equal(fs.content('f'), whole);
  },
  'over the middle leaves the rest': (fs) => {
    for (const size of sizes.slice(3)) {
      const fd = fs.open(`f${size}`, rw);
      fs.write(fd, pattern(size));
      fs.pwrite(fd, 'XYZ', 1000);
      const expected = pattern(size);
      expected.write('XYZ', 1000);
      deepEqual(fs.pread(fd, size, 0), expected);
    }
  },
  'across the end makes it longer': (fs) => {
    fs.create('f', 'content');
    const fd = fs.open('f', O.WRONLY);
    fs.pwrite(fd, 'TENDED', 3);
    equal(fs.content('f'), 'conTENDED');
  },
  'behind the end leaves a hole of zeros': (fs) => {
    fs.create('f', 'ab');
    fs.pwrite(fs.open('f', O.WRONLY), 'c', 5);
    equal(fs.content('f'), 'ab\0\0\0c');
  },
  'of nothing does not grow the file': (fs) => {
    const fd = fs.open('f', rw);
    equal(fs.pwrite(fd, '', 1000), 0);
    equal(fs.write(fd, ''), 0);
    equal(fs.stat('f').size, 0);
  },
  'pwrite does not move the position': (fs) => {
    const fd = fs.open('f', rw);
    fs.pwrite(fd, 'xxxxx', 0);
    fs.write(fd, 'ab');
    equal(fs.content('f'), 'abxxx');
  },
  'pwrite before the beginning is EINVAL': (fs) => {
    const fd = fs.open('f', rw);
    fs.fails('EINVAL').pwrite(fd, 'x', -1);
  },
  'writev writes its parts in order': (fs) => {
    const fd = fs.open('f', rw);
    equal(fs.writev(fd, ['one', '', 'two', 'three']), 11);
    equal(fs.content('f'), 'onetwothree');
  },
  'of a file that is open for reading only is EBADF': (fs) => {
    fs.create('f');
    const fd = fs.open('f', O.RDONLY);
    fs.fails('EBADF').write(fd, 'x');
    fs.fails('EBADF').pwrite(fd, 'x', 0);
  },
  'above the limit of the file size is EFBIG': (fs) => {
    const fd = fs.open('f', rw);
    fs.limitFileSize(1000);
    equal(fs.write(fd, 'x'.repeat(1500)), 1000);
    fs.fails('EFBIG').write(fd, 'x');
    fs.fails('EFBIG').ftruncate(fd, 1001);
    equal(fs.stat('f').size, 1000);
  },
  'beyond the largest offset is EINVAL': (fs) => {
    const fd = fs.open('f', rw);
    fs.fails('EINVAL').pwrite(fd, 'x', (1n << 63n) - 1n);
    equal(fs.stat('f').size, 0);
  },
  'at an offset of terabytes': (fs) => {
    const fd = fs.open('f', rw);
    const far = 5_000_000_000_000;
    fs.pwrite(fd, 'far', far);
    equal(fs.stat('f').size, far + 3);
    equal(text(fs.pread(fd, 9, far)), 'far');
    equal(fs.stat('f').blocks <= 16, true);
  },
  'with O_APPEND goes to the end, wherever the position is': (fs) => {
    fs.create('f', 'one');
    const fd = fs.open('f', O.RDWR | O.APPEND);
    fs.read(fd, 1);
    fs.write(fd, 'two');
    equal(fs.content('f'), 'onetwo');
  },
  'with O_APPEND by two processes loses nothing': (fs) => {
    const other = fs.another();
    fs.create('f');
    const [a, b] = [fs.open('f', O.WRONLY | O.APPEND), other.open('f', O.WRONLY | O.APPEND)];
    for (let n = 0; n < 50; n++) {
      fs.write(a, 'a');
      other.write(b, 'b');
    }
    equal(fs.content('f'), 'ab'.repeat(50));
  },
  'pwrite with O_APPEND goes to the end too': (fs) => {
    fs.create('f', 'one');
    fs.pwrite(fs.open('f', O.WRONLY | O.APPEND), 'two', 0);
    equal(fs.content('f'), 'onetwo');
  },
  'with RWF_APPEND goes to the end for once': (fs) => {
    fs.create('f', 'one');
    const fd = fs.open('f', O.WRONLY);
    fs.pwriteWith(fd, 'two', 0, RWF.APPEND);
    fs.pwrite(fd, 'O', 0);
    equal(fs.content('f'), 'Onetwo');
  },
  'with O_SYNC and O_DIRECT is a write too': (fs) => {
    for (const flag of [O.SYNC, O.DIRECT]) {
      const fd = fs.open(`f${flag}`, rw | flag);
      equal(fs.write(fd, Buffer.alloc(8192, 'x')), 8192);
      equal(fs.content(`f${flag}`), 'x'.repeat(8192));
    }
  },
});
