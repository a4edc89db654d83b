// Rounds in turns: every contender runs in every round, so that a busy machine slows all of them,
// and what counts is the median of the ratios within a round.

/**
 * @typedef {object} Measured
 * @property {string} contender
 * @property {number} microseconds Of one operation: the median of the rounds.
 * @property {number} ratio How many times as fast as the peer: the median of the rounds' ratios.
 * @property {Record<string, number>} [requests] Through a mount: per operation, by opcode.
 * @property {number} [budgetMicroseconds] What its requests and tmpfs's own time allow it.
 */

/**
 * @typedef {object} Row
 * @property {string} operation
 * @property {string} peer
 * @property {number} count Operations in a round.
 * @property {number} rounds
 * @property {number | undefined} goal The ratio that the first contender is to reach.
 * @property {Measured[]} contenders
 */

/** @param {number[]} values */
function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? NaN;
}

/**
 * @typedef {object} Turn
 * @property {string} name
 * @property {() => number | Promise<number>} measure Nanoseconds of `count` operations.
 */

/**
 * @typedef {object} What
 * @property {string} name
 * @property {number} count Operations of a turn.
 * @property {number} rounds
 * @property {string} peer The contender that others are compared with.
 * @property {number | undefined} [goal] The ratio to reach.
 *
 * @param {readonly Turn[]} turns
 * @param {What} what
 * @returns {Promise<Row>}
 */
export async function interleaved(turns, { name, count, rounds, peer, goal }) {
  const times = turns.map(() => /** @type {number[]} */ ([]));
  // The first round warms up; with a single one there is nothing else to take.
  for (let round = rounds > 1 ? -1 : 0; round < rounds; round++) {
    for (let i = 0; i < turns.length; i++) {
      const index = (i + Math.max(round, 0)) % turns.length; // nobody is always behind the same
      const elapsed = (await turns[index]?.measure()) ?? NaN;
      if (round >= 0) times[index]?.push(elapsed);
    }
  }
  const peerTimes = times[turns.findIndex((turn) => turn.name === peer)] ?? [];
  const contenders = turns.map((turn, index) => {
    const own = times[index] ?? [];
    return {
      contender: turn.name,
      microseconds: median(own) / count / 1000,
      ratio: median(own.map((time, round) => (peerTimes[round] ?? NaN) / time)),
    };
  });
  return { operation: name, peer, count, rounds, goal, contenders };
}
