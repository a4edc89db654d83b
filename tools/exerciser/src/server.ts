// A mount that a process of its own serves: Node with the packages as users have them, or the
// native program, which can be compiled with sanitizers and checks the store at its end.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { childNodeArguments, holdIoUring, runCommand } from '@ram/test-support';
import type { MountOptions } from '@ram/fuse';
import { buildProgram } from './build.ts';
import type { Sanitizer } from './build.ts';

export interface Way {
  io: NonNullable<MountOptions['io']>;
  transport?: NonNullable<MountOptions['transport']>;
  locks?: NonNullable<MountOptions['locks']>;
  /** What INIT may negotiate, as an older kernel would have it. Native server only. */
  initFlags?: bigint;
}

export interface ServeOptions extends Way {
  /** 'node', or the native server with this sanitizer. */
  server: 'node' | Sanitizer;
  bytes: number;
}

const readyMs = 30_000;
const endMs = 30_000;
const sanitizerOptions = {
  ASAN_OPTIONS: 'detect_stack_use_after_return=1:strict_string_checks=1',
  UBSAN_OPTIONS: 'print_stacktrace=1',
  // Its deadlock detector knows at most 64 locks at once; a store that is checked holds 256.
  TSAN_OPTIONS: 'detect_deadlocks=0:die_after_fork=0',
};

/** Runs `body` with the directory of a mount; then ends the mount, which must have gone well. */
export async function withMount(
  options: ServeOptions,
  body: (directory: string) => Promise<void>,
): Promise<void> {
  const letGo = options.transport === 'io_uring' ? holdIoUring() : undefined;
  const directory = mkdtempSync(join(tmpdir(), 'ram-exercise-'));
  try {
    await serve(options, directory, body);
  } finally {
    letGo?.();
    rmdirSync(directory);
  }
}

async function serve(
  options: ServeOptions,
  directory: string,
  body: (directory: string) => Promise<void>,
): Promise<void> {
  const [command = '', ...args] = commandOf(options, directory);
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...sanitizerOptions, ...process.env },
  });
  const output = collect(child);
  try {
    await Promise.race([output.ready, output.ended, after(readyMs, 'the mount')]);
    if (child.exitCode !== null) throw new Error('the server ended');
    await body(directory);
    child.kill('SIGTERM');
    await Promise.race([output.ended, after(endMs, 'the end of the server')]);
    if (child.exitCode !== 0) throw new Error(`the server ended with ${child.exitCode}`);
  } catch (error) {
    const said = `${output.text().slice(0, 10_000)}\n${String(error)}`;
    throw new Error(`on ${JSON.stringify(options, plain)}: ${said}`, { cause: error });
  } finally {
    child.kill('SIGKILL');
    if (isMounted(directory)) await runCommand('umount', ['-f', '-l', directory]);
  }
}

function commandOf({ server, bytes, initFlags, ...way }: ServeOptions, directory: string) {
  if (server === 'node') {
    const program = fileURLToPath(new URL('./serve-volume.ts', import.meta.url));
    const args = [directory, String(bytes), JSON.stringify(way)];
    return [process.execPath, ...childNodeArguments, program, ...args];
  }
  // TSan needs its shadow memory at fixed addresses, which a randomised layout may occupy.
  const fixed = server === 'thread' ? ['setarch', '-R'] : [];
  const args = ['--bytes', String(bytes), '--io', way.io];
  if (way.transport === 'io_uring') args.push('--uring');
  if (way.locks === 'volume') args.push('--locks');
  if (initFlags !== undefined) args.push('--init-flags', `0x${initFlags.toString(16)}`);
  return [...fixed, buildProgram('serve_volume', server), ...args, directory];
}

function collect(child: ChildProcess) {
  let text = '';
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const ready = new Promise<void>((resolve) => {
    const hear = (part: string) => {
      text += part;
      if (text.includes('ready\n')) resolve();
    };
    child.stdout?.setEncoding('utf8').on('data', hear);
    child.stderr?.setEncoding('utf8').on('data', hear);
  });
  return { ready, ended, text: () => text };
}

function after(ms: number, what: string): Promise<never> {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new Error(`${what} did not come within ${ms} ms`)), ms).unref();
  });
}

function isMounted(directory: string): boolean {
  return readFileSync('/proc/self/mountinfo', 'utf8').includes(` ${directory} `);
}

function plain(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `0x${value.toString(16)}` : value;
}
