// The mounts are held by a child process: one that hangs takes nothing else with it.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const timeLimitMs = 30 * 60_000;

/**
 * Runs a program that mounts in a folder of its own, and prints a row on each line.
 * @template Row
 * @param {URL} program
 * @param {object} options What it gets as JSON, with the folder as `parent`.
 * @param {(row: Row) => void} hear
 * @returns {Promise<Row[]>}
 */
export async function runBeside(program, options, hear) {
  const parent = mkdtempSync(`${tmpdir()}/ram-bench-`);
  const args = [fileURLToPath(program), JSON.stringify({ ...options, parent })];
  const child = spawn(process.execPath, args, {
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
    hear(row);
  }
  const code = await ended;
  clearAway(parent);
  if (code !== 0) throw new Error(`the process with the mounts ended with ${code}`);
  return rows;
}

/** What a killed child has left. @param {string} parent */
function clearAway(parent) {
  for (const name of readdirSync(parent)) {
    spawnSync('umount', ['-f', '-l', `${parent}/${name}`]);
    rmdirSync(`${parent}/${name}`);
  }
  rmdirSync(parent);
}
