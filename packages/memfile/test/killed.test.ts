import { existsSync, lstatSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { gc, list } from '@ram/memfile';
import { runNode } from '@ram/test-support';
import { describe, expect, it } from 'vitest';
import { runSync } from '../src/steps.ts';
import type { Steps } from '../src/steps.ts';
import { closeAll, content, operations, states } from './operations.ts';
import { emptyPlace, namesIn, usePlace } from './place.ts';
import type { Place } from './place.ts';

// Every operation that changes something is stopped before every single one of its system calls:
// here in this process, which leaves the files as kill -9 does, and for some with a real one
// (killed.full.ts kills at all). Each time: nothing is lost, list() names all that is there, gc()
// leaves nothing behind, and the operation can be done again.

type Outcome = 'gone' | 'memory' | 'disk' | 'stale';

interface Case {
  operation: string;
  from: keyof typeof states;
  /** What `file` may be afterwards, when gc() has been there. */
  outcomes: Outcome[];
  keeps: boolean;
}

const cases: Case[] = [
  { operation: 'w', from: 'nothing', outcomes: ['gone', 'memory'], keeps: false },
  { operation: 'w', from: 'stale', outcomes: ['gone', 'memory'], keeps: false },
  { operation: 'a', from: 'unrecorded', outcomes: ['memory'], keeps: true },
  { operation: 'remove', from: 'live', outcomes: ['gone', 'memory'], keeps: true },
  { operation: 'remove', from: 'stale', outcomes: ['gone'], keeps: false },
  { operation: 'persist', from: 'live', outcomes: ['memory', 'disk'], keeps: true },
  { operation: 'persist elsewhere', from: 'live', outcomes: ['gone', 'memory'], keeps: true },
  { operation: 'memorize', from: 'regular', outcomes: ['memory', 'disk'], keeps: true },
  { operation: 'gc', from: 'orphaned', outcomes: ['gone'], keeps: false },
  { operation: 'gc', from: 'stale', outcomes: ['gone'], keeps: false },
];

describe.each(cases)('stopping $operation of $from', ({ operation, from, outcomes, keeps }) => {
  const place = usePlace();
  it('loses nothing and leaves nothing', async () => {
    const seen = new Set<Outcome>();
    let step = 0;
    for (let done = false; !done; step++) {
      states[from](place);
      done = stopBefore(step, operation, place);
      seen.add(await expectHealed(place, { operation, from, outcomes, keeps }));
      emptyPlace(place);
    }
    // More than one step, and both ends were reached.
    expect(step).toBeGreaterThan(2);
    expect([...seen].toSorted()).toEqual([...outcomes].toSorted());
  });

  it('is no obstacle to doing it again', async () => {
    for (let step = 0, done = false; !done; step++) {
      states[from](place);
      done = stopBefore(step, operation, place);
      const again = repeat(operation, place);
      // It may have been done but for the cleaning up.
      expect(['done', 'ENOENT', 'EEXIST', 'ERR_RAM_MEMFILE_REGULAR_FILE', alreadyThere]).toContain(
        again,
      );
      await expectHealed(place, { operation, from, outcomes, keeps });
      emptyPlace(place);
    }
  });
});

const alreadyThere = 'ERR_RAM_MEMFILE_NOT_A_MEMFILE';

/** True: it came to its end. */
function stopBefore(step: number, operation: string, place: Place): boolean {
  const steps = operations[operation]?.(place) as Steps<unknown>;
  let next = steps.next();
  for (let count = 0; count < step && next.done !== true; count++) {
    let value: unknown;
    try {
      value = next.value.now();
    } catch (error) {
      next = steps.throw(error);
      continue;
    }
    next = steps.next(value);
  }
  // Closes descriptors, as the kernel does.
  steps.return(undefined);
  closeAll();
  return next.done === true;
}

function repeat(operation: string, place: Place): unknown {
  try {
    runSync(operations[operation]?.(place) as Steps<unknown>);
    return 'done';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? error;
  } finally {
    closeAll();
  }
}

async function expectHealed(place: Place, { operation, from, keeps }: Case): Promise<Outcome> {
  if (keeps) expectKept(place, operation);
  await expectListed(place);
  await gc({ directory: place.memory });
  // The record of a process that still runs, as this one, is left for a minute.
  if (from === 'nothing' || from === 'regular') removeLoneRecords(place);
  if (keeps) expectKept(place, operation);
  const outcome = outcomeOf(place);
  await expectNothingLeft(place, outcome, from);
  return outcome;
}

function removeLoneRecords(place: Place): void {
  const names = new Set(readdirSync(place.memory));
  for (const name of names) {
    if (name.endsWith('.link') && !names.has(name.slice(0, -5))) rmSync(join(place.memory, name));
  }
}

describe('kill -9', () => {
  const place = usePlace();
  const program = new URL('./child/stopped.ts', import.meta.url);
  it.each([
    ['w', 'nothing', 2],
    ['persist', 'live', 5],
    ['memorize', 'regular', 5],
  ] as const)('in %s is the same', async (operation, from, step) => {
    states[from](place);
    const args = [operation, String(step), place.disk, place.memory];
    const { stderr, signal } = await runNode(program, args);
    expect({ stderr, signal }).toEqual({ stderr: '', signal: 'SIGKILL' });
    const keeps = operation !== 'w';
    await expectHealed(place, { operation, from: 'live', outcomes: [], keeps });
  });
});

/** The bytes are somewhere where their owner looks for them. */
function expectKept(place: Place, operation: string): void {
  const names = operation === 'persist elsewhere' ? ['file', 'other'] : ['file'];
  const found = names.map(place.at).find(existsSync);
  if (operation === 'remove' && found === undefined) return;
  const text = readFileSync(found ?? 'lost', 'utf8');
  expect(text.startsWith(content)).toBe(true);
}

/** Every name in memory belongs to something that list() shows. */
async function expectListed(place: Place): Promise<void> {
  const { memfiles } = await list({ directory: place.memory });
  const targets = new Set(memfiles.map(({ target }) => String(target)));
  const contents = readdirSync(place.memory).map((name) => name.replace(/\.link$/, ''));
  expect(targets.size).toBe(new Set(contents).size);
}

function outcomeOf(place: Place): Outcome {
  const facts = lstatSync(place.at('file'), { throwIfNoEntry: false });
  if (facts === undefined) return 'gone';
  if (!facts.isSymbolicLink()) return 'disk';
  return existsSync(place.at('file')) ? 'memory' : 'stale';
}

async function expectNothingLeft(place: Place, outcome: Outcome, from: string): Promise<void> {
  const { disk, memory } = namesIn(place);
  const file = outcome === 'gone' ? [] : ['file'];
  expect(disk.filter((name) => name !== 'other')).toEqual(file);
  const recorded = ['file~', 'file~.link'];
  if (outcome !== 'memory') expect(memory).toEqual([]);
  // What had no record from the start has none until it is opened.
  else expect([recorded, ...(from === 'unrecorded' ? [['file~']] : [])]).toContainEqual(memory);
  expect((await gc({ directory: place.memory })).memfiles).toEqual([]);
}
