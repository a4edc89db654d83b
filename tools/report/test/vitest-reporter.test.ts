import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { runCommand } from '@ram/test-support';
import { describe, expect, it } from 'vitest';
import { readReport } from '../suite-report.mjs';
import type { SuiteReport } from '../suite-report.mjs';

const vitest = fileURLToPath(import.meta.resolve('../../../node_modules/vitest/vitest.mjs'));

describe('a run of vitest', () => {
  it('counts what passed and what was not run, and says why', async () => {
    const { report, code, stdout } = await runFixture('mixed', '0');
    expect(code).toBe(0);
    expect(report).toMatchObject({ suite: 'fixture-mixed test', passed: 2, failed: 0 });
    expect(report?.skipped).toHaveLength(4);
    const why = 'the moon: it is below the horizon';
    expect(report?.skipped.map(({ reason }) => reason)).toEqual([why, why, why, why]);
    expect(stdout).toContain(`4 tests were not run here:\n  4: ${why}`);
  });

  it('fails under RAM_REQUIRE_ALL=1 when the machine lacks something', async () => {
    const { report, code } = await runFixture('mixed', '1');
    expect(code).toBe(1);
    expect(report).toMatchObject({ passed: 2, failed: 3, skipped: [] });
  });

  it('neither counts nor fails when a person picks tests by name', async () => {
    const { report, code, stdout } = await runFixture('silent', '1', ['-t', 'passes']);
    expect(stdout).toContain('1 passed');
    expect({ report, code }).toEqual({ report: undefined, code: 0 });
  });

  it('fails for a test that is skipped without a reason', async () => {
    const { report, code } = await runFixture('silent', '0');
    expect(code).toBe(1);
    expect(report).toMatchObject({
      passed: 1,
      failed: 1,
      failures: ['src/silent.test.ts > says nothing: skipped without a reason'],
    });
  });

  it('counts files that cannot be loaded and errors outside of tests', async () => {
    const { report, code } = await runFixture('broken', '0');
    expect(code).toBe(1);
    expect(report).toMatchObject({ passed: 1, failed: 3 });
    expect(report?.failures.toSorted()).toEqual([
      'outside of a test: nobody waits for this',
      'src/broken.test.ts > fails',
      'src/throws.test.ts: a file that cannot be loaded',
    ]);
  });
});

interface FixtureRun {
  report: SuiteReport | undefined;
  code: number | null;
  stdout: string;
}

async function runFixture(
  name: string,
  requireAll: '0' | '1',
  args: string[] = [],
): Promise<FixtureRun> {
  const cwd = fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
  const env = { RAM_REQUIRE_ALL: requireAll, npm_lifecycle_event: 'test', NO_COLOR: '1' };
  const { code, stdout } = await runCommand(process.execPath, [vitest, 'run', ...args], {
    cwd,
    env,
  });
  return { report: readReport(join(cwd, 'reports', 'test.json')), code, stdout };
}
