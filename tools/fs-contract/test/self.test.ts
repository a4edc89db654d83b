// The suite itself: it finds what is broken, and no case is there that can't fail.
import { Volume } from '@ram/fs-core';
import { describe, expect, it } from 'vitest';
import { cases } from '../cases/all.ts';
import type { Identity } from '../src/client.ts';
import { judge } from '../src/judge.ts';
import { volumeLimits } from '../src/limits.ts';
import { NodeCalls, volumeCalls } from '../src/node-calls.ts';
import { runCases } from '../src/run-cases.ts';
import type { Driver, Outcome, Surface } from '../src/run-cases.ts';
import { runSurface } from '../src/run-surface.ts';
import { demandSelf } from '../src/surfaces.ts';
import { mounts } from './contract.ts';
import { nothingSurface } from './nothing.ts';

process.umask(0);

/** A Volume with one call replaced while cases run. */
function brokenSurface(call: keyof Driver, replacement?: () => unknown): Surface {
  const volume = new Volume({ maxBytes: '48M' });
  const connect = (identity: Identity): Driver => {
    demandSelf(identity);
    const driver = volumeCalls(volume);
    const original = driver[call as keyof NodeCalls].bind(driver) as (
      ...args: unknown[]
    ) => unknown;
    let armed = false;
    const broken = (...args: unknown[]) =>
      armed && replacement !== undefined ? replacement() : original(...args);
    const reset = (directory: string) => {
      driver.reset(directory);
      armed = directory !== '';
    };
    return new Proxy(driver, {
      get: (_, name) => {
        if (name === 'reset') return reset;
        if (name === call) return broken;
        const found: unknown = Reflect.get(driver, name);
        return typeof found === 'function' ? found.bind(driver) : found;
      },
    });
  };
  return { base: '', user: 'root', connect, close: () => volume.close() };
}

const possible = cases.filter(({ id }) => !(id in volumeLimits));

function firstFailure(call: keyof Driver, replacement?: () => unknown): Outcome | undefined {
  const surface = brokenSurface(call, replacement);
  for (const outcome of runCases(surface, possible)) {
    if (outcome.result === 'failed') return outcome;
  }
  return undefined;
}

const noCalls = new Set(['constructor', 'reset', 'fsync', 'fdatasync']);
const calls = Object.getOwnPropertyNames(NodeCalls.prototype).filter(
  (name): name is keyof Driver => !noCalls.has(name),
);

it('a surface on which nothing is broken passes', () => {
  expect(firstFailure('open')).toBeUndefined();
});

it.each(calls)('a surface on which %s does nothing, or is refused, fails', (call) => {
  const refuse = () => {
    throw Object.assign(new Error('broken'), { code: 'EIO' });
  };
  expect(firstFailure(call, () => undefined)).toBeDefined();
  expect(firstFailure(call, refuse)).toBeDefined();
});

it('every case fails on a file system that says yes and does nothing', () => {
  const passed = (times: 'same' | 'other') =>
    [...runCases(nothingSurface(times), cases)]
      .filter(({ result }) => result === 'passed')
      .map(({ id }) => id);
  const whenOther = new Set(passed('other'));
  expect(passed('same').filter((id) => whenOther.has(id))).toEqual([]);
});

it('no two cases have the same name', () => {
  const ids = cases.map(({ id }) => id);
  expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
});

it('a case that hangs or dies is a failure, and the others go on', async () => {
  const program = new URL('./child/broken.ts', import.meta.url);
  const outcomes = await runSurface('broken', { program, caseTimeoutMs: 5000 });
  expect(outcomes).toEqual([
    { id: 'child: is fine', result: 'passed' },
    { id: 'child: waits for ever', result: 'failed', detail: 'hung: no answer within 5000 ms' },
    expect.objectContaining({ id: 'child: is wrong', result: 'failed' }),
    expect.objectContaining({ id: 'child: kills its process', result: 'failed' }),
    { id: 'child: is fine too', result: 'passed' },
  ]);
});

mounts.it('tmpfs on which a call of the system does nothing, or is refused, fails', async () => {
  const program = new URL('./child/broken-calls.ts', import.meta.url);
  const outcomes = await runSurface('tmpfs', { program });
  const unseen = outcomes.filter(({ result }) => result !== 'passed').map(({ id }) => id);
  expect(unseen).toEqual([]);
  expect(outcomes.length).toBeGreaterThan(40);
});

describe('a verdict', () => {
  const none = { limits: {}, lacks: [] };

  it('is a failure for a limit that passes', () => {
    const definition = { limits: { a: 'for a reason' }, lacks: [] };
    expect(judge([{ id: 'a', result: 'passed' }], definition, true)).toMatchObject([
      { id: 'a', verdict: 'failed', detail: 'passes; take it off the limits (for a reason)' },
    ]);
    expect(judge([{ id: 'a', result: 'failed' }], definition, true)).toMatchObject([
      { verdict: 'limited', detail: 'for a reason' },
    ]);
  });

  it('is a failure for a limit of a case that is gone', () => {
    const definition = { limits: { a: 'for a reason' }, lacks: [] };
    expect(judge([], definition, true)).toMatchObject([{ id: 'a', verdict: 'failed' }]);
    expect(judge([], definition, false)).toEqual([]);
  });

  it('is a failure for a call that is missing undeclared', () => {
    const outcomes: Outcome[] = [{ id: 'a', result: 'lacks', detail: 'mmap' }];
    expect(judge(outcomes, none, true)).toMatchObject([{ verdict: 'failed' }]);
    expect(judge(outcomes, { limits: {}, lacks: ['mmap'] }, true)).toMatchObject([
      { verdict: 'lacks', detail: 'mmap' },
    ]);
  });
});
