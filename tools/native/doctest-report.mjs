// Reads what a doctest binary said (-r=xml) into the counts of a suite report.
import { emptyReport, addFailure } from '../report/suite-report.mjs';

/** @typedef {import('../report/suite-report.mjs').SuiteReport} SuiteReport */

const elementPattern = new RegExp(
  [
    String.raw`<TestCase name="(?<name>[^"]*)"[^>]*?(?<closed>\/)?>`,
    String.raw`<OverallResultsAsserts [^>]*test_case_success="(?<success>\w+)"`,
    String.raw`\[not run: (?<reason>[^\]]*)\]`,
  ].join('|'),
  'g',
);

/**
 * A test that finds that the machine lacks what it needs says `MESSAGE("[not run: why]")` and
 * returns; it then counts as not run.
 *
 * @param {string} suite
 * @param {string} xml The standard output of the binary; cut short when it crashed.
 * @param {{ code: number | null, signal: string | null }} exit
 * @returns {SuiteReport}
 */
export function readDoctestReport(suite, xml, exit) {
  const report = emptyReport(suite);
  /** @type {{ name: string, reason?: string } | undefined} */
  let current;
  for (const { groups } of xml.matchAll(elementPattern)) {
    const { name, closed, success, reason } = groups ?? {};
    if (name !== undefined && closed)
      addFailure(report, `${decode(name)}: skipped without a reason`);
    else if (name !== undefined) current = { name: decode(name) };
    else if (current !== undefined && reason !== undefined) current.reason = decode(reason);
    else if (current !== undefined) {
      endTest(report, current, success === 'true');
      current = undefined;
    }
  }
  // A crash or a sanitizer's finding ends the binary in the middle of a test, or after all of them.
  if (current !== undefined) addFailure(report, `${current.name}: the binary died in it`);
  else if (exit.code !== 0 && !(exit.code === 1 && report.failed > 0)) {
    addFailure(report, `the binary ended with ${exit.signal ?? `exit code ${exit.code}`}`);
  }
  if (report.passed + report.failed + report.skipped.length === 0) {
    addFailure(report, 'there is no test in it');
  }
  return report;
}

/**
 * @param {SuiteReport} report
 * @param {{ name: string, reason?: string }} test
 * @param {boolean} success
 */
function endTest(report, { name, reason }, success) {
  if (!success) addFailure(report, name);
  else if (reason === undefined) report.passed += 1;
  else if (process.env.RAM_REQUIRE_ALL === '1') addFailure(report, `${name}: ${reason}`);
  else report.skipped.push({ name, reason });
}

/**
 * The failed assertions of a report, for people.
 * @param {string} xml
 */
export function failedExpressions(xml) {
  const blocks = [...xml.matchAll(/<(Expression|Exception)\b[^>]*>[\s\S]*?<\/\1>/g)];
  return blocks.map(([block]) => {
    const place = /filename="([^"]*)" line="(\d+)"/.exec(block);
    const text = decode(
      block
        .replaceAll(/<[^>]*>/g, ' ')
        .replaceAll(/\s+/g, ' ')
        .trim(),
    );
    return `${place?.[1]}:${place?.[2]}: ${text}`;
  });
}

/** @param {string} text */
function decode(text) {
  /** @type {Record<string, string>} */
  const entities = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
  return text.replaceAll(/&(amp|lt|gt|quot|apos);/g, (all, name) => entities[name] ?? all);
}
