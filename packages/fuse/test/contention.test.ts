// Two mounts of one Volume, and the process that has it, under contention: nobody waits for ever,
// and in the end all agree.
import { runNode } from '@ram/test-support';
import { describe, expect } from 'vitest';
import { childProgram, makeFolder, program } from './support.ts';

const compiler = program('g++');

describe.each(['passthrough', 'cached', 'direct'])('contention, io %s', (io) => {
  compiler.it(
    'ends, and all sides agree',
    async () => {
      const args = [makeFolder(), makeFolder(), io, '2000', '20261121'];
      const result = await runNode(childProgram('contention.ts'), args);
      const { stdout, stderr, timedOut } = result;
      expect({ stdout, stderr, timedOut }).toEqual({
        stdout: 'ok after meddling\n',
        stderr: '',
        timedOut: false,
      });
    },
    70_000,
  );
});
