// A disk that is full, and what statfs tells of it.
import { deepEqual, equal } from 'node:assert/strict';
import type { Client } from '../src/client.ts';
import { O } from '../src/constants.ts';
import { asRoot, rules } from '../src/rules.ts';
import { pattern } from './contents.ts';

const rw = O.RDWR | O.CREAT;
const text = (bytes: Buffer) => bytes.toString();

/** Fills the disk with one file; how much went in. */
function fill(fs: Client, name: string): number {
  const fd = fs.open(name, rw);
  const piece = Buffer.alloc(1 << 20, 'x');
  let done = 0;
  for (let size = piece.length; size >= 1;) {
    try {
      const some = fs.write(fd, piece.subarray(0, size));
      equal(some > 0, true);
      done += some;
    } catch (error) {
      if ((error as { code?: string }).code !== 'ENOSPC') throw error;
      size = Math.floor(size / 4);
    }
  }
  fs.close(fd);
  return done;
}

export const fullDiskRules = rules('full disk', {
  'write is ENOSPC, and what was written stays': asRoot((fs) => {
    fs.create('keep', pattern(10_000));
    const size = fill(fs, 'big');
    equal(fs.stat('big').size, size);
    equal(size > 30_000_000, true);
    const fd = fs.open('keep', O.RDWR);
    fs.fails('ENOSPC').pwrite(fd, Buffer.alloc(200_000), 12_288);
    deepEqual(fs.pread(fd, 10_000, 0), pattern(10_000));
  }),
  'statfs has nothing available': asRoot((fs) => {
    fill(fs, 'big');
    const { blocks, blocksAvailable, blockSize } = fs.statfs('.');
    equal(blocksAvailable * blockSize < 200_000, true);
    equal(blocks * blockSize > 30_000_000, true);
  }),
  'fallocate is ENOSPC': asRoot((fs) => {
    fill(fs, 'big');
    const fd = fs.open('f', rw);
    fs.fails('ENOSPC').fallocate(fd, 0, 0, 1 << 20);
    equal(fs.stat('f').blocks <= 8, true);
  }),
  'names can still be removed and changed, and space used again': asRoot((fs) => {
    fs.create('a');
    const size = fill(fs, 'big');
    fs.rename('a', 'b');
    fs.unlink('big');
    equal(fill(fs, 'again') > size * 0.95, true);
  }),
  'what is there can be overwritten': asRoot((fs) => {
    fs.create('f', 'x'.repeat(100_000));
    fill(fs, 'big');
    const fd = fs.open('f', O.RDWR);
    equal(fs.pwrite(fd, 'y'.repeat(100_000), 0), 100_000);
    fs.fsync(fd);
    equal(text(fs.pread(fd, 3, 99_997)), 'yyy');
  }),
  'truncate and punch make room': asRoot((fs) => {
    const size = fill(fs, 'big');
    fs.truncate('big', size - (8 << 20));
    equal(fill(fs, 'more') > 7 << 20, true);
  }),
});

export const statfsRules = rules('statfs', {
  'has the space of a deleted file available at once': (fs) => {
    const before = fs.statfs('.').blocksFree;
    fs.create('f', Buffer.alloc(8 << 20, 'x'));
    fs.unlink('f');
    equal(fs.statfs('.').blocksFree > before - 1000, true);
  },
  'tells sizes that fit each other': (fs) => {
    const { blockSize, blocks, blocksFree, blocksAvailable, nameMax } = fs.statfs('.');
    equal(blockSize, 4096);
    equal(blocksFree <= blocks && blocksAvailable <= blocksFree && blocks > 0, true);
    equal(nameMax, 255);
  },
  'has less available after a write': (fs) => {
    const before = fs.statfs('.').blocksFree;
    fs.create('f', Buffer.alloc(4 << 20, 'x'));
    equal(fs.statfs('.').blocksFree <= before - 1000, true);
  },
  'of a name that is not there is ENOENT': (fs) => fs.fails('ENOENT').statfs('none'),
  'is the same for every file': (fs) => {
    fs.create('f');
    equal(fs.statfs('f').blocks, fs.statfs('.').blocks);
    equal(fs.statfs('f').nameMax, 255);
  },
});
