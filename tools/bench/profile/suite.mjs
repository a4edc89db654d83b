// Whole programs on mounts: the requests of each by opcode, and its time against tmpfs.
import { formatSeconds, formatRequests } from './format.mjs';
import { runBeside } from '../fs/beside.mjs';

/** @typedef {import('../fs/rounds.mjs').Row} Row */

const side = new URL('./side.mjs', import.meta.url);

/**
 * @param {object} options
 * @param {string[]} options.cases Parts of names of workloads or contenders; none means all.
 * @param {boolean} options.quick
 * @param {((line: string) => void) | undefined} options.report
 * @returns {Promise<Row[]>}
 */
export async function run({ cases, quick, report = () => {} }) {
  report('seconds (times as long as on tmpfs): requests in all, by opcode');
  return runBeside(side, { cases, quick }, (row) => {
    report(row.operation);
    for (const { contender, microseconds, ratio, requests = {} } of row.contenders) {
      const time = `${formatSeconds(microseconds)} (${(1 / ratio).toFixed(2)}x)`;
      report(`  ${contender.padEnd(12)} ${time}: ${formatRequests(requests)}`);
    }
  });
}
