import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { requirement, runCommand, temporaryDirectory } from '@ram/test-support';
import { describe, expect, it } from 'vitest';
import { readReport } from '../../report/suite-report.mjs';
import { readDoctestReport } from '../doctest-report.mjs';
import { planNativeTests } from '../plan.mjs';

const run = fileURLToPath(new URL('../run.mjs', import.meta.url));
const doctest = requirement(
  'doctest',
  existsSync('/usr/include/doctest/doctest.h'),
  'install doctest-dev, as npm test does',
);

describe('what a doctest binary says', () => {
  const test = (name: string, success: boolean): string =>
    `<TestCase name="${name}" filename="/a.cc" line="4">\n` +
    `<OverallResultsAsserts successes="1" failures="0" test_case_success="${success}"/>\n` +
    '</TestCase>';

  it('is counted by test case', () => {
    const xml = test('a &lt;b> &amp; c', true) + test('d', false);
    expect(readDoctestReport('s', xml, { code: 1, signal: null })).toEqual({
      suite: 's',
      passed: 1,
      failed: 1,
      failures: ['d'],
      skipped: [],
    });
  });

  it('fails for a binary that died in a test, after all tests, or has none', () => {
    const cut = `${test('a', true)}<TestCase name="b" filename="/a.cc" line="9">`;
    const died = readDoctestReport('s', cut, { code: null, signal: 'SIGSEGV' });
    expect(died).toMatchObject({ passed: 1, failed: 1, failures: ['b: the binary died in it'] });
    const leak = readDoctestReport('s', test('a', true), { code: 23, signal: null });
    expect(leak).toMatchObject({ passed: 1, failed: 1 });
    expect(readDoctestReport('s', '', { code: 0, signal: null })).toMatchObject({ failed: 1 });
  });

  it('fails for a test that doctest skips', () => {
    const xml = '<TestCase name="a" filename="/a.cc" line="4" skipped="true"/>';
    expect(readDoctestReport('s', xml, { code: 0, signal: null })).toMatchObject({ failed: 1 });
  });
});

describe('a package with native tests', () => {
  const directory = temporaryDirectory();
  const report = (): unknown => readReport(join(directory, 'reports', 'test-native.json'));
  writeFileSync(join(directory, 'package.json'), '{ "name": "@ram/sample" }');
  mkdirSync(join(directory, 'native', 'core'), { recursive: true });
  mkdirSync(join(directory, 'native', 'test'));
  writeFileSync(join(directory, 'native/core/sum.h'), 'int sum(const int* values, int count);\n');
  writeFileSync(
    join(directory, 'native/core/sum.cc'),
    `#include "sum.h"
     int sum(const int* values, int count) {
       int total = 0;
       for (int i = 0; i < count; i++) total += values[i];
       return total;
     }\n`,
  );
  const head = `
    #define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
    #include <doctest/doctest.h>
    #include "sum.h"
    static const int* values() { static int* v = new int[2]{1, 2}; return v; }\n`;
  const runWith = async (cases: string): Promise<number | null> => {
    writeFileSync(join(directory, 'native/test/sum_test.cc'), head + cases);
    const env = { SAN: '', RAM_REQUIRE_ALL: '0' };
    const options = { cwd: directory, env };
    return (await runCommand(process.execPath, [run], options)).code;
  };

  it('is planned from its folders', () => {
    const plan = planNativeTests(directory, 'thread');
    expect(plan).toMatchObject({ packageName: '@ram/sample', sanitize: 'thread' });
    expect(plan.includes).toEqual([join(directory, 'native/core')]);
    expect(plan.sources).toContain(join(directory, 'native/core/sum.cc'));
  });

  doctest.it(
    'is compiled and run under sanitizers, and a finding is a failure',
    async () => {
      const good = 'TEST_CASE("adds") { CHECK(sum(values(), 2) == 3); }\n';
      const lacks = 'TEST_CASE("moon") { MESSAGE("[not run: moon: below]"); }\n';
      expect(await runWith(good + lacks)).toBe(0);
      expect(report()).toMatchObject({ passed: 1, failed: 0 });
      expect(report()).toMatchObject({ skipped: [{ name: 'moon', reason: 'moon: below' }] });

      const overrun = 'TEST_CASE("reads too far") { CHECK(sum(values(), 3) > 0); }\n';
      expect(await runWith(good + overrun)).toBe(1);
      expect(report()).toMatchObject({
        passed: 1,
        failures: ['reads too far: the binary died in it'],
      });

      expect(await runWith('this is not C++')).toBe(1);
      expect(report()).toMatchObject({ failures: ['the sources do not compile'] });
    },
    120_000,
  );
});
