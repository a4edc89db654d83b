import { expect, it } from 'vitest';
import { native } from '../native.ts';
import * as layout from './layout.ts';

it('is the layout of ring_layout.h', () => {
  const { unitShift, ...numbers } = layout;
  const unsigned = Object.entries(numbers).map(([name, value]) => [name, value >>> 0]);
  expect(Object.fromEntries(unsigned)).toEqual(native().ringLayout);
  expect(2 ** unitShift).toBe(layout.unit);
});
