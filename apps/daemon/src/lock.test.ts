import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from '@ram/test-support';
import { describe, expect, it } from 'vitest';
import { withLock } from './lock.ts';

describe('withLock', () => {
  const directory = temporaryDirectory();

  it('lets one in at a time and leaves nothing behind', async () => {
    let inside = 0;
    let most = 0;
    const enter = (): Promise<void> =>
      withLock(directory, async () => {
        inside += 1;
        most = Math.max(most, inside);
        await new Promise(setImmediate);
        inside -= 1;
      });
    await Promise.all(Array.from({ length: 10 }, enter));
    expect(most).toBe(1);
    expect(readdirSync(directory)).toEqual([]);
  });

  it('takes over what a killed process holds, and what makes no sense', async () => {
    const dead = { pid: 2 ** 22 + 1, startTicks: 1, bootId: '' };
    for (const content of [JSON.stringify(dead), '', 'nonsense']) {
      writeFileSync(join(directory, 'lock'), content);
      expect(await withLock(directory, () => 'in')).toBe('in');
    }
    expect(readdirSync(directory)).toEqual([]);
  });

  it('lets go when the body throws', async () => {
    const failure = withLock(directory, () => {
      throw new Error('no');
    });
    await expect(failure).rejects.toThrow('no');
    expect(await withLock(directory, () => 'in')).toBe('in');
  });
});
