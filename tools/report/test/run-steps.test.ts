import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from '@ram/test-support';
import { describe, expect, it } from 'vitest';
import { runStep } from '../run-steps.mjs';
import { emptyReport, writeReport } from '../suite-report.mjs';

const project = temporaryDirectory();
const packageDirectory = join(project, 'packages', 'a');
const reportFile = join(packageDirectory, 'reports', 'test.json');
const node = (program: string): string[] => [process.execPath, '-e', program];
const writeText = (text: string): string =>
  `require('node:fs').writeFileSync(${JSON.stringify(reportFile)}, ${JSON.stringify(text)})`;
const write = (report: object): string => writeText(JSON.stringify(report));

mkdirSync(join(packageDirectory, 'reports'), { recursive: true });
writeFileSync(
  join(packageDirectory, 'package.json'),
  JSON.stringify({ name: 'a', scripts: { test: 'true' } }),
);

describe('a step that counts as one test', () => {
  it('passes with exit code 0 and fails with any other', () => {
    expect(runStep({ name: 'lint', command: node('') }, project)).toMatchObject([
      { suite: 'lint', passed: 1, failed: 0 },
    ]);
    expect(runStep({ name: 'lint', command: node('process.exit(3)') }, project)).toMatchObject([
      { suite: 'lint', passed: 0, failed: 1, failures: ['lint: exit code 3'] },
    ]);
  });

  it('fails when the program is missing', () => {
    const [report] = runStep({ name: 'lint', command: ['/nowhere/at/all'] }, project);
    expect(report).toMatchObject({ passed: 0, failed: 1 });
  });
});

describe('a step whose suites report', () => {
  const run = (program: string) =>
    runStep({ name: 'test', command: node(program), suites: ['test'] }, project);

  it('has the counts of the suites', () => {
    const report = { ...emptyReport('a test'), passed: 7 };
    expect(run(write(report))).toEqual([report]);
  });

  it('fails for a suite that leaves no report, even when an older one lies there', () => {
    writeReport(reportFile, { ...emptyReport('a test'), passed: 7 });
    expect(run('')).toMatchObject([{ suite: 'a test', passed: 0, failed: 1 }]);
  });

  it('fails for a report without a test, and for one that is cut short', () => {
    expect(run(write(emptyReport('a test')))).toMatchObject([{ passed: 0, failed: 1 }]);
    expect(run(writeText('{"passed": 7'))).toMatchObject([{ passed: 0, failed: 1 }]);
  });

  it('fails when the runner fails and no suite says why', () => {
    const report = { ...emptyReport('a test'), passed: 7 };
    expect(run(`${write(report)}; process.exit(1)`)).toMatchObject([
      { suite: 'a test', passed: 7, failed: 0 },
      { suite: 'test', passed: 0, failed: 1 },
    ]);
  });
});
