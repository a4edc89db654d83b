// What lies where in a file: lseek, truncate, fallocate, and the holes they find and make.
import { deepEqual, equal } from 'node:assert/strict';
import { FALLOCATE, O, S, SEEK } from '../src/constants.ts';
import type { Client } from '../src/client.ts';
import { asRoot, rules } from '../src/rules.ts';
import { pattern, sizes } from './contents.ts';

const rw = O.RDWR | O.CREAT;
const text = (bytes: Buffer) => bytes.toString();

export const seekRules = rules('lseek', {
  'moves from the beginning, the position and the end': (fs) => {
    fs.create('f', 'content');
    const fd = fs.open('f', O.RDONLY);
    equal(fs.lseek(fd, 2, SEEK.SET), 2);
    equal(fs.lseek(fd, 2, SEEK.CUR), 4);
    equal(fs.lseek(fd, -1, SEEK.END), 6);
    equal(text(fs.read(fd, 9)), 't');
  },
  'may go behind the end, and grows nothing': (fs) => {
    const fd = fs.open('f', rw);
    equal(fs.lseek(fd, 1000, SEEK.SET), 1000);
    equal(fs.stat('f').size, 0);
    fs.write(fd, 'x');
    equal(fs.stat('f').size, 1001);
  },
  'before the beginning is EINVAL, and so is another way': (fs) => {
    const fd = fs.open('f', rw);
    fs.fails('EINVAL').lseek(fd, -1, SEEK.SET);
    fs.fails('EINVAL').lseek(fd, -1, SEEK.CUR);
    fs.fails('EINVAL').lseek(fd, -1, SEEK.END);
    fs.fails('EINVAL').lseek(fd, 0, 99);
  },
  'sees the size that another process made': (fs) => {
    fs.create('f', 'x');
    const fd = fs.open('f', O.RDONLY);
    equal(fs.lseek(fd, 0, SEEK.END), 1);
    const other = fs.another();
    other.pwrite(other.open('f', O.WRONLY), 'x', 99);
    equal(fs.lseek(fd, 0, SEEK.END), 100);
  },
  'of a FIFO is ESPIPE': (fs) => {
    fs.mknod('p', S.IFIFO | 0o600);
    const fd = fs.open('p', O.RDWR);
    fs.fails('ESPIPE').lseek(fd, 0, SEEK.CUR);
  },
  'SEEK_DATA and SEEK_HOLE of data are where one is, and the end': (fs) => {
    fs.create('f', 'x'.repeat(10_000));
    const fd = fs.open('f', O.RDONLY);
    equal(fs.lseek(fd, 5, SEEK.DATA), 5);
    equal(fs.lseek(fd, 5, SEEK.HOLE), 10_000);
  },
  'SEEK_DATA and SEEK_HOLE at the end and behind it are ENXIO': (fs) => {
    fs.create('f', 'content');
    const fd = fs.open('f', O.RDONLY);
    for (const offset of [7, 8, 100_000]) {
      fs.fails('ENXIO').lseek(fd, offset, SEEK.DATA);
      fs.fails('ENXIO').lseek(fd, offset, SEEK.HOLE);
    }
  },
  'SEEK_DATA of an empty file is ENXIO': (fs) => {
    const fd = fs.open('f', rw);
    fs.fails('ENXIO').lseek(fd, 0, SEEK.DATA);
    fs.fails('ENXIO').lseek(fd, 0, SEEK.HOLE);
  },
  'SEEK_DATA finds what lies behind a hole': (fs) => {
    const fd = fs.open('f', rw);
    fs.pwrite(fd, 'data', 1_000_000);
    const data = fs.lseek(fd, 0, SEEK.DATA);
    equal(data > 900_000 && data <= 1_000_000, true);
    equal(fs.lseek(fd, 0, SEEK.HOLE), 0);
  },
  'SEEK_HOLE finds a punched hole': (fs) => {
    fs.create('f', 'x'.repeat(1 << 20));
    const fd = fs.open('f', O.RDWR);
    fs.fallocate(fd, FALLOCATE.PUNCH_HOLE | FALLOCATE.KEEP_SIZE, 262_144, 262_144);
    equal(fs.lseek(fd, 0, SEEK.HOLE), 262_144);
    equal(fs.lseek(fd, 262_144, SEEK.DATA), 524_288);
    equal(fs.lseek(fd, 524_288, SEEK.HOLE), 1 << 20);
  },
  'SEEK_DATA in a file that is one hole is ENXIO': (fs) => {
    const fd = fs.open('f', rw);
    fs.ftruncate(fd, 1_000_000);
    fs.fails('ENXIO').lseek(fd, 0, SEEK.DATA);
    equal(fs.lseek(fd, 0, SEEK.HOLE), 0);
  },
});

