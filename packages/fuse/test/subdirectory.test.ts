// Mounts of one directory of a Volume.
import { runNode } from '@ram/test-support';
import { describe, expect } from 'vitest';
import { childProgram, makeFolder, rootMounts } from './support.ts';

describe.each(['passthrough', 'cached', 'direct'])('a mount of a directory, %s', (io) => {
  rootMounts.it('shows that directory alone, wherever it goes', async () => {
    const { stdout, stderr } = await runNode(childProgram('subdirectory.ts'), [makeFolder(), io]);
    expect({ stdout, stderr }).toEqual({ stdout: 'ok\n', stderr: '' });
  });
});
