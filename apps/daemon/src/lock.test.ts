import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runNode, temporaryDirectory } from '@ram/test-support';
import { describe, expect, it } from 'vitest';
import { withLock } from './lock.ts';

const dead = { pid: 2 ** 22 + 1, startTicks: 1, bootId: '' };

describe('withLock', () => {
  const directory = temporaryDirectory();
  const lock = join(directory, 'lock');

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
    for (const content of [JSON.stringify(dead), '', 'nonsense']) {
      mkdirSync(lock);
      writeFileSync(join(lock, 'holder'), content);
      expect(await withLock(directory, () => 'in')).toBe('in');
    }
    mkdirSync(lock);
    expect(await withLock(directory, () => 'in')).toBe('in');
    writeFileSync(lock, 'a file');
    expect(await withLock(directory, () => 'in')).toBe('in');
    expect(readdirSync(directory)).toEqual([]);
  });

  it('lets go when the body throws', async () => {
    const failure = withLock(directory, () => {
      throw new Error('no');
    });
    await expect(failure).rejects.toThrow('no');
    expect(await withLock(directory, () => 'in')).toBe('in');
  });

  it('lets go of its own lock only', async () => {
    const order: string[] = [];
    let leave = (): void => {};
    let second: Promise<void> | undefined;
    await withLock(directory, async () => {
      rmSync(lock, { recursive: true });
      await new Promise<void>((entered) => {
        second = withLock(directory, async () => {
          entered();
          await new Promise<void>((resolve) => (leave = resolve));
          order.push('second');
        });
      });
    });
    const third = withLock(directory, () => void order.push('third'));
    leave();
    await Promise.all([second, third]);
    expect(order).toEqual(['second', 'third']);
    expect(readdirSync(directory)).toEqual([]);
  });

  it('stays with one of many processes, though holders die and many take over', async () => {
    const script = new URL('../test/child/contend.ts', import.meta.url);
    const contenders = Array.from({ length: 3 }, () => runNode(script, [directory]));
    for (const result of await Promise.all(contenders)) {
      expect(result).toMatchObject({ code: 0, stderr: '', timedOut: false });
    }
    expect(await withLock(directory, () => 'in')).toBe('in');
    expect(readdirSync(directory)).toEqual([]);
  });
});
