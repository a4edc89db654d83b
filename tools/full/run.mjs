// `pnpm test:full`: everything that takes too long for `npm test`. Writes last-result.md, which is
// committed.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { fullSteps } from '../report/steps.mjs';
import { runStepsForReports } from '../report/run-steps.mjs';
import { SetupError, setUp } from '../setup/setup.mjs';
import { formatResult } from './result.mjs';

const resultFile = new URL('./last-result.md', import.meta.url);

try {
  setUp('full');
  const start = Date.now();
  const reports = runStepsForReports(fullSteps);
  const machine = {
    commit:
      git('rev-parse', '--short', 'HEAD') + (git('status', '--porcelain') ? ' and changes' : ''),
    date: new Date(start).toISOString().slice(0, 16).replace('T', ' '),
    minutes: Math.ceil((Date.now() - start) / 60_000),
    node: process.version,
    system: `Linux ${release()}, ${cpus().length} CPUs, ${Math.round(totalmem() / 2 ** 30)} GiB`,
    user: process.getuid?.() === 0 ? 'root' : 'a plain user',
  };
  writeFileSync(resultFile, formatResult(reports, machine));
  process.exitCode = reports.some(({ failed }) => failed > 0) ? 1 : 0;
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(`\n${error.message}`);
  process.exitCode = 1;
}

/** @param {string[]} args */
function git(...args) {
  return execFileSync('git', args, { encoding: 'utf8' }).trim();
}
