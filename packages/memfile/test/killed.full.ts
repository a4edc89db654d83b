import { gc } from '@ram/memfile';
import { runNode } from '@ram/test-support';
import { describe, expect, it } from 'vitest';
import { states } from './operations.ts';
import { emptyPlace, namesIn, usePlace } from './place.ts';

// A real kill -9 before every system call of every operation; killed.test.ts checks more of each.

const cases: [operation: string, from: keyof typeof states][] = [
  ['w', 'nothing'],
  ['w', 'stale'],
  ['a', 'unrecorded'],
  ['remove', 'live'],
  ['remove', 'stale'],
  ['persist', 'live'],
  ['persist elsewhere', 'live'],
  ['memorize', 'regular'],
  ['gc', 'orphaned'],
  ['gc', 'stale'],
];

const program = new URL('./child/stopped.ts', import.meta.url);

describe.each(cases)('kill -9 in %s of %s', (operation, from) => {
  const place = usePlace();
  it('leaves nothing that gc() does not clear away', async () => {
    for (let step = 0, done = false; !done; step++) {
      states[from](place);
      const args = [operation, String(step), place.disk, place.memory];
      const { stdout, stderr, signal } = await runNode(program, args);
      done = stdout === 'done\n';
      expect({ stderr, killed: signal === 'SIGKILL' }).toEqual({ stderr: '', killed: !done });
      await gc({ directory: place.memory });
      expect((await gc({ directory: place.memory })).memfiles).toEqual([]);
      const { disk, memory } = namesIn(place);
      expect(disk.filter((name) => name.startsWith('.'))).toEqual([]);
      expect(memory.filter((name) => name.endsWith('.link')).length).toBeLessThan(2);
      emptyPlace(place);
    }
  });
});
