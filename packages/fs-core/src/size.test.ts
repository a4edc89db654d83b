import { totalmem } from 'node:os';
import { describe, expect, it } from 'vitest';
import { usableMemoryBytes } from './memory-limits.ts';
import { parseSize } from './size.ts';

describe('parseSize', () => {
  it.each([
    ['1048576', 1_048_576],
    ['2G', 2 ** 31],
    ['2g', 2 ** 31],
    ['512M', 2 ** 29],
    ['512MiB', 2 ** 29],
    ['512MB', 2 ** 29],
    ['512 mib', 2 ** 29],
    ['64k', 65_536],
    ['1T', 2 ** 40],
    ['1.5G', 1_610_612_736],
    ['100B', 100],
    [' 7 ', 7],
    [4096, 4096],
    [4096n, 4096],
  ])('reads %s as %i bytes', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });

  it('takes a percentage of the memory that the process may use', () => {
    expect(parseSize('50%')).toBe(Math.floor(usableMemoryBytes() / 2));
    expect(parseSize('100%')).toBeLessThanOrEqual(totalmem());
    expect(parseSize('0.5%')).toBe(Math.floor(usableMemoryBytes() / 200));
  });

  it.each([
    ['', "The size '' is not a size; write bytes ('1048576')"],
    ['lots', "The size 'lots' is not a size; write"],
    ['5X', "The size '5X' is not a size; write"],
    ['1e9', "The size '1e9' is not a size; write"],
    ['1,5G', "The size '1,5G' is not a size; write"],
    ['%', "The size '%' is not a size; write"],
    ['0', "The size '0' is not above zero; write"],
    ['0G', "The size '0G' is not above zero; write"],
    ['0%', "The size '0%' is not above zero; write"],
    ['-1G', "The size '-1G' is negative; write"],
    ['101%', "The size '101%' is more than all memory; 100% is the most"],
    ['99999999T', "The size '99999999T' is more than any machine has"],
    ['9'.repeat(400), 'is more than any machine has'],
    [0, 'The size 0 is not above zero; write'],
    [-1, 'The size -1 is not above zero; write'],
    [-1n, 'The size -1 is not above zero; write'],
    [1.5, 'The size 1.5 is not a whole number of bytes'],
    [NaN, 'The size NaN is not a size; write'],
    [Infinity, 'The size Infinity is more than any machine has'],
    [2n ** 64n, 'is more than any machine has'],
  ])('refuses %s and says why', (size, message) => {
    expect(() => parseSize(size)).toThrow(
      expect.objectContaining({
        name: 'RangeError',
        code: 'ERR_RAM_INVALID_SIZE',
        message: expect.stringContaining(message) as string,
      }),
    );
  });

  it.each([undefined, null, true, {}, []])('calls %s a wrong type', (size) => {
    expect(() => parseSize(size as never)).toThrow(
      expect.objectContaining({ name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' }),
    );
  });
});
