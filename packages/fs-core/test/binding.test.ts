import { readFileSync, readdirSync } from 'node:fs';
import { expect, it } from 'vitest';

const packageFolder = new URL('..', import.meta.url);

it('binding.gyp lists every source', () => {
  const listed = readFileSync(new URL('binding.gyp', packageFolder), 'utf8').match(
    /native\/\S+\.cc/g,
  );
  const there = ['native/addon', 'native/core'].flatMap((folder) =>
    readdirSync(new URL(folder, packageFolder))
      .filter((name) => name.endsWith('.cc'))
      .map((name) => `${folder}/${name}`),
  );
  expect(listed?.toSorted()).toEqual(there.toSorted());
});
