// Long runs with new seeds, also on servers that were compiled with sanitizers, and with what INIT
// of an older kernel offers.
import { existsSync } from 'node:fs';
import { ioUringMounts, requirement } from '@ram/test-support';
import { describe, expect } from 'vitest';
import { exercise, forgiven } from '../src/exercise.ts';
import { withMount } from '../src/server.ts';
import type { ServeOptions, Way } from '../src/server.ts';

const canMount = process.geteuid?.() === 0 && existsSync('/dev/fuse');
const mounts = requirement('mounting as root', canMount, 'it takes root and /dev/fuse');

const seconds = 30;
const bits = (last: number, ...without: number[]) =>
  without.reduce((flags, bit) => flags & ~(1n << BigInt(bit)), (1n << BigInt(last + 1)) - 1n);
/** 5.15: up to FUSE_INIT_EXT, without it and its successors; 6.1: without DIRECT_IO_ALLOW_MMAP. */
const linux515 = bits(29);
const linux61 = bits(34);

const ways: Way[] = [
  { io: 'passthrough' },
  { io: 'cached' },
  { io: 'direct' },
  { io: 'cached', locks: 'volume' },
  { io: 'passthrough', transport: 'io_uring' },
  { io: 'cached', transport: 'io_uring' },
  { io: 'direct', transport: 'io_uring' },
  { io: 'cached', initFlags: linux515 },
  { io: 'cached', initFlags: linux61 },
];

async function runOn(options: ServeOptions, args: string[]) {
  await withMount(options, async (directory) => {
    const { passed, report } = await exercise(directory, [...args, ...forgiven]);
    expect(passed, report).toBe(true);
    console.log(report.trim().split('\n').at(-1));
  });
}

for (const server of ['none', 'address', 'thread'] as const) {
  describe(`on the native server, sanitizer ${server}`, () => {
    for (const way of ways) {
      const { it } = way.transport === 'io_uring' ? ioUringMounts : mounts;
      const { initFlags, ...named } = way;
      const mask = initFlags === undefined ? '' : `, INIT 0x${initFlags.toString(16)}`;
      it(`all is as the model has it: ${JSON.stringify(named)}${mask}`, () =>
        runOn({ ...way, server, bytes: 256 << 20 }, ['--seconds', `${seconds}`]));
      it(`also when the disk is full: ${JSON.stringify(named)}${mask}`, () => {
        const args = ['--seconds', `${seconds / 2}`, '--size', '1500000', '--full'];
        return runOn({ ...way, server, bytes: 5 << 20 }, args);
      });
    }
  });
}
