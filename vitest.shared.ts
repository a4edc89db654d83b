import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const reporter = fileURLToPath(new URL('./tools/report/vitest-reporter.mjs', import.meta.url));

/**
 * How every package runs its tests. `@ram/*` packages resolve to their sources, so tests need no
 * build of TypeScript; native addons run in forks. The reporter writes reports/test.json, which
 * tools/report sums, and ends the run with what was not run and why. `--mode full` is for
 * `test:full`: files named *.full.ts, and half an hour for each test. The limits are there for
 * what hangs: no machine is so slow that it comes near them.
 */
export default defineConfig(({ mode }) => ({
  resolve: { conditions: ['@ram/source'] },
  ssr: { resolve: { conditions: ['@ram/source'], externalConditions: ['@ram/source'] } },
  test: {
    include: mode === 'full' ? ['{src,test}/**/*.full.ts'] : ['{src,test}/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: mode === 'full' ? 1_800_000 : 180_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 60_000, interval: 20 } },
    reporters: ['default', reporter],
  },
}));
