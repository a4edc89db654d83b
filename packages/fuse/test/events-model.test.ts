// Random calls against a model of the events that they cause: in the process and through a mount.
import { randomSeeds, runNode } from '@ram/test-support';
import { describe, expect, it } from 'vitest';
import { childProgram, makeFolder, rootMounts } from './support.ts';

const seeds = randomSeeds(Number(process.env['RAM_RANDOM_ROUNDS'] ?? 3));

async function runModel(directory: string, seed: number, steps: number): Promise<void> {
  const args = [directory, String(seed), String(steps)];
  const { stdout, stderr } = await runNode(childProgram('event-model.ts'), args);
  expect({ stdout, stderr }).toEqual({ stdout: 'as expected\n', stderr: '' });
}

describe.each(seeds)('random calls (RAM_RANDOM_SEED=%i) are told of as the model says', (seed) => {
  it('in the process', () => runModel('-', seed, 3000), 70_000);
  rootMounts.it('through a mount', () => runModel(makeFolder(), seed, 1000), 70_000);
});
