// What every suite has: cases with contestants that are run in turns, so that they share the
// machine's moods, and one line for each with its ratio to the peer.

/**
 * @callback Measure
 * @param {number} scale 1, or less for a quick run.
 * @returns {Promise<number>} In the unit of its case.
 */

/**
 * @typedef {object} Contestant
 * @property {string} name
 * @property {Measure} [run] Measures once.
 * @property {() => Promise<{ run: Measure, close: () => Promise<void> }>} [start] Instead of `run`:
 *   makes what all rounds use, so that they can be short.
 */

/**
 * @typedef {object} Case
 * @property {string} name
 * @property {string} unit More is better, unless it is a time ("ns", "µs").
 * @property {string} [goal] In words, printed beside the ratio.
 * @property {number} [rounds] Default 3.
 * @property {Contestant[]} contestants The last one is the peer that the others are compared with.
 */

/**
 * @typedef {object} Row
 * @property {string} case
 * @property {string} contestant
 * @property {string} unit
 * @property {number} value The median of the rounds.
 * @property {number} ratio How many times better than the peer: the median of the rounds' ratios,
 *   of which each compares what ran one right after the other.
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
  for (const { name, unit, goal, contestants, rounds = 3 } of suite) {
    if (cases.length > 0 && !cases.some((wanted) => name.includes(wanted))) continue;
    const values = await measureInTurns(contestants, quick ? 1 : rounds, quick ? 0.02 : 1);
    const peers = values.at(-1) ?? [];
    const isTime = unit.endsWith('s') && !unit.endsWith('/s');
    report?.(`\n${name} (${unit})${goal === undefined ? '' : `: goal ${goal}`}`);
    for (const [index, contestant] of contestants.entries()) {
      const own = values[index] ?? [];
      const value = median(own);
      const ratios = own.map((mine, round) => mine / (peers[round] ?? NaN));
      const ratio = isTime ? 1 / median(ratios) : median(ratios);
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

/**
 * @param {readonly Contestant[]} contestants
 * @param {number} rounds
 * @param {number} scale
 * @returns {Promise<number[][]>} For each contestant, of each round.
 */
async function measureInTurns(contestants, rounds, scale) {
  /** @type {{ run: Measure, close?: () => Promise<void> }[]} */
  const started = [];
  try {
    for (const { run, start } of contestants) {
      const one = start === undefined ? { run } : await start();
      if (one.run === undefined) throw new TypeError('A contestant has neither run nor start');
      started.push({ ...one, run: one.run });
      // What comes first pays for compiling and for page faults.
      if (start !== undefined) await one.run(scale);
    }
    const values = started.map(() => /** @type {number[]} */ ([]));
    for (let round = 0; round < rounds; round++) {
      for (const [index, { run }] of started.entries()) values[index]?.push(await run(scale));
    }
    return values;
  } finally {
    for (const { close } of started) await close?.();
  }
}

/** @param {number} value */
function format(value) {
  return value.toFixed(value < 10 ? 3 : 1).padStart(10);
}
