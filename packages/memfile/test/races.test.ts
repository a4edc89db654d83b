import { existsSync, lstatSync, readFileSync, readlinkSync } from 'node:fs';
import { gc } from '@ram/memfile';
import { describe, expect, it } from 'vitest';
import type { Steps } from '../src/steps.ts';
import { content, operations, states } from './operations.ts';
import { emptyPlace, namesIn, usePlace } from './place.ts';
import type { Place } from './place.ts';

// Two programs at the same path, in every order that their system calls can take.

type Outcome = unknown;

interface Pair {
  from: keyof typeof states;
  one: string;
  other: string;
  /** Beyond what always holds: no leak, no stale link, no left-over. */
  check?: (outcomes: readonly [Outcome, Outcome], place: Place) => void;
}

const exactlyOneOpens: NonNullable<Pair['check']> = (outcomes) =>
  expect([...outcomes].toSorted()).toEqual(['EEXIST', 'opened']);
const bothOpen: NonNullable<Pair['check']> = (outcomes) =>
  expect(outcomes).toEqual(['opened', 'opened']);
const keepsBytes: NonNullable<Pair['check']> = (_, place) =>
  expect(readFileSync(place.at('file'), 'utf8').startsWith(content)).toBe(true);

const pairs: Pair[] = [
  { from: 'nothing', one: 'wx', other: 'wx', check: exactlyOneOpens },
  { from: 'stale', one: 'wx', other: 'wx', check: exactlyOneOpens },
  { from: 'nothing', one: 'w', other: 'w', check: bothOpen },
  { from: 'stale', one: 'w', other: 'w', check: bothOpen },
  { from: 'nothing', one: 'a', other: 'a', check: bothBytes },
  { from: 'stale', one: 'a', other: 'a', check: bothBytes },
  { from: 'unrecorded', one: 'a', other: 'a', check: bothOpen },
  { from: 'nothing', one: 'w', other: 'wx' },
  { from: 'stale', one: 'w', other: 'wx' },
  { from: 'nothing', one: 'w', other: 'r' },
  { from: 'nothing', one: 'w', other: 'remove' },
  { from: 'live', one: 'w', other: 'remove' },
  { from: 'stale', one: 'w', other: 'remove' },
  { from: 'live', one: 'remove', other: 'remove' },
  { from: 'stale', one: 'remove', other: 'remove' },
  { from: 'nothing', one: 'w', other: 'gc', check: opensFirst },
  { from: 'live', one: 'w', other: 'gc', check: opensFirst },
  { from: 'stale', one: 'w', other: 'gc', check: opensFirst },
  { from: 'live', one: 'remove', other: 'gc' },
  { from: 'stale', one: 'remove', other: 'gc' },
  { from: 'orphaned', one: 'w', other: 'gc', check: opensFirst },
  { from: 'orphaned', one: 'gc', other: 'gc' },
  { from: 'live', one: 'persist', other: 'gc', check: keepsBytes },
  { from: 'live', one: 'persist', other: 'remove' },
  { from: 'live', one: 'persist', other: 'r', check: keepsBytes },
  { from: 'regular', one: 'memorize', other: 'gc', check: keepsBytes },
  { from: 'regular', one: 'memorize', other: 'r', check: keepsBytes },
  { from: 'regular', one: 'memorize', other: 'memorize', check: keepsBytes },
];

function bothBytes(outcomes: readonly [Outcome, Outcome], place: Place): void {
  expect(outcomes).toEqual(['opened', 'opened']);
  expect(readFileSync(place.at('file'), 'utf8')).toBe('by aby a');
}

function opensFirst([first]: readonly [Outcome, Outcome]): void {
  expect(first).toBe('opened');
}

const schedulesMax = 20_000;

describe.each(pairs)('$one and $other, from $from', ({ from, one, other, check }) => {
  const place = usePlace();
  it('in every order', async () => {
    let schedule: number[] | undefined = [];
    let count = 0;
    while (schedule !== undefined) {
      states[from](place);
      const first = operations[one]?.(place) as Steps<unknown>;
      const second = operations[other]?.(place) as Steps<unknown>;
      const run = interleave([first, second], schedule);
      try {
        check?.(run.outcomes, place);
        await expectWhole(place);
      } catch (error) {
        const order = run.taken.join('');
        throw new Error(`order ${order}: ${JSON.stringify(run.outcomes)}`, { cause: error });
      }
      emptyPlace(place);
      schedule = nextSchedule(run.taken, run.choices);
      expect(++count).toBeLessThan(schedulesMax);
    }
    expect(count).toBeGreaterThan(1);
  });
});

/** Whatever happened: the path is whole, and nothing is in memory that it doesn't lead to. */
async function expectWhole(place: Place): Promise<void> {
  const facts = lstatSync(place.at('file'), { throwIfNoEntry: false });
  if (facts?.isSymbolicLink() === true) {
    const target = readlinkSync(place.at('file'));
    expect([existsSync(target), readlinkSync(`${target}.link`)]).toEqual([
      true,
      expect.stringMatching(/:.*\/file$/),
    ]);
  }
  await gc({ directory: place.memory });
  const { disk, memory } = namesIn(place);
  expect(disk).toEqual(facts === undefined ? [] : ['file']);
  const inMemory = facts?.isSymbolicLink() === true;
  expect(memory).toEqual(inMemory ? ['file~', 'file~.link'] : []);
}

interface Run {
  outcomes: [Outcome, Outcome];
  /** Which one took each turn, and whether the other could have. */
  taken: number[];
  choices: boolean[];
}

function interleave(both: [Steps<unknown>, Steps<unknown>], schedule: readonly number[]): Run {
  const run: Run = { outcomes: [undefined, undefined], taken: [], choices: [] };
  const waiting = both.map((steps, index) =>
    begin(steps, (value) => (run.outcomes[index] = value)),
  );
  while (waiting.some(({ over }) => !over())) {
    const free = waiting.every(({ over }) => !over());
    const only = waiting.findIndex(({ over }) => !over());
    const turn = free ? (schedule[run.taken.length] ?? 0) : only;
    run.taken.push(turn);
    run.choices.push(free);
    waiting[turn]?.step();
  }
  return run;
}

/** Runs to before its first call; then a call at a time, and on to before the next. */
function begin(steps: Steps<unknown>, end: (outcome: Outcome) => void) {
  let over = false;
  let next: IteratorResult<{ now(): unknown }, unknown> | undefined;
  const advance = (act: () => typeof next): void => {
    try {
      next = act();
      if (next?.done !== true) return;
      end(next.value);
    } catch (error) {
      end((error as NodeJS.ErrnoException).code ?? error);
    }
    over = true;
  };
  advance(() => steps.next());
  const step = (): void => {
    if (next === undefined || next.done === true) return;
    const call = next.value;
    let value: unknown;
    try {
      value = call.now();
    } catch (error) {
      advance(() => steps.throw(error));
      return;
    }
    advance(() => steps.next(value));
  };
  return { step, over: () => over };
}

/** Depth first through all orders. */
function nextSchedule(taken: readonly number[], choices: readonly boolean[]): number[] | undefined {
  const last = taken.findLastIndex((turn, index) => turn === 0 && choices[index] === true);
  return last < 0 ? undefined : [...taken.slice(0, last), 1];
}
