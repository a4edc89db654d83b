// The mounts are held by a child process: one that hangs takes nothing else with it.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { formatRow } from './format.mjs';
import { compileCallMaker } from './call-maker.mjs';

/** @typedef {import('./rounds.mjs').Row} Row */

const side = fileURLToPath(new URL('./mount-side.mjs', import.meta.url));
const timeLimitMs = 15 * 60_000;
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
  const parent = mkdtempSync(`${tmpdir()}/ram-bench-`);
  const child = spawn(process.execPath, [side, JSON.stringify({ cases, quick, also, parent })], {
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: timeLimitMs,
    killSignal: 'SIGKILL',
  });
  const ended = new Promise((resolve) => child.on('close', (code) => resolve(code)));
  /** @type {Row[]} */
  const rows = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const row = /** @type {Row} */ (JSON.parse(line));
    rows.push(row);
    addBudgets(row, rows[0] ?? row);
    report(formatRow(row));
  }
  const code = await ended;
  clearAway(parent);
  if (code !== 0) throw new Error(`the process with the mounts ended with ${code}`);
  return rows;
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

/** What a killed child has left. @param {string} parent */
function clearAway(parent) {
  for (const name of readdirSync(parent)) {
    spawnSync('umount', ['-f', '-l', `${parent}/${name}`]);
    rmdirSync(`${parent}/${name}`);
  }
  rmdirSync(parent);
}
