import { expect, it } from 'vitest';
import { native } from '../native.ts';
import { layout } from './event-batch.ts';

it('reads records as C++ lays them out', () => {
  expect(layout).toEqual(native().eventLayout);
});
