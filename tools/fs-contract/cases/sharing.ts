// What several processes see of each other: mappings, locks, copies.
import { deepEqual, equal } from 'node:assert/strict';
import type { Client } from '../src/client.ts';
import { LOCK, MAP, O, PROT } from '../src/constants.ts';
import { asRoot, rules } from '../src/rules.ts';
import { pattern } from './contents.ts';

const rw = O.RDWR | O.CREAT;
const page = 4096;
const text = (bytes: Buffer) => bytes.toString();
const both = PROT.READ | PROT.WRITE;

function mapped(fs: Client, size: number): [fd: number, address: bigint] {
  const fd = fs.open('f', rw);
  fs.ftruncate(fd, size);
  return [fd, fs.mmap(fd, size, both)];
}

export const mmapRules = rules('mmap', {
  'shows the content': (fs) => {
    fs.create('f', pattern(10_000));
    const address = fs.mmap(fs.open('f', O.RDONLY), 10_000, PROT.READ);
    deepEqual(fs.peek(address, 10_000), pattern(10_000));
  },
  'is zero behind the end of the file, within its last page': (fs) => {
    fs.create('f', 'content');
    const address = fs.mmap(fs.open('f', O.RDONLY), page, PROT.READ);
    deepEqual(fs.peek(address + 7n, 100), Buffer.alloc(100));
  },
  'is SIGBUS on a page behind the end': (fs) => {
    fs.create('f', 'content');
    const address = fs.mmap(fs.open('f', O.RDONLY), 2 * page, PROT.READ);
    equal(text(fs.peek(address, 7)), 'content');
    fs.fails('SIGBUS').peek(address + BigInt(page), 1);
  },
  'a store is read by read(2) of the same machine': (fs) => {
    const [fd, address] = mapped(fs, page);
    fs.poke(address, 'stored');
    fs.msync(address, page);
    equal(text(fs.pread(fd, 6, 0)), 'stored');
  },
  'a store is there after msync for another process': (fs) => {
    const [, address] = mapped(fs, 100_000);
    fs.poke(address + 50_000n, 'stored');
    fs.msync(address, 100_000);
    const other = fs.another();
    equal(text(other.pread(other.open('f', O.RDONLY), 6, 50_000)), 'stored');
  },
  'a store is there after munmap and close': (fs) => {
    const [fd, address] = mapped(fs, page);
    fs.poke(address, 'stored');
    fs.munmap(address, page);
    fs.close(fd);
    equal(fs.content('f').slice(0, 6), 'stored');
  },
  'a store is there when the mapping has outlived its descriptor and name': (fs) => {
    const [fd, address] = mapped(fs, page);
    fs.link('f', 'g');
    fs.close(fd);
    fs.unlink('f');
    fs.poke(address, 'stored');
    fs.msync(address, page);
    equal(fs.content('g').slice(0, 6), 'stored');
  },
  'a write shows in a mapping': (fs) => {
    const [fd, address] = mapped(fs, page);
    equal(fs.peek(address, 1)[0], 0);
    fs.pwrite(fd, 'written', 0);
    equal(text(fs.peek(address, 7)), 'written');
  },
  'a write by another process shows in a mapping': (fs) => {
    const [, address] = mapped(fs, page);
    equal(fs.peek(address, 1)[0], 0);
    const other = fs.another();
    other.pwrite(other.open('f', O.RDWR), 'written', 0);
    equal(text(fs.peek(address, 7)), 'written');
  },
  'two mappings of a file are one': (fs) => {
    const [fd, first] = mapped(fs, page);
    const second = fs.mmap(fd, page, both);
    fs.poke(first, 'stored');
    equal(text(fs.peek(second, 6)), 'stored');
  },
  'mappings in two processes are one': (fs) => {
    const [, address] = mapped(fs, page);
    const other = fs.another();
    const theirs = other.mmap(other.open('f', O.RDWR), page, both);
    fs.poke(address, 'stored');
    equal(text(other.peek(theirs, 6)), 'stored');
  },
  'MAP_PRIVATE keeps its stores to itself': (fs) => {
    fs.create('f', 'content');
    const fd = fs.open('f', O.RDONLY);
    const address = fs.mmap(fd, page, both, MAP.PRIVATE);
    fs.poke(address, 'STORED!');
    equal(fs.content('f'), 'content');
    equal(text(fs.peek(address, 7)), 'STORED!');
  },
  'after truncate what was cut is SIGBUS, and zero when it grows back': (fs) => {
    fs.create('f', 'x'.repeat(3 * page));
    const fd = fs.open('f', O.RDWR);
    const address = fs.mmap(fd, 3 * page, PROT.READ);
    equal(text(fs.peek(address + BigInt(2 * page), 1)), 'x');
    fs.ftruncate(fd, page);
    fs.fails('SIGBUS').peek(address + BigInt(2 * page), 1);
    fs.ftruncate(fd, 3 * page);
    equal(fs.peek(address + BigInt(2 * page), 1)[0], 0);
  },
  'for writing of a file that is open for reading only is EACCES': (fs) => {
    fs.create('f', 'content');
    const fd = fs.open('f', O.RDONLY);
    fs.fails('EACCES').mmap(fd, page, both);
  },
  'of a file that is open for writing only is EACCES': (fs) => {
    const fd = fs.open('f', O.WRONLY | O.CREAT);
    fs.fails('EACCES').mmap(fd, page, PROT.READ);
  },
  'of nothing, or from within a page, is EINVAL': (fs) => {
    const fd = fs.open('f', rw);
    fs.fails('EINVAL').mmap(fd, 0, PROT.READ);
    fs.fails('EINVAL').mmap(fd, page, PROT.READ, MAP.SHARED, 1);
  },
  'of a directory is ENODEV': (fs) => {
    const fd = fs.open('.', O.RDONLY);
    fs.fails('ENODEV').mmap(fd, page, PROT.READ);
  },
  'of a later part of a file begins there': (fs) => {
    fs.create('f', pattern(5 * page));
    const address = fs.mmap(fs.open('f', O.RDONLY), page, PROT.READ, MAP.SHARED, 3 * page);
    deepEqual(fs.peek(address, page), pattern(5 * page).subarray(3 * page, 4 * page));
  },
  'a store changes mtime and ctime by msync at the latest': (fs) => {
    const [, address] = mapped(fs, page);
    const changed = fs.touched('f', () => {
      fs.poke(address, 'x');
      fs.msync(address, page);
    });
    // Where the page has to be read first, that shows as atime.
    equal(changed.replace('atime ', ''), 'mtime ctime');
  },
});

