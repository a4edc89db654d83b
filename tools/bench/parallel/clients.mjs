// System calls through mounts, by one process and by two.
import { runBeside } from '../fs/beside.mjs';
import { buildProgram } from './programs.mjs';

/**
 * @typedef {object} Measured
 * @property {number} perSecond Operations of all clients.
 * @property {number} clientMicroseconds CPU time of one operation: of the client's process,
 * @property {number} serverMicroseconds and of the server's.
 */

/**
 * @typedef {object} ClientsRow
 * @property {string} operation
 * @property {string} contender
 * @property {Measured} one One client.
 * @property {Measured} two
 * @property {number} gain How many times as many operations two clients do.
 * @property {number} ceiling How many times as many there could be, if all CPUs were busy all the
 *   time, and an operation took the CPU time that it takes one client.
 */

const clientOperations = [
  'stat, uncached',
  'open+close',
  'create+close+unlink',
  'read 128 KiB',
  'read 1 MiB',
];

/**
 * @param {object} options
 * @param {string[]} options.cases
 * @param {boolean} options.quick
 * @param {string[]} options.also Contenders on demand.
 * @param {(line: string) => void} options.report
 * @returns {Promise<ClientsRow[]>}
 */
export async function runClients({ cases, quick, also, report }) {
  const program = buildProgram('parallel_clients');
  const isWanted = (/** @type {string} */ name) =>
    cases.length === 0 || cases.some((part) => name.includes(part));
  const operations = clientOperations.filter(isWanted);
  if (operations.length === 0) return [];
  const side = new URL('./clients-side.mjs', import.meta.url);
  return runBeside(side, { program, operations, quick, also }, (/** @type {ClientsRow} */ row) =>
    report(format(row)),
  );
}

/** @param {Measured} measured */
function cpuOf({ clientMicroseconds, serverMicroseconds }) {
  const sum = clientMicroseconds + serverMicroseconds;
  return `${sum.toFixed(1)} µs (server ${serverMicroseconds.toFixed(1)})`;
}

/** @param {ClientsRow} row */
function format({ operation, contender, one, two, gain, ceiling }) {
  const time = `${(1e6 / one.perSecond).toFixed(1)} µs`;
  const gains = `${gain.toFixed(2)}x of at most ${ceiling.toFixed(2)}x`;
  const name = `${contender}: ${operation}`.padEnd(38);
  return `${name} ${time.padStart(9)}  ${gains}  CPU ${cpuOf(one)}, by two ${cpuOf(two)}`;
}
