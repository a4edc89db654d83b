// What a mount was asked while something was done on it.
import { setTimeout as later } from 'node:timers/promises';

/** @typedef {import('./mounts.mjs').Mount} Mount */

/**
 * @param {Mount} mounted
 * @param {() => Promise<unknown>} work
 * @returns {Promise<Record<string, number>>} By opcode.
 */
export async function requestsOf(mounted, work) {
  const before = await settled(mounted);
  await work();
  const after = await settled(mounted);
  /** @type {Record<string, number>} */
  const sent = {};
  for (const [opcode, total] of Object.entries(after)) {
    const difference = total - (before[opcode] ?? 0);
    if (difference > 0) sent[opcode] = difference;
  }
  return sent;
}

/** Requests that nobody waits for come a little later than the call that causes them. */
async function settled(/** @type {Mount} */ mounted) {
  const quietMs = 5;
  for (let last = JSON.stringify(mounted.requests()); ;) {
    await later(quietMs);
    const now = JSON.stringify(mounted.requests());
    if (now === last) return /** @type {Record<string, number>} */ (JSON.parse(now));
    last = now;
  }
}
