// Random calls, and changes behind the back of @ram/memfile, against a simple model.
import {
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import {
  gc,
  list,
  memorize,
  memoryOpen,
  memoryOpenSync,
  persist,
  remove,
  removeSync,
} from '@ram/memfile';
import { randomSeeds } from '@ram/test-support';
import { describe, expect, it } from 'vitest';
import { Model } from './model.ts';
import type { Content, Entry } from './model.ts';
import { isLink, usePlace } from './place.ts';
import type { Place } from './place.ts';

const seeds = randomSeeds(Number(process.env['RAM_RANDOM_ROUNDS'] ?? 3));
const steps = 600;
const fileNames = ['a', 'b', 'c', 'd'];
const allFlags = ['r', 'r+', 'w', 'w+', 'a', 'a+', 'wx', 'ax+'];

type Random = (below: number) => number;

/** One of a run's calls: does it, tells the model, and says what both answered. */
type Act = (run: Run) => Promise<[call: string, real: string, expected: string]>;

interface Run {
  place: Place;
  model: Model;
  name: string;
  other: string;
  random: Random;
}

const openNow: Act = async ({ place, model, name, random }) => {
  const flags = pick(allFlags, random);
  const text = String(1000 + random(9000));
  const real = await codeOf(() => writeOnce(place, name, flags, text));
  const expected = model.open(name, flags, text);
  keepRecordAsItIs(model, name);
  return [`memoryOpenSync ${name} ${flags}`, real, expected];
};

const acts: Act[] = [
  openNow,
  async ({ place, model, name, random }) => {
    const flags = pick(allFlags, random);
    const text = String(1000 + random(9000));
    const real = await codeOf(() => writeLater(place, name, flags, text));
    const expected = model.open(name, flags, text);
    keepRecordAsItIs(model, name);
    return [`memoryOpen ${name} ${flags}`, real, expected];
  },
  async ({ place, model, name, random }) => {
    const later = random(2) === 0;
    const real = await codeOf(() => (later ? remove : removeSync)(place.at(name)));
    return [`remove ${name}`, real, model.remove(name)];
  },
  async ({ place, model, name, other, random }) => {
    const to = random(2) === 0 ? name : other;
    const real = await codeOf(() => persist(place.at(name), { to: place.at(to) }));
    return [`persist ${name} to ${to}`, real, model.persist(name, to)];
  },
  async ({ place, model, name }) => {
    const real = await codeOf(() => memorize(place.at(name), { directory: place.memory }));
    return [`memorize ${name}`, real, model.memorize(name)];
  },
  async ({ place, model, random }) => {
    const unrecorded = random(2) === 0;
    const options = { directory: place.memory, search: [place.disk], unrecorded };
    await gc({ ...options, dryRun: true });
    expectSame(place, model);
    const real = await codeOf(() => gc(options));
    return [`gc ${unrecorded}`, real, model.gc(unrecorded)];
  },
  async ({ place, model, name, random }) => {
    rmSync(place.at(name), { force: true, recursive: true });
    const text = String(1000 + random(9000));
    const entry = pick<Entry | undefined>(
      [
        undefined,
        undefined,
        { kind: 'regular', text },
        { kind: 'directory' },
        { kind: 'dangling' },
      ],
      random,
    );
    model.names.delete(name);
    if (entry !== undefined) model.names.set(name, entry);
    if (entry?.kind === 'regular') writeFileSync(place.at(name), text);
    if (entry?.kind === 'directory') mkdirSync(place.at(name));
    if (entry?.kind === 'dangling') symlinkSync('/nowhere/at-all', place.at(name));
    return [`by hand: ${name} is ${entry?.kind}`, 'done', 'done'];
  },
  async ({ place, model, name, other }) => {
    const entry = model.names.get(name);
    const isFolder = [entry, model.names.get(other)].some((one) => one?.kind === 'directory');
    if (entry === undefined || isFolder || name === other) return ['nothing', '', ''];
    renameSync(place.at(name), place.at(other));
    model.names.delete(name);
    model.names.set(other, entry);
    return [`by hand: ${name} becomes ${other}`, 'done', 'done'];
  },
  async ({ model, random }) => {
    const target = pick([...model.contents.keys()], random);
    if (target === undefined) return ['nothing', '', ''];
    const isContent = random(2) === 0;
    rmSync(isContent ? target : `${target}.link`, { force: true });
    model.lose(target, isContent ? { text: undefined } : { recorded: false });
    return [`by hand: no ${isContent ? 'content' : 'record'} ${target}`, 'done', 'done'];
  },
];

describe.each(seeds)('random calls (RAM_RANDOM_SEED=%i)', (seed) => {
  const place = usePlace();
  it('leave what the model says', async () => {
    const random = makeRandom(seed);
    const model = new Model(place);
    const history: string[] = [];
    for (let step = 0; step < steps; step++) {
      const [name, other] = [pick(fileNames, random), pick(fileNames, random)];
      // Half of them open, so that links are met which this process knows.
      const act = random(2) === 0 ? openNow : pick(acts, random);
      const [call, real, expected] = await act({ place, model, name, other, random });
      history.push(`${call}: ${real}`);
      const recent = history.slice(-12).join('\n');
      expect(real, recent).toBe(expected);
      expectSame(place, model, recent);
      if (step % 10 === 0) await expectListed(place, model, recent);
    }
    expect(new Set(history).size).toBeGreaterThan(50);
  });
});

/** A link that is opened again and again has its record looked at the first time only. */
function keepRecordAsItIs(model: Model, name: string): void {
  const entry = model.names.get(name);
  if (entry?.kind !== 'memfile' || !model.contents.has(entry.target)) return;
  const recorded = isLink(`${entry.target}.link`);
  if (!recorded) model.lose(entry.target, { recorded });
}

function writeOnce(place: Place, name: string, flags: string, text: string): void {
  const fd = memoryOpenSync(place.at(name), flags, { directory: place.memory });
  try {
    if (flags !== 'r') writeSync(fd, text);
  } finally {
    closeSync(fd);
  }
}

async function writeLater(place: Place, name: string, flags: string, text: string): Promise<void> {
  await using file = await memoryOpen(place.at(name), flags, { directory: place.memory });
  if (flags !== 'r') await file.write(text);
}

async function codeOf(act: () => unknown): Promise<string> {
  try {
    await act();
    return 'done';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error);
  }
}

