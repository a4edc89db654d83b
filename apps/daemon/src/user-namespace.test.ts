import { expect, it } from 'vitest';
import { parseUserNamespace } from './user-namespace.ts';

const overflow = 65_534;

it.each([
  ['0 0 4294967295\n', 1000, { isInitial: true, outsideUid: 1000 }],
  [undefined, 1000, { isInitial: true, outsideUid: 1000 }],
  ['         0       1000          1\n', 0, { isInitial: false, outsideUid: 1000 }],
  ['0 1000 1\n1 100000 65536\n', 7, { isInitial: false, outsideUid: 100_006 }],
  ['0 1000 1\n', 5, { isInitial: false, outsideUid: 5 }],
  ['', overflow, { isInitial: false, outsideUid: overflow, isAmbiguous: true }],
  ['0 0 4294967295\n', overflow, { isInitial: true, isAmbiguous: false }],
])('reads %j for user %i', (map, uid, expected) => {
  expect(parseUserNamespace(map, uid, overflow)).toMatchObject(expected);
});
