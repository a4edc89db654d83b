import { existsSync, lstatSync } from 'node:fs';
import { join } from 'node:path';
import { runNode, temporaryDirectory } from '@ram/test-support';
import { expect, it } from 'vitest';

const directory = temporaryDirectory();

it('the example in the README leaves its result on disk and nothing in memory', async () => {
  const example = new URL('../examples/scratch-files.ts', import.meta.url);
  const { stdout, stderr } = await runNode(example, [directory]);
  expect({ stdout, stderr }).toEqual({
    stdout: 'ONE TWO THREE on disk, 0 in memory\n',
    stderr: '',
  });
  expect(lstatSync(join(directory, 'result')).isFile()).toBe(true);
  expect(existsSync(join(directory, 'scratch'))).toBe(false);
});
