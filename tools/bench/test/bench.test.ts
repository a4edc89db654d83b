import { fileURLToPath } from 'node:url';
import { runCommand } from '@ram/test-support';
import { expect, it } from 'vitest';

const bench = fileURLToPath(new URL('../bin/bench.js', import.meta.url));

it('runs a case, and prints a value and a ratio for each contestant', async () => {
  const args = [bench, 'ring', '--quick', '--json', 'one thread', '64 bytes, packed'];
  const { stdout, stderr, code } = await runCommand(process.execPath, args);
  expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
  const rows = JSON.parse(stdout) as { case: string; value: number; ratio: number }[];
  expect(new Set(rows.map((row) => row.case)).size).toBe(2);
  expect(rows.filter(({ value, ratio }) => !(value > 0 && ratio > 0))).toEqual([]);
});

it('prints a table to paste', async () => {
  const args = [bench, 'ring', '--quick', '--markdown', 'one thread'];
  const { stdout, stderr, code } = await runCommand(process.execPath, args);
  expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
  const cells = stdout.split('\n').map((line) => line.split('|').map((cell) => cell.trim()));
  expect(cells[0]?.slice(1, -1)).toEqual(['case', 'who', 'median', '× the last', 'goal']);
  expect(cells.slice(2, 4).map((line) => line[2])).toEqual(['RingBuffer', 'two copies']);
});

it('measures events, also those of a thread and of a mount', async () => {
  const cases = process.geteuid?.() === 0 ? [] : ['delivered', 'in the process'];
  const args = [bench, 'events', '--quick', '--json', ...cases];
  const { stdout, stderr, code } = await runCommand(process.execPath, args);
  expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
  const rows = JSON.parse(stdout) as { value: number }[];
  expect(rows.length).toBeGreaterThanOrEqual(8);
  expect(rows.filter(({ value }) => !(value > 0))).toEqual([]);
});

it('says how it is used', async () => {
  const { stderr, code } = await runCommand(process.execPath, [bench, 'nothing']);
  expect([code, stderr]).toEqual([2, expect.stringContaining('usage: bench.js ring')]);
});
