// fio with verification, stress-ng's file-system stressors and dbench.
import { existsSync, readdirSync, rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { ioUringMounts, requirement, runCommand, temporaryDirectory } from '@ram/test-support';
import { afterAll, describe, expect } from 'vitest';
import { programs, runProgram } from '../src/programs.ts';
import { withMount } from '../src/server.ts';
import type { ServeOptions } from '../src/server.ts';

const folders = (process.env.PATH ?? '').split(':');
const missing = ['fio', 'stress-ng', 'dbench'].filter(
  (name) => !folders.some((folder) => existsSync(join(folder, name))),
);
const canMount = process.geteuid?.() === 0 && existsSync('/dev/fuse');
const needed = requirement(
  'stress programs on a mount',
  missing.length === 0 && canMount,
  canMount ? `apt-get install ${missing.join(' ')}` : 'mounting takes root and /dev/fuse',
);

const commands = ['fio', 'stress-ng', 'dbench'] as const;
const bytes = 256 << 20;

async function runAll(command: (typeof commands)[number], directory: string): Promise<void> {
  const problems: string[] = [];
  for (const program of programs.filter((each) => each.command === command)) {
    const problem = await runProgram(program, directory);
    if (problem !== undefined) problems.push(problem);
    for (const name of readdirSync(directory)) rmSync(join(directory, name), { recursive: true });
  }
  expect(problems).toEqual([]);
  // The root. The kernel forgets what is deleted a moment later.
  await expect.poll(() => usedInodes(directory)).toBe(1);
}

function usedInodes(directory: string): number {
  const { files, ffree } = statfsSync(directory);
  return files - ffree;
}

describe.each(commands)('%s', (command) => {
  const tmpfs = temporaryDirectory();
  afterAll(async () => void (await runCommand('umount', ['-l', tmpfs])));
  needed.it('finds nothing wrong with tmpfs, which proves it', async () => {
    await runCommand('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'none', tmpfs]);
    await runAll(command, tmpfs);
  });

  for (const transport of ['device', 'io_uring'] as const) {
    for (const io of ['passthrough', 'cached', 'direct'] as const) {
      for (const server of ['node', 'address', 'thread'] as const) {
        const options: ServeOptions = { server, io, transport, bytes };
        const { it } = transport === 'io_uring' && needed.available ? ioUringMounts : needed;
        it(`finds nothing wrong with ${server}, ${io} over ${transport}`, () =>
          withMount(options, (directory) => runAll(command, directory)));
      }
    }
  }
});
