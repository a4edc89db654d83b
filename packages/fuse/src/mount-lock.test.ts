import { expect, it } from 'vitest';
import { withMountLock } from './mount-lock.ts';

it('lets one after the other in, for each path', async () => {
  const order: string[] = [];
  let letGo: () => void = () => {};
  const first = withMountLock('/a', async () => {
    order.push('first');
    await new Promise<void>((resolve) => (letGo = resolve));
    order.push('first ends');
  });
  const second = withMountLock('/a', async () => order.push('second'));
  await withMountLock('/b', async () => order.push('other path'));
  letGo();
  await Promise.all([first, second]);
  expect(order).toEqual(['first', 'other path', 'first ends', 'second']);
});

it('is free again after an error', async () => {
  const failure = new Error('no');
  await expect(withMountLock('/c', () => Promise.reject(failure))).rejects.toBe(failure);
  expect(await withMountLock('/c', async () => 'in')).toBe('in');
});

it('is gone without when somebody keeps it', async () => {
  const inner = () => withMountLock('/d', async () => 'in');
  expect(await withMountLock('/d', inner)).toBe('in');
});
