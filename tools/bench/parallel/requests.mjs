// Requests without a kernel, by one thread and by two: what driver and store let happen at once.
import { spawnSync } from 'node:child_process';
import { buildProgram } from './programs.mjs';

/**
 * @typedef {object} RequestsRow
 * @property {string} case
 * @property {number} nanoseconds Of one operation by one thread.
 * @property {number} gain How many times as many two threads do.
 * @property {number} shared How often an operation takes a lock that the other thread takes too,
 *   without `inode`. Exact, as the next two.
 * @property {number} inode The same of inodes' locks.
 * @property {number} awaited How often it had to wait for any lock.
 */

/**
 * @param {{ cases: string[], quick: boolean, report: (line: string) => void }} options
 * @returns {RequestsRow[]}
 */
export function runRequests({ cases, quick, report }) {
  const program = buildProgram('parallel_requests');
  const args = [...(quick ? ['--quick'] : []), ...cases];
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} failed: ${stderr}`);
  const rows = stdout.split('\n').filter((line) => line !== '');
  return rows.map((line) => {
    const row = /** @type {RequestsRow} */ (JSON.parse(line));
    report(format(row));
    return row;
  });
}

/** @param {RequestsRow} row */
function format({ case: name, nanoseconds, gain, shared, inode, awaited }) {
  const locks = `locks of both ${shared}, inodes' ${inode}, awaited ${awaited}`;
  return `${name.padEnd(28)} ${String(nanoseconds).padStart(6)} ns  ${gain.toFixed(2)}x  ${locks}`;
}
