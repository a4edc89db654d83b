import { expect, it } from 'vitest';
import { build } from '../examples/in-memory-build.ts';
import { newestFiles } from '../examples/newest-file.ts';

it('runs the example of the README', () => {
  const { files, firstBytes, usedBytes } = build();
  expect(files).toEqual(['bundle.js', 'entry', 'src']);
  expect(firstBytes).toBe("IMPORT './par");
  expect(usedBytes).toBeGreaterThan(0);
});

it('runs the example of events', async () => {
  expect(await newestFiles()).toEqual(['/frames/1: first', '/frames/last: second']);
});
