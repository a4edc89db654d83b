// What every suite has: cases with contestants that are run in turns, so that they share the
// machine's moods, and one line for each with its ratio to the peer.

/**
 * @typedef {object} Contestant
 * @property {string} name
 * @property {(scale: number) => Promise<number>} run Measures once; `scale` is 1, or less for a
 *   quick run. The value is in the unit of its case.
 */

/**
 * @typedef {object} Case
 * @property {string} name
 * @property {string} unit More is better, unless it is a time ("ns", "µs").
 * @property {string} [goal] In words, printed beside the ratio.
 * @property {Contestant[]} contestants The last one is the peer that the others are compared with.
 */

/**
 * @typedef {object} Row
 * @property {string} case
 * @property {string} contestant
 * @property {string} unit
 * @property {number} value The median of the rounds.
 * @property {number} ratio How many times better than the peer.
 * @property {string} [goal]
 */

/** @param {number[]} values */
function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? NaN;
}

/**
 * @typedef {object} Options
 * @property {string[]} cases Parts of names; none means all.
 * @property {boolean} quick One short round: proves only that it runs.
 * @property {((line: string) => void) | undefined} report
 */

/**
 * @param {readonly Case[]} suite
 * @param {Options} options
 * @returns {Promise<Row[]>}
 */
export async function runSuite(suite, { cases, quick, report }) {
  /** @type {Row[]} */
  const rows = [];
  for (const { name, unit, goal, contestants } of suite) {
    if (cases.length > 0 && !cases.some((wanted) => name.includes(wanted))) continue;
    const values = contestants.map(() => /** @type {number[]} */ ([]));
    for (let round = 0; round < (quick ? 1 : 3); round++) {
      for (const [index, { run }] of contestants.entries()) {
        values[index]?.push(await run(quick ? 0.02 : 1));
      }
    }
    const medians = values.map(median);
    const peer = medians.at(-1) ?? NaN;
    const isTime = unit.endsWith('s') && !unit.endsWith('/s');
    report?.(`\n${name} (${unit})${goal === undefined ? '' : `: goal ${goal}`}`);
    for (const [index, contestant] of contestants.entries()) {
      const value = medians[index] ?? NaN;
      const ratio = isTime ? peer / value : value / peer;
      rows.push({
        case: name,
        contestant: contestant.name,
        unit,
        value,
        ratio,
        ...(goal === undefined ? {} : { goal }),
      });
      report?.(`  ${contestant.name.padEnd(34)} ${format(value)}  ${ratio.toFixed(2)}x`);
    }
  }
  return rows;
}

/** @param {number} value */
function format(value) {
  return value.toFixed(value < 10 ? 3 : 1).padStart(10);
}
