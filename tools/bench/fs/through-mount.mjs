// What tmpfs and the mounts take for the same calls, and what their requests allow them.
import { runBeside } from './beside.mjs';
import { compileCallMaker } from './call-maker.mjs';
import { formatRow } from './format.mjs';

/** @typedef {import('./rounds.mjs').Row} Row */

const side = new URL('./mount-side.mjs', import.meta.url);
const unawaited = new Set(['release', 'releasedir', 'forget', 'batch_forget']);
const tolerance = 1.15;

/**
 * @param {object} options
 * @param {string[]} options.cases
 * @param {boolean} options.quick
 * @param {string[]} options.also Contenders on demand.
 * @param {(line: string) => void} options.report
 * @returns {Promise<Row[]>}
 */
export async function runThroughMount({ cases, quick, also, report }) {
  compileCallMaker();
  /** @type {Row | undefined} */
  let nullRow;
  return runBeside(side, { cases, quick, also }, (row) => {
    nullRow ??= row;
    addBudgets(row, nullRow);
    report(formatRow(row));
  });
}

/**
 * What an operation may take: its requests at the price of a null request each, with a tolerance,
 * and what tmpfs itself takes. That of the null request is what it took.
 * @param {Row} row @param {Row} nullRow
 */
function addBudgets(row, nullRow) {
  const peer = row.contenders.find(({ contender }) => contender === row.peer)?.microseconds ?? 0;
  for (const [index, one] of row.contenders.entries()) {
    const price = nullRow.contenders[index]?.microseconds ?? 0;
    let awaited = 0;
    for (const [opcode, count] of Object.entries(one.requests ?? {})) {
      if (!unawaited.has(opcode)) awaited += count;
    }
    if (one.contender !== row.peer) one.budgetMicroseconds = tolerance * awaited * price + peer;
  }
}
