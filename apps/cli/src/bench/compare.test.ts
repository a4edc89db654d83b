import { temporaryDirectory } from '@ram/test-support';
import { describe, expect, it } from 'vitest';
import { compare, median } from './compare.ts';
import type { Measurable } from './compare.ts';
import { costsOf } from './run-mount-bench.ts';

const folder = temporaryDirectory();

describe('compare', () => {
  it('measures all in turns, each in a directory that is empty again', async () => {
    const asked: string[] = [];
    const contender = (name: string): Measurable => ({
      name,
      directory: folder,
      requests: async () => ({ open: 10 * asked.push(name), FORGET: asked.length, idle: 1 }),
    });
    const ran: string[] = [];
    const operation = { name: 'work', count: 1, run: (path: string) => void ran.push(path) };
    const contenders = [contender('tmpfs'), contender('cached')];
    const row = await compare(operation, contenders, { count: 5, rounds: 2 });
    expect(asked.join(' ')).toBe('tmpfs tmpfs cached cached tmpfs tmpfs cached cached');
    expect(ran).toEqual(Array(4).fill(`${folder}/bench`));
    expect(row).toMatchObject({ operation: 'work', count: 5, rounds: 2 });
    expect(row.results.map(({ requests }) => requests)).toEqual([{ open: 2 }, { open: 2 }]);
    expect(row.results[0]?.timesTmpfs).toBe(1);
  });
});

describe('median', () => {
  it('is the middle one, in order of size', () => {
    expect(median([10, 9, 100])).toBe(10);
    expect(median([])).toBeNaN();
  });
});

describe('costsOf', () => {
  const row = (times: Record<string, number>) => ({
    operation: 'stat',
    count: 1,
    rounds: 1,
    results: Object.entries(times).map(([contender, microseconds]) => ({
      contender,
      microseconds,
      timesTmpfs: 1,
      requests: {},
    })),
  });

  it('tells FUSE from JavaScript', () => {
    const times = { tmpfs: 2, cached: 17, 'fuse-native': 117 };
    expect(costsOf(row(times))).toEqual({ fuse: 15, javaScript: 100 });
  });

  it('says null for what is missing', () => {
    expect(costsOf(row({ tmpfs: 2, cached: 17 }))).toEqual({ fuse: 15, javaScript: null });
  });
});
