// What the tests of real mounts share. Everything that touches a mount runs in a child process with
// a time limit.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { childNodeArguments, requirement, runCommand } from '@ram/test-support';
import { afterEach, expect } from 'vitest';
import type { MountOptions, MountStats, UnmountOptions } from '../src/index.ts';

const isRoot = process.geteuid?.() === 0;

export const rootMounts = requirement(
  'mounting as root',
  isRoot && existsSync('/dev/fuse'),
  isRoot ? 'there is no /dev/fuse (modprobe fuse)' : 'the tests do not run as root',
);

/** Skips are told where a program is missing: `program('git').it(…)`. */
export function program(name: string, debianPackage = name) {
  const folders = (process.env.PATH ?? '').split(':');
  const found = folders.some((folder) => existsSync(join(folder, name)));
  const install = `${name} is missing: apt-get install ${debianPackage}`;
  const reason = found ? 'mounting takes root and /dev/fuse' : install;
  return requirement(`${name} on a mount`, found && rootMounts.available, reason);
}

/** A URL of a program that runs in a child. */
export function childProgram(name: string): URL {
  return new URL(`./child/${name}`, import.meta.url);
}

export function programPath(name: string): string {
  return fileURLToPath(new URL(`./programs/${name}`, import.meta.url));
}

/**
 * A prefix for `Server.startProgram`: a plain user where /dev/fuse is closed to users, in a mount
 * namespace, as other tests have it open meanwhile. Needs root.
 */
export function withClosedDevice(): string[] {
  const user = 'setpriv --reuid=65534 --regid=65534 --clear-groups';
  const script = `mknod -m 0600 "$0" c 10 229; mount --bind "$0" /dev/fuse; exec ${user} "$@"`;
  return ['unshare', '-m', 'bash', '-e', '-c', script, join(makeFolder(), 'device')];
}

const folders: string[] = [];
const servers: Server[] = [];

/** An empty folder in /tmp, without symlinks; cleared away after the test, mount included. */
export function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ram-fuse-'));
  folders.push(folder);
  return folder;
}

afterEach(async () => {
  for (const server of servers.splice(0)) server.kill();
  for (const folder of folders.splice(0)) {
    if (isMountPoint(folder)) await runCommand('umount', ['-f', '-l', folder]);
    rmSync(folder, { recursive: true, force: true });
  }
});

export function isMountPoint(folder: string): boolean {
  return readFileSync('/proc/self/mountinfo', 'utf8').includes(` ${folder} `);
}

/** A process that mounts and says ready: test/child/serve.ts, or another program. */
export class Server {
  readonly #child: ChildProcess;
  #output = '';
  readonly #exited: Promise<void>;

  readonly #ready: Promise<void>;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#ready = new Promise((resolve) => {
      const hear = (text: string) => {
        this.#output += text;
        if (this.#output.includes('ready\n')) resolve();
      };
      child.stdout?.setEncoding('utf8').on('data', hear);
      child.stderr?.setEncoding('utf8').on('data', hear);
    });
    this.#exited = new Promise((resolve) => child.once('close', () => resolve()));
    servers.push(this);
  }

  /** Resolves when the mount is there. */
  static async start(
    folder: string,
    options: MountOptions = {},
    volume: object = { maxBytes: '256M' },
    user: { uid?: number; gid?: number } = {},
    unmount: UnmountOptions = {},
  ): Promise<Server> {
    const args = [folder, ...[options, volume, unmount].map((one) => JSON.stringify(one))];
    return Server.startProgram('serve.ts', args, user);
  }

  /** @param prefix A command that executes the rest of its arguments, such as unshare(1). */
  static async startProgram(
    name: string,
    args: string[],
    user: { uid?: number; gid?: number } = {},
    prefix: string[] = [],
  ): Promise<Server> {
    const program = [...childNodeArguments, fileURLToPath(childProgram(name)), ...args];
    const [command = '', ...rest] = [...prefix, process.execPath, ...program];
    const child = spawn(command, rest, { stdio: ['pipe', 'pipe', 'pipe'], ...user });
    const server = new Server(child);
    await Promise.race([server.#ready, server.#exited]);
    if (!server.#output.includes('ready\n')) throw new Error(server.#output);
    return server;
  }

  /** Lets it unmount and end. Returns what the mount has done. */
  async stop(): Promise<MountStats> {
    this.#child.stdin?.end();
    await this.#exited;
    const line = this.#output.trim().split('\n').at(-1) ?? '';
    if (!line.startsWith('{')) {
      const { exitCode, signalCode } = this.#child;
      throw new Error(`The server ended with ${exitCode ?? signalCode}: ${this.#output}`);
    }
    return JSON.parse(line) as MountStats;
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  /**
   * Stops every thread of it. SIGSTOP alone takes effect later: until then a thread may take a
   * request, and the kernel holds the client of such a one until it is answered, SIGKILL or not.
   */
  async freeze(): Promise<void> {
    process.kill(this.pid, 'SIGSTOP');
    await expect.poll(() => statesOfThreads(this.pid).every((state) => state === 'T')).toBe(true);
  }

  get exited(): Promise<void> {
    return this.#exited;
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  /** What it has written so far. */
  get output(): string {
    return this.#output;
  }

  get exitCode(): number | null {
    return this.#child.exitCode;
  }
}

function statesOfThreads(pid: number): (string | undefined)[] {
  return readdirSync(`/proc/${pid}/task`).map((thread) => {
    const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2)[0];
  });
}

/** Runs a program with a time limit and expects success; returns its output. */
export async function run(
  command: string,
  args: string[],
  options: { cwd?: string; timeoutMs?: number; env?: Record<string, string>; uid?: number } = {},
): Promise<string> {
  const { uid, ...rest } = options;
  const user = uid === undefined ? {} : { uid, gid: uid };
  const result = await runCommand(command, args, { ...rest, ...user });
  if (result.code !== 0 || result.timedOut) {
    const why = result.timedOut ? 'timed out' : `exit ${result.code ?? result.signal}`;
    throw new Error(`${command} ${args.join(' ')}: ${why}\n${result.stdout}\n${result.stderr}`);
  }
  return result.stdout;
}

/** Compiles what maps a file into the process that loads it; for hold-own.ts. Needs gcc. */
export async function buildMapper(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'ram-fuse-mapper-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const library = join(folder, 'map_file.so');
  await run('gcc', ['-shared', '-fPIC', '-o', library, programPath('map_file.c')]);
  return library;
}
