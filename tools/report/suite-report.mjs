// The one format in which suites of any kind (vitest, doctest, a check) say what they did.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * @typedef {object} SuiteReport
 * @property {string} suite Package and task, such as `@ram/errno test`.
 * @property {number} passed
 * @property {number} failed Failed tests, plus one for each error outside of a test.
 * @property {string[]} failures The names of what failed.
 * @property {{ name: string, reason: string }[]} skipped What was not run, and why.
 */

/** Every skip must carry its reason in its name; see requirement() in tools/test-support. */
const reasonPattern = / \[not run: (?<reason>.*?)\](?= >|$)/u;

/**
 * @param {string} name A full test name, parents first, joined with ` > `.
 * @returns {string | undefined} Why it was not run; undefined for a skip that doesn't say.
 */
export function skipReason(name) {
  return reasonPattern.exec(name)?.groups?.reason;
}

/** @param {string} suite @returns {SuiteReport} */
export function emptyReport(suite) {
  return { suite, passed: 0, failed: 0, failures: [], skipped: [] };
}

/** @param {SuiteReport} report @param {string} failure */
export function addFailure(report, failure) {
  report.failed += 1;
  report.failures.push(failure);
}

/** @param {string} file @param {SuiteReport} report */
export function writeReport(file, report) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
}

/** @param {string} file */
export function removeReport(file) {
  rmSync(file, { force: true });
}

/**
 * @param {string} file
 * @returns {SuiteReport | undefined} undefined when the suite left no readable report: it crashed.
 */
export function readReport(file) {
  try {
    const report = JSON.parse(readFileSync(file, 'utf8'));
    const whole = Number.isInteger(report.passed) && Number.isInteger(report.failed);
    return whole && Array.isArray(report.skipped) ? report : undefined;
  } catch {
    return undefined;
  }
}
