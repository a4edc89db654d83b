// The child process that holds the mounts:
//   node clients-side.mjs {"program":"…","operations":[],"quick":false,"also":[],"parent":"/tmp/x"}
// Prints a ClientsRow as JSON on each line.
import { execFile } from 'node:child_process';
import { cpus } from 'node:os';
import { promisify } from 'node:util';
import { contenders, onDemand } from '../fs/mounts.mjs';

/** @typedef {import('./clients.mjs').Measured} Measured */
/** @typedef {import('./clients.mjs').ClientsRow} ClientsRow */

const run = promisify(execFile);
/**
 * @typedef {{ program: string, operations: string[], quick: boolean, also: string[] }} Wanted
 * @type {Wanted & { parent: string }}
 */
const { program, operations, quick, also, parent } = JSON.parse(process.argv[2] ?? '{}');
const asked = Object.entries(onDemand).filter(([name]) => also.includes(name));
for (const [name, make] of [...Object.entries(contenders), ...asked]) {
  const mounted = await make(`${parent}/${name}`);
  try {
    const server = name === 'tmpfs' ? 0 : process.pid;
    for (const operation of operations) {
      console.log(JSON.stringify(await compare(mounted.directory, server, name, operation)));
    }
  } finally {
    await mounted.close();
  }
}

/**
 * The round with the middle gain.
 * @param {string} directory @param {number} server @param {string} contender
 * @param {string} operation @returns {Promise<ClientsRow | undefined>}
 */
async function compare(directory, server, contender, operation) {
  const measure = async (/** @type {number} */ clients) => {
    const seconds = quick ? '0.01' : '0.4';
    const args = [directory, String(server), operation, String(clients), seconds];
    const { stdout } = await run(program, args);
    return /** @type {Measured} */ (JSON.parse(stdout));
  };
  /** @type {ClientsRow[]} */
  const rounds = [];
  for (let round = 0; round < (quick ? 1 : 3); round++) {
    const [one, two] = [await measure(1), await measure(2)];
    const cpu = (one.clientMicroseconds + one.serverMicroseconds) / 1e6;
    const ceiling = cpus().length / cpu / one.perSecond;
    const gain = two.perSecond / one.perSecond;
    rounds.push({ operation, contender, one, two, gain, ceiling });
  }
  return rounds.toSorted((a, b) => a.gain - b.gain)[rounds.length >> 1];
}
