// What is written on one side is seen on each other side, as the README promises for each io mode;
// and what clients have mapped outlives all that happens to a file.
import { runNode } from '@ram/test-support';
import { describe, expect } from 'vitest';
import { childProgram, makeFolder, program } from './support.ts';

const compiler = program('g++');

describe.each(['passthrough', 'cached', 'direct'])('io %s', (io) => {
  compiler.it(
    'each side sees each other side, as the README has it',
    async () => {
      const args = [makeFolder(), makeFolder(), io];
      const { stdout, stderr } = await runNode(childProgram('io-pairs.ts'), args);
      expect(stderr).toBe('');
      expect(Number(stdout.split(' ')[0])).toBeGreaterThan(800);
    },
    60_000,
  );
});
