// The mounts are held by a child process: one that hangs takes nothing else with it.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { formatRow } from './format.mjs';
import { compileHelper } from './helper.mjs';

const side = fileURLToPath(new URL('./mount-side.mjs', import.meta.url));
const timeLimitMs = 15 * 60_000;

/**
 * @param {{ cases: string[], quick: boolean, report: (line: string) => void }} options
 * @returns {Promise<import('./rounds.mjs').Row[]>}
 */
export async function runThroughMount({ cases, quick, report }) {
  compileHelper();
  const child = spawn(process.execPath, [side, JSON.stringify({ cases, quick })], {
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: timeLimitMs,
    killSignal: 'SIGKILL',
  });
  const ended = new Promise((resolve) => child.on('close', (code) => resolve(code)));
  /** @type {import('./rounds.mjs').Row[]} */
  const rows = [];
  for await (const line of createInterface({ input: child.stdout })) {
    rows.push(JSON.parse(line));
    report(formatRow(/** @type {import('./rounds.mjs').Row} */ (rows.at(-1))));
  }
  const code = await ended;
  if (code !== 0) throw new Error(`the process with the mounts ended with ${code}`);
  return rows;
}
