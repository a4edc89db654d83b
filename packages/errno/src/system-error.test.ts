import * as fs from 'node:fs';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { errnoNumber, systemError } from './index.ts';
import type { SystemError } from './index.ts';

const missing = '/nowhere/at/all';
const missingBytes = Buffer.from('/nowhere/\xff', 'latin1');

const cases: [title: string, act: () => unknown, make: () => SystemError][] = [
  ['open', () => fs.openSync(missing, 'r'), () => systemError(2, 'open', missing)],
  ['negative numbers', () => fs.openSync(missing, 'r'), () => systemError(-2, 'open', missing)],
  ['stat', () => fs.statSync(missing), () => systemError(2, 'stat', missing)],
  ['scandir', () => fs.readdirSync('/dev/null'), () => systemError(20, 'scandir', '/dev/null')],
  ['mkdir', () => fs.mkdirSync('/proc'), () => systemError(17, 'mkdir', '/proc')],
  [
    'rename with two paths',
    () => fs.renameSync(missing, '/nowhere/else'),
    () => systemError(2, 'rename', missing, '/nowhere/else'),
  ],
  [
    'a path as a URL',
    () => fs.openSync(pathToFileURL(missing), 'r'),
    () => systemError(2, 'open', pathToFileURL(missing)),
  ],
  [
    'a path as bytes that are not UTF-8',
    () => fs.openSync(missingBytes, 'r'),
    () => systemError(2, 'open', missingBytes),
  ],
  [
    'a call without a path',
    () => fs.readSync(2 ** 31 - 1, Buffer.alloc(1)),
    () => systemError(9, 'read'),
  ],
];

describe('systemError', () => {
  for (const [title, act, make] of cases) {
    it(`makes what node:fs throws: ${title}`, () => {
      const real = thrownBy(act);
      const ours = make();
      expect(ownProperties(ours)).toEqual(ownProperties(real));
      expect(Object.keys(ours)).toEqual(Object.keys(real));
      expect(Object.getPrototypeOf(ours)).toBe(Object.getPrototypeOf(real));
      expect(String(ours)).toBe(String(real));
      expect(ours.stack?.split('\n')[0]).toBe(real.stack?.split('\n')[0]);
    });
  }

  it('is an Error whose stack starts at the caller', () => {
    const error = systemError(2, 'open', 'x');
    expect(error).toBeInstanceOf(Error);
    expect(error.stack?.split('\n')[1]).toContain('system-error.test.ts');
  });

  it('keeps a number that Linux does not have', () => {
    const error = systemError(-9999, 'open', 'x');
    expect(error).toMatchObject({ errno: -9999, code: 'UNKNOWN', syscall: 'open', path: 'x' });
    expect(error.message).toBe("UNKNOWN: unknown error, open 'x'");
  });

  it('names what libuv does not know', () => {
    const error = systemError(errnoNumber('ESTALE') ?? 0, 'read');
    expect(error).toMatchObject({ errno: -116, code: 'ESTALE' });
    expect(error.message).toBe('ESTALE: stale file handle, read');
  });
});

function thrownBy(act: () => unknown): SystemError {
  try {
    act();
  } catch (error) {
    return error as SystemError;
  }
  throw new Error('nothing was thrown');
}

function ownProperties(error: Error): Record<string, unknown> {
  const entries = Object.entries(Object.getOwnPropertyDescriptors(error));
  return Object.fromEntries(entries.filter(([key]) => key !== 'stack'));
}
