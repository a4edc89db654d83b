// A vitest reporter: writes reports/test.json and ends the run with what was not run and why.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { addFailure, emptyReport, removeReport, skipReason, writeReport } from './suite-report.mjs';

/** @typedef {import('vitest/reporters').Reporter} Reporter */

/** @implements {Reporter} */
export default class SuiteReporter {
  #file = join(process.cwd(), 'reports', `${scriptName().replaceAll(':', '-')}.json`);

  /** With `-t` most tests are left out on purpose: such a run is for a person and not counted. */
  #counts = true;

  /** @type {NonNullable<Reporter['onInit']>} */
  onInit(vitest) {
    this.#counts = vitest.config.testNamePattern === undefined;
    removeReport(this.#file);
  }

  /** @type {NonNullable<Reporter['onTestRunEnd']>} */
  onTestRunEnd(modules, unhandledErrors) {
    if (!this.#counts) return;
    const { name } = JSON.parse(readFileSync('package.json', 'utf8'));
    const report = emptyReport(`${name} ${scriptName()}`);
    for (const module of modules) collect(module, report);
    for (const error of unhandledErrors) addFailure(report, `outside of a test: ${error.message}`);
    writeReport(this.#file, report);
    printSkips(report.skipped);
    if (report.failed > 0) process.exitCode = 1;
  }
}

/**
 * @param {import('vitest/node').TestModule} module
 * @param {import('./suite-report.mjs').SuiteReport} report
 */
function collect(module, report) {
  const file = module.relativeModuleId;
  for (const error of module.errors()) addFailure(report, `${file}: ${error.message}`);
  for (const suite of module.children.allSuites()) {
    for (const error of suite.errors())
      addFailure(report, `${file} > ${suite.fullName}: ${error.message}`);
  }
  for (const test of module.children.allTests()) {
    const name = `${file} > ${test.fullName}`;
    const result = test.result();
    if (result.state === 'passed') report.passed += 1;
    else if (result.state === 'skipped') skip(report, name, skipReason(name) ?? result.note);
    else addFailure(report, name);
  }
}

/**
 * @param {import('./suite-report.mjs').SuiteReport} report
 * @param {string} name
 * @param {string | undefined} reason
 */
function skip(report, name, reason) {
  if (reason === undefined) addFailure(report, `${name}: skipped without a reason`);
  else if (process.env.RAM_REQUIRE_ALL === '1') addFailure(report, name);
  else report.skipped.push({ name, reason });
}

/** @param {import('./suite-report.mjs').SuiteReport['skipped']} skipped */
function printSkips(skipped) {
  if (skipped.length === 0) return;
  const counts = new Map();
  for (const { reason } of skipped) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const lines = [...counts].map(([reason, count]) => `  ${count}: ${reason}`);
  console.log(`\n${skipped.length} tests were not run here:\n${lines.join('\n')}`);
}

/** The package script that runs; an editor or `vitest` by hand counts as `test`. */
function scriptName() {
  const script = process.env.npm_lifecycle_event ?? '';
  return script.startsWith('test') ? script : 'test';
}