export const lockRules = rules('locks', {
  'a write lock keeps the locks of other processes out: EAGAIN': (fs) => {
    const other = fs.another();
    const [mine, theirs] = [fs.open('f', rw), other.open('f', rw)];
    fs.lock(mine, 'write');
    other.fails('EAGAIN').lock(theirs, 'write');
    other.fails('EAGAIN').lock(theirs, 'read');
    fs.lock(mine, 'none');
    other.lock(theirs, 'write');
    equal(fs.testLock(mine, 'read'), 'write');
  },
  'read locks share': (fs) => {
    const other = fs.another();
    const [mine, theirs] = [fs.open('f', rw), other.open('f', rw)];
    fs.lock(mine, 'read');
    other.lock(theirs, 'read');
    fs.fails('EAGAIN').lock(mine, 'write');
    equal(other.testLock(theirs, 'write'), 'read');
  },
  'ranges that do not meet are apart': (fs) => {
    const other = fs.another();
    const [mine, theirs] = [fs.open('f', rw), other.open('f', rw)];
    fs.lock(mine, 'write', { start: 0, length: 10 });
    other.lock(theirs, 'write', { start: 10, length: 10 });
    other.fails('EAGAIN').lock(theirs, 'write', { start: 9, length: 1 });
    equal(other.testLock(theirs, 'read', { start: 0, length: 0 }), 'write');
  },
  'a part can be let go': (fs) => {
    const other = fs.another();
    const [mine, theirs] = [fs.open('f', rw), other.open('f', rw)];
    fs.lock(mine, 'write', { start: 0, length: 100 });
    fs.lock(mine, 'none', { start: 40, length: 20 });
    other.lock(theirs, 'write', { start: 40, length: 20 });
    other.fails('EAGAIN').lock(theirs, 'write', { start: 39, length: 1 });
    other.fails('EAGAIN').lock(theirs, 'write', { start: 60, length: 1 });
  },
  'a process is not in its own way, and may change its lock': (fs) => {
    const other = fs.another();
    const [first, second] = [fs.open('f', rw), fs.open('f', rw)];
    fs.lock(first, 'write');
    fs.lock(second, 'read');
    const theirs = other.open('f', rw);
    other.lock(theirs, 'read');
    equal(other.testLock(theirs, 'write'), 'read');
  },
  'the locks of a process go when it closes any descriptor of the file': (fs) => {
    const other = fs.another();
    const [mine, theirs] = [fs.open('f', rw), other.open('f', rw)];
    fs.lock(mine, 'write');
    other.fails('EAGAIN').lock(theirs, 'write');
    fs.close(fs.open('f', O.RDONLY));
    other.lock(theirs, 'write');
    equal(fs.testLock(mine, 'write'), 'write');
  },
  'a write lock needs a descriptor for writing: EBADF': (fs) => {
    fs.create('f');
    const fd = fs.open('f', O.RDONLY);
    fs.fails('EBADF').lock(fd, 'write');
    fs.lock(fd, 'read');
  },
  'OFD locks are between open files, also of one process': (fs) => {
    const [first, second] = [fs.open('f', rw), fs.open('f', rw)];
    fs.lock(first, 'write', { ofd: true });
    fs.fails('EAGAIN').lock(second, 'write', { ofd: true });
    fs.close(fs.dup(first));
    fs.fails('EAGAIN').lock(second, 'write', { ofd: true });
    fs.close(first);
    fs.lock(second, 'write', { ofd: true });
  },
  'OFD locks and those of processes are in each other’s way': (fs) => {
    const [first, second] = [fs.open('f', rw), fs.open('f', rw)];
    fs.lock(first, 'write', { ofd: true });
    fs.fails('EAGAIN').lock(second, 'write');
    equal(fs.testLock(second, 'read'), 'write');
  },
  'flock excludes, shares and is let go': (fs) => {
    const other = fs.another();
    const [mine, theirs] = [fs.open('f', rw), other.open('f', O.RDONLY)];
    fs.flock(mine, LOCK.SH);
    other.flock(theirs, LOCK.SH | LOCK.NB);
    fs.fails('EAGAIN').flock(mine, LOCK.EX | LOCK.NB);
    other.flock(theirs, LOCK.UN);
    fs.flock(mine, LOCK.EX | LOCK.NB);
    other.fails('EAGAIN').flock(theirs, LOCK.SH | LOCK.NB);
  },
  'flock is of the open file: duplicates share it, another open does not': (fs) => {
    const first = fs.open('f', rw);
    const copy = fs.dup(first);
    const second = fs.open('f', rw);
    fs.flock(first, LOCK.EX);
    fs.flock(copy, LOCK.EX | LOCK.NB);
    fs.fails('EAGAIN').flock(second, LOCK.EX | LOCK.NB);
    fs.close(first);
    fs.fails('EAGAIN').flock(second, LOCK.EX | LOCK.NB);
    fs.close(copy);
    fs.flock(second, LOCK.EX | LOCK.NB);
  },
  'flock and fcntl locks do not meet': (fs) => {
    const other = fs.another();
    const [mine, theirs] = [fs.open('f', rw), other.open('f', rw)];
    fs.flock(mine, LOCK.EX);
    other.lock(theirs, 'write');
    equal(fs.testLock(mine, 'write'), 'write');
  },
});

