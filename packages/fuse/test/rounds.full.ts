// A thousand mounts one after the other, in each mode and over each transport, leave nothing.
import { holdIoUring, ioUringMounts, runNode } from '@ram/test-support';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { strayConnections } from './left-over.ts';
import { childProgram, makeFolder, rootMounts } from './support.ts';

const growthBytesMax = 16e6;

let letGo = () => {};
beforeAll(() => {
  if (ioUringMounts.available) letGo = holdIoUring();
});
afterAll(() => letGo());

async function thousandRounds(options: object): Promise<void> {
  const straysBefore = await strayConnections(); // other tests' frozen servers
  const args = [makeFolder(), '1000', JSON.stringify(options)];
  const { stdout, stderr } = await runNode(childProgram('rounds.ts'), args, {
    timeoutMs: 1_500_000,
  });
  expect(stderr).toBe('');
  const { before, after, residentBytes } = JSON.parse(stdout);
  expect(after).toEqual(before);
  // Of the last half, since the heap of JavaScript takes its time to find its size.
  const half = residentBytes[Math.floor(residentBytes.length / 2)];
  expect(residentBytes.at(-1) - half).toBeLessThan(growthBytesMax);
  const isNew = (one: string) => !straysBefore.includes(one);
  await expect.poll(async () => (await strayConnections()).filter(isNew)).toEqual([]);
}

describe.each(['passthrough', 'cached'])('a thousand rounds with io %s', (io) => {
  rootMounts.it('over /dev/fuse', () => thousandRounds({ io }));
  ioUringMounts.it('over io_uring', () => thousandRounds({ io, transport: 'io_uring' }));
});
