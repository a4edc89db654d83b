import { expect, it } from 'vitest';
import { collectGarbage, countResources } from '../test/garbage.ts';
import { MirroredBuffer, SpscRing } from './index.ts';
import type { MirrorMaker } from './index.ts';

const makers: MirrorMaker[] = ['memfd', 'tmpfile', 'shm', 'mmap+shm', 'remap_file_pages'];
const rounds = 5_000;

for (const maker of makers) {
  it(`${rounds} rounds of making and dropping leave nothing behind: ${maker}`, async () => {
    await flat(() => new MirroredBuffer(65_536, { maker }).bytes.fill(1));
  });
}

it(`${rounds} record rings that are dropped leave nothing behind`, async () => {
  await flat(() => SpscRing.create(65_536).producer().tryWrite(new Uint8Array(9)));
});

async function flat(make: () => unknown): Promise<void> {
  const run = async (count: number): Promise<void> => {
    for (let round = 0; round < count; round++) {
      make();
      // Finalizers run in turns of the event loop.
      if (round % 100 === 0) await collectGarbage();
    }
    await collectGarbage();
  };
  await run(200);
  const before = countResources();
  await run(rounds);
  const after = countResources();
  expect(after.descriptors).toBe(before.descriptors);
  expect(after.mappings).toBe(before.mappings);
  expect(after.sharedBytes - before.sharedBytes).toBeLessThan(2 ** 21);
}
