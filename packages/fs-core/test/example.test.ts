import { expect, it } from 'vitest';
import { build } from '../examples/in-memory-build.ts';

it('runs the example of the README', () => {
  const { files, firstBytes, usedBytes } = build();
  expect(files).toEqual(['bundle.js', 'entry', 'src']);
  expect(firstBytes).toBe("IMPORT './par");
  expect(usedBytes).toBeGreaterThan(0);
});
