// Mappings: what they show, where they end, and how their stores come to the file.
import { deepEqual, equal } from 'node:assert/strict';
import type { Client } from '../src/client.ts';
import { FALLOCATE, MAP, O, PROT } from '../src/constants.ts';
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
  'a store in the hole of a file fills it': (fs) => {
    const [fd, address] = mapped(fs, 100 * page);
    fs.poke(address + BigInt(50 * page), 'stored');
    fs.msync(address, 100 * page);
    equal(text(fs.pread(fd, 6, 50 * page)), 'stored');
    equal(fs.stat('f').blocks > 0, true);
  },
  'a store within the last page but behind the end is not in the file': (fs) => {
    fs.create('f', 'content');
    const fd = fs.open('f', O.RDWR);
    const address = fs.mmap(fd, page, both);
    fs.poke(address + 7n, 'behind');
    fs.msync(address, page);
    equal(fs.stat('f').size, 7);
    equal(fs.content('f'), 'content');
  },
  'shows what a growing file gets': (fs) => {
    fs.create('f', 'content');
    const fd = fs.open('f', O.RDWR);
    const address = fs.mmap(fd, 2 * page, PROT.READ);
    fs.fails('SIGBUS').peek(address + BigInt(page), 1);
    fs.pwrite(fd, 'grown', page);
    equal(text(fs.peek(address + BigInt(page), 5)), 'grown');
  },
  'shows zeros where a hole is punched': (fs) => {
    fs.create('f', 'x'.repeat(4 * page));
    const fd = fs.open('f', O.RDWR);
    const address = fs.mmap(fd, 4 * page, PROT.READ);
    equal(text(fs.peek(address + BigInt(page), 1)), 'x');
    fs.fallocate(fd, FALLOCATE.PUNCH_HOLE | FALLOCATE.KEEP_SIZE, page, page);
    equal(fs.peek(address + BigInt(page), 1)[0], 0);
    equal(text(fs.peek(address + BigInt(2 * page), 1)), 'x');
  },
  'a stored page can be punched and stored again': (fs) => {
    const [fd, address] = mapped(fs, 2 * page);
    fs.poke(address, 'first');
    fs.fallocate(fd, FALLOCATE.PUNCH_HOLE | FALLOCATE.KEEP_SIZE, 0, page);
    equal(fs.peek(address, 1)[0], 0);
    fs.poke(address, 'again');
    fs.msync(address, page);
    equal(text(fs.pread(fd, 5, 0)), 'again');
  },
  'shows the new end at once when the file is cut within a page': (fs) => {
    fs.create('f', 'x'.repeat(page));
    const fd = fs.open('f', O.RDWR);
    const address = fs.mmap(fd, page, PROT.READ);
    equal(text(fs.peek(address + 100n, 1)), 'x');
    fs.ftruncate(fd, 50);
    equal(fs.peek(address + 100n, 1)[0], 0);
    equal(text(fs.peek(address + 49n, 1)), 'x');
  },
  'MAP_PRIVATE shows writes to pages that it has not stored in': (fs) => {
    fs.create('f', 'content');
    const fd = fs.open('f', O.RDWR);
    const address = fs.mmap(fd, page, both, MAP.PRIVATE);
    fs.pwrite(fd, 'CON', 0);
    equal(text(fs.peek(address, 7)), 'CONtent');
  },
  'MAP_PRIVATE changes no times of the file by stores': (fs) => {
    fs.create('f', 'content');
    const address = fs.mmap(fs.open('f', O.RDONLY), page, both, MAP.PRIVATE);
    fs.peek(address, 1);
    const { mtime, ctime } = fs.stat('f');
    fs.tick();
    fs.poke(address, 'x');
    deepEqual([fs.stat('f').mtime, fs.stat('f').ctime], [mtime, ctime]);
  },
  'MAP_SHARED_VALIDATE is as MAP_SHARED': (fs) => {
    const fd = fs.open('f', rw);
    fs.ftruncate(fd, page);
    const address = fs.mmap(fd, page, both, MAP.SHARED_VALIDATE);
    fs.poke(address, 'stored');
    equal(text(fs.pread(fd, 6, 0)), 'stored');
  },
  'MAP_PRIVATE of a file for reading only may be written, of one for writing only is EACCES': (
    fs,
  ) => {
    fs.create('f', 'content');
    fs.mmap(fs.open('f', O.RDONLY), page, both, MAP.PRIVATE);
    const fd = fs.open('f', O.WRONLY);
    fs.fails('EACCES').mmap(fd, page, PROT.WRITE, MAP.PRIVATE);
  },
  'a mapping for reading only is not written: SIGSEGV': (fs) => {
    fs.create('f', 'content');
    const address = fs.mmap(fs.open('f', O.RDWR), page, PROT.READ);
    fs.fails('SIGSEGV').poke(address, 'x');
    equal(fs.content('f'), 'content');
  },
  'read(2) into a mapping of the same file': (fs) => {
    fs.create('f', `content${'.'.repeat(page)}`);
    const fd = fs.open('f', O.RDWR);
    const address = fs.mmap(fd, page, both);
    equal(fs.raw('pread64', fd, address + 100n, 7, 0), 7);
    equal(text(fs.pread(fd, 7, 100)), 'content');
  },
  'write(2) from a mapping of the same file': (fs) => {
    fs.create('f', `content${'.'.repeat(page)}`);
    const fd = fs.open('f', O.RDWR);
    const address = fs.mmap(fd, page, both);
    equal(fs.raw('pwrite64', fd, address, 7, 100), 7);
    equal(text(fs.pread(fd, 7, 100)), 'content');
  },
  'read(2) into a page behind the end is EFAULT': (fs) => {
    fs.create('f', 'content');
    const fd = fs.open('f', O.RDWR);
    const address = fs.mmap(fd, 2 * page, both);
    fs.fails('EFAULT').raw('pread64', fd, address + BigInt(page), 7, 0);
  },
  'of more than the file has is allowed behind its end': (fs) => {
    fs.create('f', 'content');
    const fd = fs.open('f', O.RDWR);
    const address = fs.mmap(fd, page, both, MAP.SHARED, 16 * page);
    fs.fails('SIGBUS').peek(address, 1);
    fs.pwrite(fd, 'far', 16 * page);
    equal(text(fs.peek(address, 3)), 'far');
  },
  'keeps a file without a name until it goes': asRoot((fs) => {
    const before = fs.statfs('.').blocksFree;
    const [fd, address] = mapped(fs, 4 << 20);
    fs.pwrite(fd, Buffer.alloc(4 << 20, 'x'), 0);
    fs.unlink('f');
    fs.close(fd);
    equal(text(fs.peek(address + 1_000_000n, 1)), 'x');
    equal(fs.statfs('.').blocksFree <= before - 1000, true);
  }),
  'a store changes no atime of a file that was read before': (fs) => {
    const [fd, address] = mapped(fs, page);
    fs.peek(address, 1);
    fs.pread(fd, 1, 0);
    const { atime } = fs.stat('f');
    fs.tick();
    fs.poke(address, 'x');
    fs.msync(address, page);
    equal(fs.stat('f').atime, atime);
  },
  'a stranger with write permission stores too': asRoot((fs) => {
    fs.create('f', 'content');
    fs.chmod('f', 0o666);
    const alice = fs.as('alice');
    const address = alice.mmap(alice.open('f', O.RDWR), page, both);
    alice.poke(address, 'x');
    alice.msync(address, page);
    equal(fs.content('f'), 'xontent');
  }),
});