function expectSame(place: Place, model: Model, message?: string): void {
  const names = new Map(readdirSync(place.disk).map((name) => [name, entryAt(place.at(name))]));
  expect(Object.fromEntries(names), message).toEqual(Object.fromEntries(model.names));
  const contents = new Map<string, Content>();
  for (const file of readdirSync(place.memory)) {
    const target = join(place.memory, file.replace(/\.link$/, ''));
    const text = existsSync(target) ? readFileSync(target, 'utf8') : undefined;
    contents.set(target, { text, recorded: isLink(`${target}.link`) });
  }
  expect(Object.fromEntries(contents), message).toEqual(Object.fromEntries(model.contents));
}

function entryAt(path: string): Entry {
  const facts = lstatSync(path);
  if (facts.isDirectory()) return { kind: 'directory' };
  if (facts.isFile()) return { kind: 'regular', text: readFileSync(path, 'utf8') };
  const target = readlinkSync(path);
  return target === '/nowhere/at-all' ? { kind: 'dangling' } : { kind: 'memfile', target };
}

async function expectListed(place: Place, model: Model, message: string): Promise<void> {
  const { memfiles } = await list({ directory: place.memory, search: [place.disk] });
  const states = Object.fromEntries(memfiles.map(({ target, state }) => [String(target), state]));
  expect(states, message).toEqual(model.states());
}

function pick<T>(items: readonly T[], random: Random): T {
  return items[random(items.length)] as T;
}

/** xorshift32. */
function makeRandom(seed: number): Random {
  let state = seed | 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % Math.max(below, 1);
  };
}
