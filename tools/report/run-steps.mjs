// Runs steps one after the other, all of them even when one fails, and sums what they report.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { addFailure, emptyReport, readReport, removeReport } from './suite-report.mjs';
import { formatSummary } from './summary.mjs';
import { listPackages, projectDirectory } from './workspace.mjs';

/** @typedef {import('./suite-report.mjs').SuiteReport} SuiteReport */

/**
 * The last line that is printed is the count: `N passed, N failed`, and `, N skipped` when any.
 * @param {readonly import('./steps.mjs').Step[]} steps
 * @param {readonly string[]} [notes] Lines for the user, before the summary.
 * @returns {number} How many failed.
 */
export function runSteps(steps, notes = []) {
  return runStepsForReports(steps, notes).reduce((sum, { failed }) => sum + failed, 0);
}

/**
 * As runSteps, for a caller that wants all of it.
 * @param {readonly import('./steps.mjs').Step[]} steps
 * @param {readonly string[]} [notes]
 * @returns {SuiteReport[]}
 */
export function runStepsForReports(steps, notes = []) {
  /** @type {SuiteReport[]} */
  const reports = [];
  for (const step of steps) {
    console.log(`\n▸ ${step.name}: ${step.command.join(' ')}`);
    reports.push(...runStep(step));
  }
  console.log(['', ...notes, '', formatSummary(reports)].join('\n'));
  return reports;
}

/**
 * @param {import('./steps.mjs').Step} step
 * @param {string} [project]
 * @returns {SuiteReport[]}
 */
export function runStep({ name, command, suites }, project = projectDirectory) {
  const expected = listExpected(suites ?? [], project);
  for (const { file } of expected) removeReport(file);
  const [program = '', ...args] = command;
  const { status } = spawnSync(program, args, {
    cwd: project,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const reports = expected.map(({ file, suite }) => {
    const report = readReport(file) ?? emptyReport(suite);
    const count = report.passed + report.failed + report.skipped.length;
    if (count === 0) addFailure(report, 'no report: it crashed, was not started or has no test');
    return report;
  });
  const own = emptyReport(name);
  const explained = reports.some(({ failed }) => failed > 0);
  if (status !== 0 && !explained) addFailure(own, `${name}: exit code ${status}`);
  else if (suites === undefined) own.passed += 1;
  return own.passed + own.failed > 0 ? [...reports, own] : reports;
}

/** @param {readonly string[]} scripts @param {string} project */
function listExpected(scripts, project) {
  return listPackages(project).flatMap(({ directory, manifest }) =>
    scripts
      .filter((script) => manifest.scripts?.[script] !== undefined)
      .map((script) => ({
        suite: `${manifest.name} ${script}`,
        file: join(directory, 'reports', `${script.replaceAll(':', '-')}.json`),
      })),
  );
}
