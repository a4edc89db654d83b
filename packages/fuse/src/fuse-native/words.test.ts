import { expect, it } from 'vitest';
import { fromWords, statfsWords, writeAttributes, writeStatfs } from './words.ts';

const stats = {
  mode: 0o100644,
  uid: 1,
  gid: 2,
  size: 0,
  dev: 3,
  nlink: 0,
  ino: 7,
  rdev: 0,
  blksize: 4096,
  blocks: 0,
  atimeMs: 0,
  mtimeMs: 0,
  ctimeMs: 0,
};

function attributes(some: Partial<typeof stats>): Uint32Array {
  const words = new Uint32Array(18);
  writeAttributes(words, { ...stats, ...some });
  return words;
}

const pair = (words: Uint32Array, at: number) => fromWords(words[at] ?? 0, words[at + 1] ?? 0);

it.each([0, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 5 * 2 ** 40 + 1, 2 ** 53 - 1])(
  'a size of %d',
  (size) => {
    expect(pair(attributes({ size }), 3)).toBe(size);
  },
);

it('times to the millisecond, none before 1970', () => {
  const words = attributes({
    atimeMs: 1_234_566.999_999_8, // what a time of 1,234.567 s comes back as
    mtimeMs: 1_700_000_000_123.9,
    ctimeMs: -5,
  });
  expect([pair(words, 12), pair(words, 14), pair(words, 16)]).toEqual([
    1_234_567, 1_700_000_000_123, 0,
  ]);
});

it('a link count of 0 is 0', () => {
  expect(attributes({ nlink: 0 })[6]).toBe(0);
});

it('inode numbers beyond 32 bits are folded', () => {
  expect(attributes({ ino: 2 ** 32 - 1 })[7]).toBe(2 ** 32 - 1);
  expect(attributes({ ino: 2 ** 33 + 5 })[7]).toBe(7);
});

it('a disk of many blocks is told in larger ones', () => {
  const words = new Uint32Array(statfsWords);
  const blocks = 2 ** 36;
  const space = { type: 0, bsize: 4096, blocks, bfree: blocks, bavail: blocks / 2 };
  writeStatfs(words, { ...space, files: 2 ** 40, ffree: 0 });
  const [bytes = 0, , count = 0, free = 0, available = 0, files] = words;
  expect(bytes * count).toBe(4096 * blocks);
  expect([free, available * 2, files]).toEqual([count, count, 2 ** 32 - 1]);
});
