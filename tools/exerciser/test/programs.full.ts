// fio with verification, stress-ng's file-system stressors and dbench.
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { requirement, runCommand, temporaryDirectory } from '@ram/test-support';
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

async function runAll(directory: string): Promise<void> {
  const problems: string[] = [];
  for (const program of programs) {
    const problem = await runProgram(program, directory);
    if (problem !== undefined) problems.push(problem);
    for (const name of readdirSync(directory)) rmSync(join(directory, name), { recursive: true });
  }
  expect(problems).toEqual([]);
}

const bytes = 256 << 20;

describe('stress programs', () => {
  const tmpfs = temporaryDirectory();
  afterAll(async () => void (await runCommand('umount', ['-l', tmpfs])));
  needed.it('find nothing wrong with tmpfs, which proves them', async () => {
    await runCommand('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'none', tmpfs]);
    await runAll(tmpfs);
  });

  for (const io of ['passthrough', 'cached', 'direct'] as const) {
    for (const server of ['node', 'address', 'thread'] as const) {
      const options: ServeOptions = { io, server, bytes };
      needed.it(`find nothing wrong with ${JSON.stringify(options)}`, () =>
        withMount(options, runAll),
      );
    }
  }
});
