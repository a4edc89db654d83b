// Numbers as fuse-native takes and gives them: arrays of 32-bit words, of 64-bit values the low one
// first.
import type { StatsFs } from 'node:fs';

/** What the kernel is told of a file; the part of `fs.Stats` that is used. */
export interface Attributes {
  mode: number;
  uid: number;
  gid: number;
  size: number;
  dev: number;
  nlink: number;
  ino: number;
  rdev: number;
  blksize: number;
  blocks: number;
  atimeMs: number;
  mtimeMs: number;
  ctimeMs: number;
}

const wordValues = 2 ** 32;
const wordMax = wordValues - 1;
export const attributeWords = 18;
export const statfsWords = 11;
const nameBytesMax = 255;
// A time that was set as seconds comes back some tenths of a microsecond below its millisecond.
const roundingMs = 0.001;

/** The number in two words; exact up to 2^53, as offsets beyond are refused. */
export function fromWords(low: number, high: number): number {
  return low + high * wordValues;
}

/** The layout of populate_stat() in fuse-native.c. Times before 1970 can't be told: they are 0. */
export function writeAttributes(words: Uint32Array, stats: Attributes): void {
  words[0] = stats.mode;
  words[1] = stats.uid;
  words[2] = stats.gid;
  writePair(words, 3, stats.size);
  words[5] = stats.dev;
  words[6] = stats.nlink;
  words[7] = inodeWord(stats.ino);
  words[8] = stats.rdev;
  words[9] = stats.blksize;
  writePair(words, 10, stats.blocks);
  writePair(words, 12, milliseconds(stats.atimeMs));
  writePair(words, 14, milliseconds(stats.mtimeMs));
  writePair(words, 16, milliseconds(stats.ctimeMs));
}

/** The layout of populate_statvfs(). Blocks are made larger until their number fits. */
export function writeStatfs(words: Uint32Array, stats: StatsFs): void {
  const { bsize, blocks, bfree, bavail, files, ffree } = stats;
  const scale = Math.max(1, 2 ** Math.ceil(Math.log2(blocks / wordMax)));
  words[0] = bsize * scale;
  words[1] = bsize * scale;
  words[2] = Math.floor(blocks / scale);
  words[3] = Math.floor(bfree / scale);
  words[4] = Math.floor(bavail / scale);
  words[5] = Math.min(files, wordMax);
  words[6] = Math.min(ffree, wordMax);
  words[7] = Math.min(ffree, wordMax);
  words[8] = 0;
  words[9] = 0;
  words[10] = nameBytesMax;
}

function writePair(words: Uint32Array, at: number, value: number): void {
  words[at] = value % wordValues;
  words[at + 1] = Math.floor(value / wordValues);
}

function milliseconds(time: number): number {
  return Math.max(0, Math.floor(time + roundingMs));
}

/** Inode numbers of 64 bits are folded; two files may then show the same one. */
function inodeWord(inode: number): number {
  return inode < wordValues ? inode : (inode ^ Math.floor(inode / wordValues)) >>> 0;
}
