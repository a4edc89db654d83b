// The C++ program that makes the system calls: compiled when needed, spoken to line by line.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, statSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const source = fileURLToPath(new URL('./native/mount_operations.cc', import.meta.url));
const folder = fileURLToPath(new URL('../build/', import.meta.url));
const program = `${folder}mount-operations`;

/** @throws when there is no compiler, or it finds a mistake. */
export function compileCallMaker() {
  const made = statSync(program, { throwIfNoEntry: false });
  if (made !== undefined && made.mtimeMs > statSync(source).mtimeMs) return;
  mkdirSync(folder, { recursive: true });
  const args = ['-std=c++20', '-O2', '-Wall', '-Wextra', '-o', program, source];
  const { status, error, stderr } = spawnSync('g++', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`g++ failed: ${error?.message ?? stderr}`);
}

/** A process that measures one thing at a time. */
export class CallMaker {
  #child = spawn(program, { stdio: ['pipe', 'pipe', 'inherit'] });
  #lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();

  /** @param {string} operation @param {string} directory @param {number} count */
  async start(operation, directory, count) {
    await this.#ask('start', operation, directory, String(count));
  }

  /** Nanoseconds. */
  async run() {
    return Number(await this.#ask('run'));
  }

  async end() {
    await this.#ask('end');
  }

  close() {
    this.#child.stdin.end();
  }

  /** @param {string[]} words */
  async #ask(...words) {
    this.#child.stdin.write(`${words.join('\t')}\n`);
    const { value = 'the helper has ended', done } = await this.#lines.next();
    if (done || !value.startsWith('ok')) throw new Error(`${words.join(' ')}: ${value}`);
    return value.slice('ok '.length);
  }
}
