import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface RunOptions {
  /** After this long the whole process group is killed. Default 150,000. */
  timeoutMs?: number;
  cwd?: string;
  /** Added to the environment of the test. */
  env?: Record<string, string>;
  /** Written to the standard input, which is otherwise empty. */
  input?: string | Uint8Array;
  /** Run as this user and group; needs root. */
  uid?: number;
  gid?: number;
}

export interface ChildResult {
  /** The exit code, or null when a signal ended it. */
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  /** When it was killed at the limit, its last line says so. */
  stderr: string;
  timedOut: boolean;
}

/**
 * Node's arguments under which a child sees `@ram/*` as their TypeScript sources, as the tests do.
 */
export const childNodeArguments: readonly string[] = [
  '--conditions=@ram/source',
  `--import=${new URL('./typescript-hooks-register.mjs', import.meta.url)}`,
];

/**
 * Runs a program in a process group of its own, with a time limit: at the limit the group is
 * killed, so that a mount which hangs takes down a child and never the test run.
 * Never rejects because of what the program does; the caller looks at the result.
 */
export function runCommand(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<ChildResult> {
  const { timeoutMs = 150_000, env, input, cwd, uid, gid } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      detached: true,
      env: { ...process.env, ...env },
      ...(cwd === undefined ? {} : { cwd }),
      ...(uid === undefined ? {} : { uid }),
      ...(gid === undefined ? {} : { gid }),
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    let timedOut = false;
    let exit: { code: number | null; signal: NodeJS.Signals | null } | undefined;
    const settle = (): void => {
      clearTimeout(timer);
      resolve({
        code: exit?.code ?? null,
        signal: exit?.signal ?? null,
        stdout: Buffer.concat(stdout).toString(),
        stderr:
          Buffer.concat(stderr).toString() + (timedOut ? `killed after ${timeoutMs} ms\n` : ''),
        timedOut,
      });
    };
    // A process stuck in the kernel ignores the kill and keeps its pipes open: don't wait for it.
    const timer = setTimeout(() => {
      timedOut = true;
      killGroup(child.pid);
      setTimeout(() => {
        child.stdout.destroy();
        child.stderr.destroy();
        child.unref();
        settle();
      }, 2_000).unref();
    }, timeoutMs);
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.stdin.on('error', () => {});
    child.stdin.end(input);
    child.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.on('exit', (code, signal) => {
      exit = { code, signal };
    });
    child.on('close', settle);
  });
}

/**
 * Runs a program in Node: a file (URL, .ts or .mjs), or the text of an ES module that may import
 * `@ram/*` packages by name as seen from `options.cwd`. TypeScript is understood in files only.
 */
export function runNode(
  program: URL | string,
  args: readonly string[] = [],
  options: RunOptions = {},
): Promise<ChildResult> {
  const entry =
    program instanceof URL
      ? [fileURLToPath(program), ...args]
      : ['--input-type=module', '--eval', program, '--', ...args];
  return runCommand(process.execPath, [...childNodeArguments, ...entry], options);
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Already gone.
  }
}
