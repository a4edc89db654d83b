import { constants } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryDirectory } from '@ram/test-support';
import { describe, expect, it } from 'vitest';
import { toOpenFlags } from './open-mode.ts';

const { O_RDONLY, O_WRONLY, O_RDWR, O_CREAT, O_EXCL, O_TRUNC, O_APPEND, O_SYNC } = constants;

const w = O_CREAT | O_TRUNC;
const a = O_CREAT | O_APPEND;

describe('toOpenFlags', () => {
  const nodes: [string, number][] = [
    ['r', O_RDONLY],
    ['rs', O_RDONLY | O_SYNC],
    ['sr', O_RDONLY | O_SYNC],
    ['r+', O_RDWR],
    ['rs+', O_RDWR | O_SYNC],
    ['sr+', O_RDWR | O_SYNC],
    ['w', O_WRONLY | w],
    ['wx', O_WRONLY | w | O_EXCL],
    ['xw', O_WRONLY | w | O_EXCL],
    ['w+', O_RDWR | w],
    ['wx+', O_RDWR | w | O_EXCL],
    ['xw+', O_RDWR | w | O_EXCL],
    ['a', O_WRONLY | a],
    ['ax', O_WRONLY | a | O_EXCL],
    ['xa', O_WRONLY | a | O_EXCL],
    ['as', O_WRONLY | a | O_SYNC],
    ['sa', O_WRONLY | a | O_SYNC],
    ['a+', O_RDWR | a],
    ['ax+', O_RDWR | a | O_EXCL],
    ['xa+', O_RDWR | a | O_EXCL],
    ['as+', O_RDWR | a | O_SYNC],
    ['sa+', O_RDWR | a | O_SYNC],
  ];
  const pythons: [string, number][] = [
    ['x', O_WRONLY | w | O_EXCL],
    ['x+', O_RDWR | w | O_EXCL],
    ...['rb', 'rt', 'br'].map((mode): [string, number] => [mode, O_RDONLY]),
    ...['r+b', 'rb+', 'b+r', 'rt+'].map((mode): [string, number] => [mode, O_RDWR]),
    ...['wb', 'wt'].map((mode): [string, number] => [mode, O_WRONLY | w]),
    ...['w+b', 'wb+', '+wt'].map((mode): [string, number] => [mode, O_RDWR | w]),
    ['ab', O_WRONLY | a],
    ['a+b', O_RDWR | a],
    ['xb', O_WRONLY | w | O_EXCL],
    ['xt+', O_RDWR | w | O_EXCL],
  ];

  it.each([...nodes, ...pythons])('takes %s', (mode, flags) => {
    expect(toOpenFlags(mode)).toBe(flags);
  });

  it('takes numbers as they are, and nothing as reading', () => {
    expect([toOpenFlags(O_RDWR | O_EXCL), toOpenFlags(undefined), toOpenFlags(null)]).toEqual([
      O_RDWR | O_EXCL,
      O_RDONLY,
      O_RDONLY,
    ]);
  });

  const directory = temporaryDirectory();
  it.each(nodes)('knows %s as node:fs does', async (mode) => {
    const path = join(directory, 'file');
    await (await open(path, 'w')).close();
    // Node opens with exactly these flags, or it is no mode of Node's.
    const outcome = async (flags: string | number): Promise<string> => {
      try {
        await (await open(path, flags)).close();
        return 'opened';
      } catch (error) {
        return (error as NodeJS.ErrnoException).code ?? '';
      }
    };
    const byName = await outcome(mode);
    expect(await outcome(toOpenFlags(mode))).toBe(byName);
    await rm(path, { force: true });
  });

  const wrong: [unknown, string][] = [
    ...['', 'z', 'rw', 'wa', 'rx', '+', 'b', 'rbt', 'rr', 'ws', 'r ', 'xs'].map(
      (mode): [string, string] => [mode, 'ERR_INVALID_ARG_VALUE'],
    ),
    [true, 'ERR_INVALID_ARG_TYPE'],
    [{}, 'ERR_INVALID_ARG_TYPE'],
    [1.5, 'ERR_OUT_OF_RANGE'],
    [-1, 'ERR_OUT_OF_RANGE'],
    [2 ** 40, 'ERR_OUT_OF_RANGE'],
    [constants.O_DIRECTORY, 'ERR_INVALID_ARG_VALUE'],
    [0o20_200_000 | O_RDWR, 'ERR_INVALID_ARG_VALUE'],
  ];
  it.each(wrong)('refuses %s', (mode, code) => {
    expect(() => toOpenFlags(mode as string)).toThrow(expect.objectContaining({ code }));
  });
});
