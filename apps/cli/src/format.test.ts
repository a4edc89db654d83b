import { describe, expect, it } from 'vitest';
import { countOf, formatDuration } from './format.ts';

it.each([
  [0, '0 files'],
  [1, '1 file'],
  [1_234_567, '1,234,567 files'],
])('counts %d as %s', (count, text) => {
  expect(countOf(count, 'file')).toBe(text);
});

describe('formatDuration', () => {
  it.each([
    [-5, '0 s'],
    [59_999, '59 s'],
    [60_000, '1 min'],
    [7_200_000, '2 h'],
    [200_000_000, '2 d'],
  ])('writes %d ms as %s', (milliseconds, text) => {
    expect(formatDuration(milliseconds)).toBe(text);
  });
});
