// What a run ends with: a line for each suite, what was not run, what failed, and the count.

/** @typedef {import('./suite-report.mjs').SuiteReport} SuiteReport */

/**
 * @param {readonly SuiteReport[]} reports
 * @returns {string} Lines; the last one is the count alone, for machines.
 */
export function formatSummary(reports) {
  const width = Math.max(0, ...reports.map(({ suite }) => suite.length));
  const lines = reports.map((report) => `  ${report.suite.padEnd(width)}  ${formatCount(report)}`);
  lines.push(...formatSkips(reports));
  const failures = reports.flatMap(({ suite, failures: names }) =>
    names.map((name) => `  ${suite}: ${name}`),
  );
  if (failures.length > 0) lines.push('', 'Failed:', ...failures);
  lines.push('', formatCount(total(reports)));
  return lines.join('\n');
}

/**
 * @param {Pick<SuiteReport, 'passed' | 'failed' | 'skipped'>} report
 */
function formatCount({ passed, failed, skipped }) {
  const tail = skipped.length > 0 ? `, ${skipped.length} skipped` : '';
  return `${passed} passed, ${failed} failed${tail}`;
}

/** @param {readonly SuiteReport[]} reports */
function total(reports) {
  return {
    passed: reports.reduce((sum, { passed }) => sum + passed, 0),
    failed: reports.reduce((sum, { failed }) => sum + failed, 0),
    skipped: reports.flatMap(({ skipped }) => skipped),
  };
}

/** @param {readonly SuiteReport[]} reports */
function formatSkips(reports) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const { suite, skipped } of reports) {
    for (const { reason } of skipped) {
      const key = `${reason} (${suite})`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
  }
  if (counts.size === 0) return [];
  return ['', 'Not run:', ...[...counts].map(([reason, count]) => `  ${count}: ${reason}`)];
}
