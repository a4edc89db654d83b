/** @param {number} microseconds */
export function formatSeconds(microseconds) {
  return `${(microseconds / 1e6).toFixed(2)} s`;
}

/** @param {Record<string, number>} requests */
export function formatRequests(requests) {
  const sorted = Object.entries(requests).toSorted(([, a], [, b]) => b - a);
  if (sorted.length === 0) return 'none';
  const all = sorted.reduce((sum, [, count]) => sum + count, 0);
  return `${all}: ${sorted.map(([opcode, count]) => `${opcode} ${count}`).join(', ')}`;
}
