// The contract on a surface as tests: one for each rule.
import { existsSync } from 'node:fs';
import { ioUringMounts, requirement } from '@ram/test-support';
import { describe, expect, it } from 'vitest';
import { judge, summarizeLacks } from '../src/judge.ts';
import { runSurface } from '../src/run-surface.ts';
import { surfaces } from '../src/surfaces.ts';

const isRoot = process.geteuid?.() === 0;

/** For surfaces that are mounts. */
export const mounts = requirement(
  'mounting as root',
  isRoot && existsSync('/dev/fuse'),
  isRoot ? 'there is no /dev/fuse (modprobe fuse)' : 'the tests do not run as root',
);

/** Runs everything while tests are collected; then each test tells one outcome. */
export async function holdContract(name: string): Promise<void> {
  const definition = surfaces[name];
  if (definition === undefined) throw new Error(`no surface is named ${name}`);
  const verdicts = judge(await runSurface(name), definition, true);
  describe(name, () => {
    for (const { id, verdict, detail } of verdicts) {
      if (verdict === 'passed') it(id, () => expect(verdict).toBe('passed'));
      if (verdict === 'failed') it(id, () => expect.fail(detail));
      if (verdict === 'limited') {
        it(`${id} [limit: ${detail}]`, () => expect(verdict).toBe('limited'));
      }
    }
    const lacking = verdicts.filter(({ verdict }) => verdict === 'lacks').length;
    it(`${lacking} rules are about calls that it lacks: ${summarizeLacks(verdicts)}`, () => {
      expect(verdicts.length - lacking).toBeGreaterThan(0);
    });
  });
}

/** The kernel driver in its ways, those that are for `pnpm test:full` or the others. */
export async function holdOnMounts({ rarely }: { rarely: boolean }): Promise<void> {
  for (const [name, definition] of Object.entries(surfaces)) {
    if (!name.startsWith('fuse ') || (definition.rarely ?? false) !== rarely) continue;
    const needed = name.includes('io_uring') ? ioUringMounts : mounts;
    if (needed.available) await holdContract(name);
    else needed.it(`${name} holds the contract`, () => {});
  }
}
