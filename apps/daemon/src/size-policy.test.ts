import { parseSize } from '@ram/fs-core';
import { describe, expect, it } from 'vitest';
import { decideSize } from './size-policy.ts';
import type { SizeRequest } from './size-policy.ts';

const gib = 2 ** 30;

const decide = (size: string | undefined, change: Partial<SizeRequest> = {}) =>
  decideSize({ size, memoryBytes: 16 * gib, swapBytes: 0, promisedBytes: 0, parseSize, ...change });

const noSize = expect.objectContaining({ code: 'ERR_RAM_SIZE' });

describe('decideSize', () => {
  it('gives the first disk half of the memory and the next ones half of the rest', () => {
    expect(decide(undefined)).toEqual({ maxBytes: 8 * gib });
    expect(decide(undefined, { promisedBytes: 8 * gib })).toEqual({ maxBytes: 4 * gib });
  });

  it('wants a size when all is promised', () => {
    expect(() => decide(undefined, { promisedBytes: 16 * gib })).toThrow(noSize);
    expect(() => decide(undefined, { promisedBytes: 99 * gib })).toThrow(noSize);
  });

  it('takes a size as it is written', () => {
    expect(decide('1.5G')).toEqual({ maxBytes: 1.5 * gib });
    expect(decide('1M')).toEqual({ maxBytes: 2 ** 20 });
    expect(decide('16G')).toEqual({ maxBytes: 16 * gib });
  });

  it.each(['0', '-1', '', 'many', '1023K', '16.1G', '1e99', '101%', '99999T'])(
    'refuses %j in one line',
    (size) => {
      expect(() => decide(size)).toThrow(noSize);
      expect(() => decide(size)).toThrow(/^[^\n]*--size[^\n]*$/);
    },
  );

  it('counts swap for disks that may use it', () => {
    expect(decide('20G', { swapBytes: 8 * gib })).toEqual({ maxBytes: 20 * gib });
    expect(() => decide('25G', { swapBytes: 8 * gib })).toThrow(noSize);
  });

  it('warns when all disks together may become more than there is', () => {
    const { maxBytes, warning } = decide('10G', { promisedBytes: 8 * gib });
    expect(maxBytes).toBe(10 * gib);
    expect(warning).toBe('all disks together may grow to 18 GiB; there is 16 GiB');
  });
});
