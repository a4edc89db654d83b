import { runNode } from '@ram/test-support';
import { expect, it } from 'vitest';

it('the example in the README squares numbers in a worker', async () => {
  const example = new URL('../examples/two-threads.ts', import.meta.url);
  const { stdout, stderr } = await runNode(example, ['1', '2', '3', '12']);
  expect({ stdout, stderr }).toEqual({ stdout: '1,4,9,144\n', stderr: '' });
});