export const truncateRules = rules('truncate', {
  cuts: (fs) => {
    fs.create('f', 'content');
    fs.truncate('f', 3);
    equal(fs.content('f'), 'con');
  },
  'grows by zeros': (fs) => {
    fs.create('f', 'ab');
    fs.truncate('f', 5);
    equal(fs.content('f'), 'ab\0\0\0');
  },
  'to every size, down and up again, leaves zeros and not what was there': (fs) => {
    for (const size of sizes) {
      const name = `f${size}`;
      fs.create(name, pattern(size));
      fs.truncate(name, Math.floor(size / 2));
      fs.truncate(name, size);
      const expected = Buffer.concat([pattern(size).subarray(0, size >> 1)], size);
      const fd = fs.open(name, O.RDONLY);
      deepEqual(fs.pread(fd, size + 1, 0), expected);
    }
  },
  'gives space back': (fs) => {
    fs.create('f', 'x'.repeat(1 << 20));
    equal(fs.stat('f').blocks >= 2048, true);
    fs.truncate('f', 0);
    equal(fs.stat('f').blocks, 0);
  },
  'takes no space where it grows': (fs) => {
    fs.create('f');
    fs.truncate('f', 1 << 30);
    equal(fs.stat('f').blocks <= 8, true);
    equal(fs.stat('f').size, 1 << 30);
  },
  'follows symbolic links': (fs) => {
    fs.create('f', 'content');
    fs.symlink('f', 'l');
    fs.truncate('l', 3);
    equal(fs.content('f'), 'con');
  },
  'leaves the position of open files': (fs) => {
    fs.create('f', 'content');
    const fd = fs.open('f', O.RDWR);
    fs.read(fd, 5);
    fs.ftruncate(fd, 0);
    fs.write(fd, 'x');
    equal(fs.content('f'), '\0\0\0\0\0x');
  },
  'to a negative size is EINVAL': (fs) => {
    fs.create('f');
    fs.fails('EINVAL').truncate('f', -1);
    const fd = fs.open('f', O.WRONLY);
    fs.fails('EINVAL').ftruncate(fd, -1);
  },
  'of a directory is EISDIR': (fs) => {
    fs.mkdir('d');
    fs.fails('EISDIR').truncate('d', 0);
  },
  'of a name that is not there is ENOENT': (fs) => fs.fails('ENOENT').truncate('none', 0),
  'below a file is ENOTDIR, of a loop ELOOP': (fs) => {
    fs.create('f');
    fs.symlink('l', 'l');
    fs.fails('ENOTDIR').truncate('f/x', 0);
    fs.fails('ELOOP').truncate('l', 0);
  },
  'of a FIFO is EINVAL': (fs) => {
    fs.mknod('p', S.IFIFO | 0o600);
    fs.fails('EINVAL').truncate('p', 0);
  },
  'ftruncate for reading only is EINVAL': (fs) => {
    fs.create('f', 'content');
    const fd = fs.open('f', O.RDONLY);
    fs.fails('EINVAL').ftruncate(fd, 0);
    equal(fs.content('f'), 'content');
  },
  'without write permission is EACCES': (fs) => {
    fs.as('root').create('f', 'content', 0o444);
    fs.as('alice').fails('EACCES').truncate('f', 0);
  },
  'by a descriptor needs no permission any more': asRoot((fs) => {
    fs.create('f', 'content', 0o666);
    const alice = fs.as('alice');
    const fd = alice.open('f', O.WRONLY);
    fs.chmod('f', 0o600);
    alice.ftruncate(fd, 3);
    equal(fs.content('f'), 'con');
  }),
  'of a program that runs, or is open, is allowed to its writer': (fs) => {
    fs.create('f', 'content');
    const fd = fs.open('f', O.RDONLY);
    fs.truncate('f', 0);
    equal(fs.read(fd, 9).length, 0);
  },
});

const keep = FALLOCATE.KEEP_SIZE;
const punch = FALLOCATE.PUNCH_HOLE | keep;

function fileOf(fs: Client, content: string | Buffer): number {
  fs.create('f', content);
  return fs.open('f', O.RDWR);
}

