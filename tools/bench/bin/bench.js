#!/usr/bin/env node
// node tools/bench/bin/bench.js SUITE [--json|--markdown] [--quick] [CASE…]
import { toMarkdown } from '../markdown.mjs';
import { runSuite } from '../run-suite.mjs';

/**
 * A suite is a list of cases, or runs by itself.
 * @typedef {import('../run-suite.mjs').Options} Options
 * @typedef {import('../run-suite.mjs').Case} Case
 * @typedef {{ suite?: Case[], run?: (options: Options) => Promise<unknown> }} Suite
 */

/** @type {Record<string, () => Promise<Suite>>} */
const suites = {
  ring: () => import('../ring/suite.mjs'),
  events: () => import('../events/suite.mjs'),
  fs: () => import('../fs/suite.mjs'),
  'mount-profile': () => import('../profile/suite.mjs'),
  memfile: () => import('../memfile/suite.mjs'),
};

const args = process.argv.slice(2);
const flags = new Set(args.filter((arg) => arg.startsWith('--')));
const [name = '', ...cases] = args.filter((arg) => !arg.startsWith('--'));
const load = suites[name];
if (load === undefined) {
  console.error(
    `usage: bench.js ${Object.keys(suites).join('|')} [--json|--markdown] [--quick] [CASE…]`,
  );
  process.exitCode = 2;
} else {
  const { suite, run = (options) => runSuite(suite ?? [], options) } = await load();
  const results = await run({
    cases,
    quick: flags.has('--quick'),
    report:
      flags.has('--json') || flags.has('--markdown') ? undefined : (line) => console.log(line),
  });
  if (flags.has('--markdown') && suite !== undefined) {
    console.log(toMarkdown(/** @type {import('../run-suite.mjs').Row[]} */ (results)));
  }
  if (flags.has('--json')) console.log(JSON.stringify(results, null, 2));
}
