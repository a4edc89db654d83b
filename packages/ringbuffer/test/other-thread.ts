import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';

const programs = new URL('./programs/', import.meta.url);

/** Runs a program of test/programs in a worker; settles when it has ended. */
export async function runWorker(program: string, args: readonly string[]): Promise<void> {
  await once(startWorker(program, args), 'exit');
}

/** The programs use the built package, which starts in a tenth of the time of the sources. */
export function startWorker(
  program: string,
  args: readonly string[],
  workerData?: unknown,
): Worker {
  return new Worker(new URL(program, programs), { argv: [...args], execArgv: [], workerData });
}

/** Starts a program of test/programs in a process of its own. */
export function startProcess(program: string, args: readonly string[]): ChildProcess {
  const file = fileURLToPath(new URL(program, programs));
  return spawn(process.execPath, [file, ...args], { stdio: ['ignore', 'inherit', 'pipe', 'ipc'] });
}

/** What `work` is about, unless the child fails meanwhile: its exit is an error with its stderr. */
export async function whileItWorks<T>(child: ChildProcess, work: Promise<T>): Promise<T> {
  const said: Buffer[] = [];
  const listen = (chunk: Buffer): void => void said.push(chunk);
  child.stderr?.on('data', listen);
  let fail: (problem: Error | number | null) => void = () => {};
  const failed = new Promise<never>((_resolve, reject) => {
    fail = (problem) => {
      // null: killed, by someone who knows.
      if (problem === null || problem === 0) return;
      reject(new Error(`The child failed: ${problem} ${Buffer.concat(said).toString()}`));
    };
    child.once('close', fail).once('error', fail);
    fail(child.exitCode);
  });
  try {
    return await Promise.race([work, failed]);
  } finally {
    child.off('close', fail).off('error', fail);
    child.stderr?.off('data', listen);
  }
}

export async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}