export const fallocateRules = rules('fallocate', {
  'grows the file by zeros and takes the space': (fs) => {
    const fd = fileOf(fs, 'ab');
    fs.fallocate(fd, 0, 0, 1 << 20);
    equal(fs.stat('f').size, 1 << 20);
    equal(fs.stat('f').blocks >= 2048, true);
    deepEqual(fs.pread(fd, 4, 0), Buffer.from('ab\0\0'));
  },
  'does not shrink the file': (fs) => {
    const fd = fileOf(fs, 'content');
    fs.fallocate(fd, 0, 0, 3);
    equal(fs.content('f'), 'content');
  },
  'KEEP_SIZE takes the space behind the end': (fs) => {
    const fd = fileOf(fs, 'ab');
    fs.fallocate(fd, keep, 0, 1 << 20);
    equal(fs.stat('f').size, 2);
    equal(fs.stat('f').blocks >= 2048, true);
  },
  'fills a hole': (fs) => {
    const fd = fileOf(fs, '');
    fs.ftruncate(fd, 1 << 20);
    fs.fallocate(fd, 0, 0, 1 << 20);
    equal(fs.stat('f').blocks >= 2048, true);
    deepEqual(fs.pread(fd, 100, 5000), Buffer.alloc(100));
  },
  'PUNCH_HOLE leaves zeros, and the rest': (fs) => {
    for (const size of sizes.slice(3)) {
      fs.create(`f${size}`, pattern(size));
      const fd = fs.open(`f${size}`, O.RDWR);
      fs.fallocate(fd, punch, 1000, 2000);
      const expected = pattern(size).fill(0, 1000, 3000);
      deepEqual(fs.pread(fd, size + 1, 0), expected);
    }
  },
  'PUNCH_HOLE gives whole pages back': (fs) => {
    const fd = fileOf(fs, 'x'.repeat(1 << 20));
    const before = fs.stat('f').blocks;
    fs.fallocate(fd, punch, 0, 1 << 19);
    equal(fs.stat('f').blocks <= before - 1024, true);
    equal(fs.stat('f').size, 1 << 20);
  },
  'PUNCH_HOLE behind the end changes nothing': (fs) => {
    const fd = fileOf(fs, 'content');
    fs.fallocate(fd, punch, 5, 100_000);
    equal(fs.content('f'), 'conte\0\0');
    fs.fallocate(fd, punch, 100_000, 100);
    equal(fs.stat('f').size, 7);
  },
  'PUNCH_HOLE without KEEP_SIZE is EOPNOTSUPP': (fs) => {
    const fd = fileOf(fs, 'content');
    fs.fails('EOPNOTSUPP').fallocate(fd, FALLOCATE.PUNCH_HOLE, 0, 1);
  },
  'COLLAPSE_RANGE and INSERT_RANGE are EOPNOTSUPP, as on tmpfs': (fs) => {
    const fd = fileOf(fs, 'x'.repeat(8192));
    fs.fails('EOPNOTSUPP').fallocate(fd, FALLOCATE.COLLAPSE_RANGE, 0, 4096);
    fs.fails('EOPNOTSUPP').fallocate(fd, FALLOCATE.INSERT_RANGE, 0, 4096);
  },
  'of nothing, or a negative range, is EINVAL': (fs) => {
    const fd = fileOf(fs, '');
    fs.fails('EINVAL').fallocate(fd, 0, 0, 0);
    fs.fails('EINVAL').fallocate(fd, 0, -1, 10);
    fs.fails('EINVAL').fallocate(fd, 0, 0, -1);
  },
  'for reading only is EBADF': (fs) => {
    fs.create('f');
    const fd = fs.open('f', O.RDONLY);
    fs.fails('EBADF').fallocate(fd, 0, 0, 10);
  },
  'of a FIFO is ESPIPE': (fs) => {
    fs.mknod('p', S.IFIFO | 0o600);
    const fd = fs.open('p', O.RDWR);
    fs.fails('ESPIPE').fallocate(fd, 0, 0, 10);
  },
  'of more than there is is ENOSPC, and takes nothing': (fs) => {
    const fd = fileOf(fs, 'content');
    const before = fs.statfs('.').blocksFree;
    fs.fails('ENOSPC').fallocate(fd, 0, 0, 10 * 2 ** 30);
    equal(fs.stat('f').size, 7);
    equal(fs.statfs('.').blocksFree >= before - 64, true);
  },
  'above the limit of the file size is EFBIG': (fs) => {
    const fd = fileOf(fs, '');
    fs.limitFileSize(1000);
    fs.fails('EFBIG').fallocate(fd, 0, 0, 1001);
  },
});
