import { describe, expect, it } from 'vitest';
import { checkDiskName, isDiskName, nameForDirectory } from './names.ts';

describe('isDiskName', () => {
  it.each(['a', 'build-1', 'A_b.c', '0', 'x'.repeat(64)])('takes %s', (name) => {
    expect(isDiskName(name)).toBe(true);
  });

  it.each(['', '.', '..', '.hidden', '-n', 'a/b', 'a b', 'ä', 'a\n', 'x'.repeat(65)])(
    'refuses %j',
    (name) => {
      expect(isDiskName(name)).toBe(false);
      expect(() => checkDiskName(name)).toThrow(
        expect.objectContaining({ code: 'ERR_RAM_NAME', hint: expect.any(String) }),
      );
    },
  );
});

describe('nameForDirectory', () => {
  it.each([
    ['/tmp/disk', 'disk'],
    ['/tmp/my disk', 'my-disk'],
    ['/tmp/.cache', 'cache'],
    ['/tmp/--', 'disk'],
    ['/', 'disk'],
    [`/${'x'.repeat(100)}`, 'x'.repeat(64)],
  ])('makes of %s the name %s', (directory, name) => {
    expect(nameForDirectory(directory, new Set())).toBe(name);
    expect(isDiskName(name)).toBe(true);
  });

  it('numbers a name that is taken, within the length', () => {
    expect(nameForDirectory('/tmp/disk', new Set(['disk', 'disk-2']))).toBe('disk-3');
    const long = 'x'.repeat(64);
    expect(nameForDirectory(`/${long}`, new Set([long]))).toBe(`${'x'.repeat(62)}-2`);
  });
});
