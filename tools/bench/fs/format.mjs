// Lines and tables for people.

/** @typedef {import('./rounds.mjs').Row} Row */

const nameWidth = 32;

/**
 * One line: the contenders with µs per operation, and what the first is against the peer.
 * @param {Row} row
 */
export function formatRow(row) {
  const cells = row.contenders.map((one) => {
    const { contender, microseconds, ratio, requests = {}, budgetMicroseconds: budget } = one;
    const against = contender === row.peer ? '' : ` (${ratio.toFixed(2)}x)`;
    if (budget === undefined) return `${contender} ${formatTime(microseconds)}${against}`;
    const allowed = ` of ${formatTime(budget)}`;
    const time = `${formatTime(microseconds)}${against}${allowed}`;
    return `\n  ${contender} ${time}: ${formatRequests(requests)}`;
  });
  const goal = row.goal === undefined ? '' : `  goal ${row.goal}x`;
  return `${row.operation.padEnd(nameWidth)} ${cells.join('  ')}${goal}`;
}

/** @param {number} microseconds */
function formatTime(microseconds) {
  return `${microseconds.toFixed(microseconds < 10 ? 2 : 1)} µs`;
}

/** @param {Record<string, number>} requests */
function formatRequests(requests) {
  const parts = Object.entries(requests)
    .toSorted(([, a], [, b]) => b - a)
    .map(([opcode, count]) => `${opcode} ${Number(count.toFixed(3))}`);
  return parts.length === 0 ? 'none' : parts.join(', ');
}
