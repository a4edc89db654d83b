// Calls on mappings: mprotect, mremap, madvise, msync, munmap.
import { deepEqual, equal } from 'node:assert/strict';
import type { Client } from '../src/client.ts';
import { MAP, MS, O, PROT } from '../src/constants.ts';
import { rules } from '../src/rules.ts';
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

export const mappingCallRules = rules('mmap', {
  'mprotect lets a shared mapping of a file for writing be written': (fs) => {
    fs.create('f', 'content');
    const [reading, writing] = [fs.open('f', O.RDONLY), fs.open('f', O.RDWR)];
    const fixed = fs.mmap(reading, page, PROT.READ);
    fs.fails('EACCES').raw('mprotect', fixed, page, both);
    const address = fs.mmap(writing, page, PROT.READ);
    equal(fs.raw('mprotect', address, page, both), 0);
    fs.poke(address, 'C');
    equal(fs.content('f'), 'Content');
  },
  'mremap moves and grows a mapping': (fs) => {
    fs.create('f', pattern(4 * page));
    const address = fs.mmap(fs.open('f', O.RDWR), page, both);
    fs.poke(address, 'stored');
    const mayMove = 1;
    const grown = fs.mremap(address, page, 4 * page, mayMove);
    equal(text(fs.peek(grown, 6)), 'stored');
    deepEqual(fs.peek(grown + BigInt(3 * page), page), pattern(4 * page).subarray(3 * page));
  },
  'MADV_DONTNEED of a shared mapping loses no store': (fs) => {
    const [, address] = mapped(fs, page);
    fs.poke(address, 'stored');
    equal(fs.raw('madvise', address, page, 4), 0);
    equal(text(fs.peek(address, 6)), 'stored');
  },
  'MADV_DONTNEED of a private mapping shows the file again': (fs) => {
    fs.create('f', 'content');
    const address = fs.mmap(fs.open('f', O.RDWR), page, both, MAP.PRIVATE);
    fs.poke(address, 'STORED!');
    fs.raw('madvise', address, page, 4);
    equal(text(fs.peek(address, 7)), 'content');
  },
  'MADV_REMOVE punches a hole into the file': (fs) => {
    fs.create('f', 'x'.repeat(2 * page));
    const address = fs.mmap(fs.open('f', O.RDWR), 2 * page, both);
    equal(fs.raw('madvise', address, page, 9), 0);
    equal(fs.peek(address, 1)[0], 0);
    equal(fs.content('f').slice(page), 'x'.repeat(page));
    equal(fs.stat('f').size, 2 * page);
  },
  'MADV_POPULATE_WRITE of a page behind the end is EFAULT': (fs) => {
    fs.create('f', 'content');
    const address = fs.mmap(fs.open('f', O.RDWR), 2 * page, both);
    fs.fails('EFAULT').raw('madvise', address, 2 * page, 23);
    equal(fs.raw('madvise', address, page, 23), 0);
  },
  'msync of what is not mapped is ENOMEM': (fs) => {
    const [, address] = mapped(fs, page);
    fs.munmap(address, page);
    fs.fails('ENOMEM').msync(address, page);
  },
  'msync from within a page is EINVAL': (fs) => {
    const [, address] = mapped(fs, page);
    fs.fails('EINVAL').msync(address + 1n, page);
  },
  'msync with MS_ASYNC and with MS_INVALIDATE keep the store': (fs) => {
    const [fd, address] = mapped(fs, page);
    fs.poke(address, 'stored');
    equal(fs.raw('msync', address, page, MS.ASYNC), 0);
    equal(fs.raw('msync', address, page, MS.SYNC | MS.INVALIDATE), 0);
    equal(text(fs.pread(fd, 6, 0)), 'stored');
  },
  'munmap from within a page is EINVAL': (fs) => {
    const [, address] = mapped(fs, page);
    fs.fails('EINVAL').munmap(address + 1n, page);
  },
});
