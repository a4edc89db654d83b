// What last-result.md says.

/** @typedef {import('../report/suite-report.mjs').SuiteReport} SuiteReport */

/**
 * @typedef {object} Run
 * @property {string} commit
 * @property {string} date In UTC.
 * @property {number} minutes
 * @property {string} node
 * @property {string} system
 * @property {string} user
 */

/** @param {readonly SuiteReport[]} reports @param {Run} run */
export function formatResult(reports, run) {
  const rows = reports.map(({ suite, passed, failed, skipped }) => [
    suite,
    String(passed),
    String(failed),
    String(skipped.length),
  ]);
  const failures = reports.flatMap(({ suite, failures: names }) =>
    names.map((name) => `- failed: ${suite}: ${name}`),
  );
  const skips = reports.flatMap(({ suite, skipped }) =>
    skipped.map(({ name, reason }) => `- not run: ${suite}: ${name}: ${reason}`),
  );
  return [
    '# The last full run',
    '',
    'Written by `pnpm test:full`; not edited by hand.',
    '',
    `Commit ${run.commit}, ${run.date} UTC, ${run.minutes} minutes, as ${run.user}.`,
    `${run.system}, Node ${run.node}.`,
    '',
    ...formatTable([['suite', 'passed', 'failed', 'not run'], ...rows]),
    ...(failures.length + skips.length > 0 ? ['', ...failures, ...skips] : []),
    '',
  ].join('\n');
}

/**
 * As oxfmt lays tables out, so that the file passes `pnpm format:check`.
 * @param {readonly string[][]} rows The first one is the head; the first column is text.
 */
function formatTable(rows) {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  const lines = rows.map((row) =>
    row.map((cell, column) =>
      (column === 0 ? cell.padEnd : cell.padStart).call(cell, widths[column] ?? 0),
    ),
  );
  const rule = widths.map((width, column) =>
    column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`,
  );
  lines.splice(1, 0, rule);
  return lines.map((cells) => `| ${cells.join(' | ')} |`);
}
