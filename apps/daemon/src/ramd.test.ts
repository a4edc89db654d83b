import { describe, expect, it } from 'vitest';
import { parseMaxFiles, parseRamdArguments, ramdArguments } from './ramd.ts';

describe('the arguments of ramd', () => {
  it.each([
    { directory: '/mnt', swap: true, readOnly: false },
    {
      directory: '--size',
      swap: false,
      readOnly: true,
      allowOther: true,
      io: 'direct' as const,
      transport: 'io_uring' as const,
      kernel: '6.18' as const,
      page: true,
    },
    {
      directory: '/mnt',
      swap: true,
      readOnly: false,
      locks: 'volume' as const,
      suid: true,
      dev: true,
      nonempty: true,
      defaultPermissions: true,
      allowOther: false,
    },
    { directory: '/mnt', swap: true, readOnly: false, defaultPermissions: false },
    { directory: '/a b', swap: true, readOnly: false, name: 'n', size: '-5', maxFiles: 7 },
    { directory: '/mnt', swap: true, readOnly: false, size: '' },
  ])('carry %j', (request) => {
    expect(parseRamdArguments(ramdArguments(request))).toEqual(request);
  });

  it.each([
    [[]],
    [['a', 'b']],
    [['--bogus', 'a']],
    [['--size']],
    [['--io=x', 'a']],
    [['--transport=x', 'a']],
    [['--kernel=5.4', 'a']],
    [['--locks=x', 'a']],
    [['--no-suid', 'a']],
    [['--kernel=6.1', '--transport=io_uring', 'a']],
  ])('refuse %j', (args) => {
    expect(() => parseRamdArguments(args)).toThrow(
      expect.objectContaining({ code: 'ERR_RAM_USAGE' }),
    );
  });

  it('take whole numbers of files from 1 on', () => {
    expect(parseMaxFiles('1000000')).toBe(1_000_000);
    for (const text of ['0', '-1', '1.5', '', 'x', '1e3', '99999999999']) {
      expect(() => parseMaxFiles(text)).toThrow(expect.objectContaining({ code: 'ERR_RAM_USAGE' }));
    }
  });
});