export const copyRules = rules('copy_file_range', {
  'copies a range to another place': (fs) => {
    fs.create('f', 'content');
    fs.create('g', '..........');
    const [from, to] = [fs.open('f', O.RDONLY), fs.open('g', O.RDWR)];
    equal(fs.copyFileRange(from, 1, to, 4, 3), 3);
    equal(fs.content('g'), '....ont...');
  },
  'stops at the end of the source': (fs) => {
    fs.create('f', 'content');
    const [from, to] = [fs.open('f', O.RDONLY), fs.open('g', rw)];
    equal(fs.copyFileRange(from, 4, to, 0, 1000), 3);
    equal(fs.copyFileRange(from, 7, to, 3, 1000), 0);
    equal(fs.content('g'), 'ent');
  },
  'copies large files whole': (fs) => {
    fs.create('f', pattern(1_000_003));
    const [from, to] = [fs.open('f', O.RDONLY), fs.open('g', rw)];
    let done = 0;
    while (done < 1_000_003) {
      const some = fs.copyFileRange(from, done, to, done, 1_000_003 - done);
      equal(some > 0, true);
      done += some;
    }
    deepEqual(fs.pread(to, 1_000_004, 0), pattern(1_000_003));
  },
  'within a file, apart, is allowed': (fs) => {
    fs.create('f', 'content');
    const fd = fs.open('f', O.RDWR);
    equal(fs.copyFileRange(fd, 0, fd, 10, 3), 3);
    equal(fs.content('f'), 'content\0\0\0con');
  },
  'within a file onto itself is EINVAL': (fs) => {
    fs.create('f', 'x'.repeat(100));
    const fd = fs.open('f', O.RDWR);
    fs.fails('EINVAL').copyFileRange(fd, 0, fd, 10, 50);
  },
  'to a descriptor for reading or appending is EBADF': (fs) => {
    fs.create('f', 'content');
    const from = fs.open('f', O.RDONLY);
    const reading = fs.open('f', O.RDONLY);
    const appending = fs.open('g', O.WRONLY | O.CREAT | O.APPEND);
    fs.fails('EBADF').copyFileRange(from, 0, reading, 0, 1);
    fs.fails('EBADF').copyFileRange(from, 0, appending, 0, 1);
  },
  'of a directory is EISDIR': (fs) => {
    const directory = fs.open('.', O.RDONLY);
    const to = fs.open('f', rw);
    fs.fails('EISDIR').copyFileRange(directory, 0, to, 0, 1);
  },
});

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
    equal(fill(fs, 'more') < 500_000, true);
    const fd = fs.open('keep', O.RDONLY);
    deepEqual(fs.pread(fd, 10_000, 0), pattern(10_000));
  }),
  'statfs has less than a MiB available': asRoot((fs) => {
    fill(fs, 'big');
    const { blocks, blocksAvailable, blockSize } = fs.statfs('.');
    equal(Math.max(blocksAvailable * blockSize, 1 << 20), 1 << 20);
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
    // A mount may hear a little late that nobody has the file open any more.
    let again = 0;
    for (let n = 0; n < 300 && again < size * 0.95; n++) again += fill(fs, `again-${n}`);
    equal(again >= size * 0.95, true);
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
