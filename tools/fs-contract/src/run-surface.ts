// Runs the contract on a surface in a child process, and goes on when a case hangs.
import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { childNodeArguments } from '@ram/test-support';
import type { Outcome } from './run-cases.ts';

/** What the child tells, a line of JSON each. */
export type Message = { connection: number } | { started: string } | { outcome: Outcome };

export interface RunOptions {
  /** Only cases whose id contains it. */
  only?: string | undefined;
  /** For the surface `directory`. */
  directory?: string | undefined;
  /** Instead of surface-process.ts, with the same arguments and messages. */
  program?: URL;
  /** A case that takes longer is killed. Default 120,000. */
  caseTimeoutMs?: number;
}

/** Before its first case a surface is made: programs start, something is mounted. */
const startTimeoutMs = 120_000;
const childProgram = new URL('./surface-process.ts', import.meta.url);

/** Every case's outcome, in order. A hung case is a failure, and the others are run. */
export async function runSurface(name: string, options: RunOptions = {}): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (;;) {
    const round = await runRound(name, outcomes.length, options);
    outcomes.push(...round.outcomes);
    if (round.finished) return outcomes;
    const { hung, error } = round;
    if (hung === undefined) throw new Error(`${name} can't be run: ${error}`);
    outcomes.push({ id: hung, result: 'failed', detail: error });
  }
}

interface Round {
  outcomes: Outcome[];
  finished: boolean;
  /** The case that was under way when the process ended. */
  hung: string | undefined;
  error: string;
}

function runRound(name: string, skip: number, options: RunOptions): Promise<Round> {
  const { only = '', directory = '', caseTimeoutMs = 120_000, program = childProgram } = options;
  const args = [...childNodeArguments, fileURLToPath(program), name, only, directory, `${skip}`];
  const [command = '', ...rest] = [...ownMounts(), process.execPath, ...args];
  const folder = mkdtempSync(join(tmpdir(), 'ram-contract-'));
  chmodSync(folder, 0o711);
  const env = { ...process.env, TMPDIR: folder };
  const child = spawn(command, rest, { detached: true, stdio: ['ignore', 'pipe', 'pipe'], env });
  const round: Round = { outcomes: [], finished: false, hung: undefined, error: '' };
  let connection: number | undefined;
  let timer: NodeJS.Timeout | undefined;
  const watch = (timeoutMs: number) => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      round.error = `hung: no answer within ${timeoutMs} ms`;
      killGroup(child.pid);
      if (connection !== undefined) abortConnection(connection);
    }, timeoutMs);
  };
  watch(startTimeoutMs);
  child.stderr.setEncoding('utf8').on('data', (text: string) => (round.error += text));
  createInterface({ input: child.stdout }).on('line', (line) => {
    watch(caseTimeoutMs);
    const message = JSON.parse(line) as Message;
    if ('connection' in message) connection = message.connection;
    if ('started' in message) round.hung = message.started;
    if ('outcome' in message) {
      round.outcomes.push(message.outcome);
      round.hung = undefined;
    }
  });
  return new Promise((resolve) => {
    // What a case has left running would hold the pipes.
    child.once('exit', () => killGroup(child.pid));
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      rmSync(folder, { recursive: true, force: true });
      round.finished = code === 0;
      round.error ||= `its process ended: ${code ?? signal}`;
      resolve(round);
    });
  });
}

/** As root, mounts are made in a namespace that ends with the process, whatever happens. */
function ownMounts(): string[] {
  return process.geteuid?.() === 0 ? ['unshare', '--mount', '--propagation', 'private'] : [];
}

function killGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // Already gone.
  }
}

/** Frees processes that wait in the kernel for a server which can't be killed. */
function abortConnection(connection: number): void {
  const control = '/sys/fs/fuse/connections';
  const abort = `mount -t fusectl none ${control} && echo 1 > ${control}/${connection}/abort`;
  const [command = '', ...rest] = [...ownMounts(), 'sh', '-c', abort];
  spawn(command, rest, { stdio: 'ignore' });
}
