// Short runs with a seed that stays the same. Longer ones: sanitizers.full.ts.
import { existsSync } from 'node:fs';
import { ioUringMounts, requirement, runCommand, temporaryDirectory } from '@ram/test-support';
import { afterAll, describe, expect } from 'vitest';
import { exercise, forgiven } from '../src/exercise.ts';
import { withMount } from '../src/server.ts';
import type { Way } from '../src/server.ts';

const isRoot = process.geteuid?.() === 0;
const mounts = requirement(
  'mounting as root',
  isRoot && existsSync('/dev/fuse'),
  isRoot ? 'there is no /dev/fuse (modprobe fuse)' : 'the tests do not run as root',
);

const work = ['--seed', '20261121', '--steps', '8000'];
const fullDisk = ['--seed', '20261121', '--steps', '4000', '--size', '1500000', '--full'];
const limitMs = 240_000;

describe('on tmpfs, which proves the exerciser', () => {
  const made: string[] = [];
  afterAll(async () => {
    for (const directory of made) await runCommand('umount', ['-l', directory]);
  });
  async function onTmpfs(size: string, args: readonly string[]) {
    const directory = temporaryDirectory();
    await runCommand('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'none', directory]);
    made.push(directory);
    return exercise(directory, args);
  }
  mounts.it(
    'all is as the model has it',
    async () => {
      const { passed, report } = await onTmpfs('256M', work);
      expect(passed, report).toBe(true);
    },
    limitMs,
  );
  mounts.it(
    'also when the disk is full',
    async () => {
      const { passed, report } = await onTmpfs('5M', fullDisk);
      expect(passed, report).toBe(true);
    },
    limitMs,
  );
  mounts.it(
    'a byte that somebody else changed is noticed',
    async () => {
      const { passed, report } = await onTmpfs('256M', [...work, '--spoil', '8000']);
      expect(passed).toBe(false);
      expect(report).toMatch(/FAILED with seed 20261121, thread 0.* 1 of \d+ bytes .* are wrong/);
    },
    limitMs,
  );
});

const ways: [typeof mounts, Way][] = [
  [mounts, { io: 'passthrough' }],
  [mounts, { io: 'cached' }],
  [mounts, { io: 'direct' }],
  [mounts, { io: 'cached', locks: 'volume' }],
  [ioUringMounts, { io: 'passthrough', transport: 'io_uring' }],
  [ioUringMounts, { io: 'cached', transport: 'io_uring' }],
];

describe.each(ways)('on a mount', (needed, way) => {
  needed.it(
    `all is as the model has it: ${JSON.stringify(way)}`,
    () =>
      withMount({ ...way, server: 'node', bytes: 256 << 20 }, async (directory) => {
        const { passed, report } = await exercise(directory, [...work, ...forgiven]);
        expect(passed, report).toBe(true);
      }),
    limitMs,
  );
  needed.it(
    `also when the disk is full: ${JSON.stringify(way)}`,
    () =>
      withMount({ ...way, server: 'node', bytes: 5 << 20 }, async (directory) => {
        const { passed, report } = await exercise(directory, [...fullDisk, ...forgiven]);
        expect(passed, report).toBe(true);
      }),
    limitMs,
  );
});
