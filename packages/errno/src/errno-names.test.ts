import { existsSync, readFileSync } from 'node:fs';
import { getSystemErrorMap } from 'node:util';
import { requirement } from '@ram/test-support';
import { describe, expect, it } from 'vitest';
import { errnoTable } from './errno-table.ts';
import { errnoName, errnoNumber, errnoText } from './index.ts';

const headers = ['errno-base.h', 'errno.h'].map((name) => `/usr/include/asm-generic/${name}`);
const kernelHeaders = requirement(
  "the kernel's headers",
  headers.every((path) => existsSync(path)),
  'install linux-libc-dev (Debian) or linux-api-headers',
);
const linux = requirement('Linux', process.platform === 'linux', 'numbers differ elsewhere');

describe('the table', () => {
  it('is sorted, and names and numbers are unique', () => {
    const numbers = errnoTable.map((row) => row[0]);
    expect(numbers).toEqual([...new Set(numbers)].toSorted((a, b) => a - b));
    expect(new Set(errnoTable.map((row) => row[1])).size).toBe(errnoTable.length);
  });

  linux.it('has the names and texts of the libuv in this Node', () => {
    const known = [...getSystemErrorMap()].filter(([errno]) => errno > -200);
    expect(known.length).toBeGreaterThan(60);
    for (const [errno, [code, text]] of known) {
      expect([errnoName(errno), errnoText(errno)]).toEqual([code, text]);
    }
  });

  kernelHeaders.it('knows every number of the kernel, by name too', () => {
    const text = headers.map((path) => readFileSync(path, 'utf8')).join('\n');
    const defined = [...text.matchAll(/^#define\s+(E\w+)\s+(\d+)/gm)];
    expect(defined.length).toBe(errnoTable.length);
    for (const [, code = '', errno] of defined) expect(errnoNumber(code)).toBe(Number(errno));
  });
});

describe('errnoName, errnoText and errnoNumber', () => {
  it('take numbers of either sign', () => {
    expect([errnoName(2), errnoName(-2)]).toEqual(['ENOENT', 'ENOENT']);
    expect(errnoText(-2)).toBe('no such file or directory');
  });

  it.each([0, 41, 58, 134, 4094, -4094, NaN])('say that %d is unknown', (errno) => {
    expect([errnoName(errno), errnoText(errno)]).toEqual(['UNKNOWN', 'unknown error']);
  });

  it('know aliases, and nothing for other names', () => {
    expect(errnoNumber('EWOULDBLOCK')).toBe(11);
    expect(errnoNumber('EOPNOTSUPP')).toBe(95);
    expect(errnoNumber('ERR_RAM_CLOSED')).toBeUndefined();
    expect(errnoNumber('toString')).toBeUndefined();
  });
});
