// Compiles and runs a package's native tests. Called in the package's folder:
//   node ../../tools/native/run.mjs                    all tests, under ASan and UBSan
//   SAN=thread node ../../tools/native/run.mjs         all tests, under TSan
//   node ../../tools/native/run.mjs -tc='rename*'      arguments go to doctest; nothing is reported
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { addFailure, emptyReport, removeReport, writeReport } from '../report/suite-report.mjs';
import { failedExpressions, readDoctestReport } from './doctest-report.mjs';
import { planNativeTests } from './plan.mjs';

const timeLimitMs = 15 * 60_000;
const outputBytesMax = 256 * 2 ** 20;

const sanitizer = process.env.SAN === 'thread' ? 'thread' : 'address';
const plan = planNativeTests(process.cwd(), sanitizer);
const suite = `${plan.packageName} test:native (${plan.sanitize})`;
const task = sanitizer === 'thread' ? 'test-native-thread' : 'test-native';
const reportFile = join(process.cwd(), 'reports', `${task}.json`);
const [, , ...doctestArguments] = process.argv;

process.exitCode = main();

function main() {
  if (doctestArguments.length > 0) {
    return compile() ? (runBinary(doctestArguments, 'inherit').status ?? 1) : 1;
  }
  removeReport(reportFile);
  const report = emptyReport(suite);
  if (!existsSync('/usr/include/doctest/doctest.h') && plan.sources.length > 0) {
    report.skipped.push({ name: suite, reason: 'doctest: install doctest-dev (npm test does it)' });
    if (process.env.RAM_REQUIRE_ALL === '1') addFailure(report, 'doctest is not installed');
  } else if (!compile()) {
    addFailure(report, 'the sources do not compile');
  } else {
    const { stdout, status, signal } = runBinary(['-r=xml'], ['ignore', 'pipe', 'inherit']);
    Object.assign(report, readDoctestReport(suite, stdout, { code: status, signal }));
    for (const line of failedExpressions(stdout)) console.log(line);
  }
  writeReport(reportFile, report);
  for (const failure of report.failures) console.log(`FAILED ${failure}`);
  for (const { name, reason } of report.skipped) console.log(`not run: ${name}: ${reason}`);
  console.log(`${suite}: ${report.passed} passed, ${report.failed} failed`);
  return report.failed > 0 ? 1 : 0;
}

function compile() {
  const rules = fileURLToPath(new URL('./tests.mk', import.meta.url));
  const variables = [
    `OUT=${plan.outDirectory}`,
    `SOURCES=${plan.sources.join(' ')}`,
    `INCLUDES=${plan.includes.map((path) => `-I${path}`).join(' ')}`,
    `SANITIZE=${plan.sanitize}`,
  ];
  const make = spawnSync('make', ['-j2', '-f', rules, ...variables], { stdio: 'inherit' });
  return make.status === 0;
}

/**
 * @param {string[]} args
 * @param {import('node:child_process').StdioOptions} stdio
 */
function runBinary(args, stdio) {
  // TSan needs its shadow memory at fixed addresses, which a randomised layout may occupy.
  const wrapper = sanitizer === 'thread' ? ['setarch', '-R'] : [];
  const [program = '', ...rest] = [...wrapper, join(plan.outDirectory, 'tests'), ...args];
  return spawnSync(program, rest, {
    stdio,
    encoding: 'utf8',
    maxBuffer: outputBytesMax,
    timeout: timeLimitMs,
    killSignal: 'SIGKILL',
    env: {
      ASAN_OPTIONS: 'detect_stack_use_after_return=1:strict_string_checks=1',
      UBSAN_OPTIONS: 'print_stacktrace=1',
      // Its deadlock detector knows at most 64 locks at once; a store that is checked holds 256.
      TSAN_OPTIONS: 'detect_deadlocks=0:die_after_fork=0',
      ...process.env,
    },
  });
}
