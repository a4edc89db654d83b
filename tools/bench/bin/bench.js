#!/usr/bin/env node
// node tools/bench/bin/bench.js ring [--json] [--quick] [CASE…]
import { runSuite } from '../run-suite.mjs';

const suites = { ring: () => import('../ring/suite.mjs') };

const args = process.argv.slice(2);
const flags = new Set(args.filter((arg) => arg.startsWith('--')));
const [name = '', ...cases] = args.filter((arg) => !arg.startsWith('--'));
if (!(name in suites)) {
  console.error(`usage: bench.js ${Object.keys(suites).join('|')} [--json] [--quick] [CASE…]`);
  process.exitCode = 2;
} else {
  const { suite } = await suites[/** @type {keyof typeof suites} */ (name)]();
  const rows = await runSuite(suite, {
    cases,
    quick: flags.has('--quick'),
    report: flags.has('--json') ? undefined : (line) => console.log(line),
  });
  if (flags.has('--json')) console.log(JSON.stringify(rows, null, 2));
}
