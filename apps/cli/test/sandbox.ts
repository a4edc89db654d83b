import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import {
  accessSync,
  chmodSync,
  chownSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
} from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { requirement, runCommand } from '@ram/test-support';
import type { ChildResult, RunOptions } from '@ram/test-support';

export const ramProgram = fileURLToPath(new URL('../bin/ram.js', import.meta.url));

const isRoot = process.geteuid?.() === 0;
const nobody = 65_534;

export const fuse = requirement('FUSE', canUseFuse(), 'there is no /dev/fuse for this user');
export const root = requirement('root', isRoot, 'it needs root to become another user');

/** Who runs the commands: whoever runs the tests, or, when that is root, a plain user as well. */
export type User = 'self' | 'plain';

export const users: readonly { user: User; needs: typeof fuse }[] = [
  { user: 'self', needs: fuse },
  { user: 'plain', needs: isRoot ? fuse : root },
];

/** A place of its own for disks: mount points, runtime and log directories, and a user. */
export interface Sandbox {
  readonly user: User;
  readonly uid: number;
  /** For mount points; owned by the user. */
  readonly directory: string;
  readonly runtime: string;
  readonly logs: string;
  ram(...args: string[]): Promise<ChildResult>;
  ramWith(env: Record<string, string>, ...args: string[]): Promise<ChildResult>;
  run(command: string, args: readonly string[], options?: RunOptions): Promise<ChildResult>;
  /** With the directory as its working directory. */
  shell(script: string, options?: RunOptions): Promise<ChildResult>;
  /** For what goes on beside the test; killed at the end. */
  start(command: string, args: readonly string[]): RunningProcess;
  /** Unmounts and kills what is left, for the next test. */
  clear(): Promise<void>;
  /** The same, and removes it all. */
  dispose(): Promise<void>;
}

export interface RunningProcess {
  readonly child: ChildProcess;
  /** All it wrote so far. */
  output(): string;
  exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

/**
 * @param setUp As root, in a mount namespace of the sandbox's own, before all else; for plain
 *   users there is one anyhow.
 */
export async function createSandbox(user: User, setUp?: string): Promise<Sandbox> {
  const base = mkdtempSync(join(tmpdir(), 'ram-cli-'));
  const plain = user === 'plain';
  const uid = plain ? nobody : (process.geteuid?.() ?? 0);
  for (const name of ['disks', 'home', 'runtime']) {
    mkdirSync(join(base, name), { mode: 0o700 });
    if (plain) chownSync(join(base, name), nobody, nobody);
  }
  chmodSync(base, 0o755);
  const namespace = plain || setUp !== undefined ? await openNamespace(base, setUp) : undefined;
  const prefix = [
    ...(namespace === undefined ? [] : ['nsenter', `--mount=/proc/${namespace.pid}/ns/mnt`, '--']),
    ...(plain ? ['setpriv', `--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups'] : []),
  ];
  return new SandboxOf(user, uid, base, prefix, namespace);
}

class SandboxOf implements Sandbox {
  readonly user: User;
  readonly uid: number;
  readonly directory: string;
  readonly runtime: string;
  readonly logs: string;
  readonly #base: string;
  readonly #prefix: readonly string[];
  readonly #namespace: ChildProcess | undefined;
  readonly #started: ChildProcess[] = [];
  readonly #environment: Record<string, string>;

  constructor(
    user: User,
    uid: number,
    base: string,
    prefix: readonly string[],
    namespace: ChildProcess | undefined,
  ) {
    this.user = user;
    this.uid = uid;
    this.#base = base;
    this.#prefix = prefix;
    this.#namespace = namespace;
    this.directory = join(base, 'disks');
    // The plain user gets the places that the command finds by itself.
    const plain = user === 'plain';
    this.runtime = plain ? join(base, 'runtime', 'ram') : join(base, 'runtime');
    this.logs = plain ? join(base, 'home', '.local', 'state', 'ram') : join(base, 'home', 'log');
    this.#environment = {
      HOME: join(base, 'home'),
      XDG_RUNTIME_DIR: plain ? join(base, 'runtime') : '',
      XDG_STATE_HOME: '',
      RAM_RUNTIME_DIR: plain ? '' : this.runtime,
      RAM_LOG_DIR: plain ? '' : this.logs,
      NO_COLOR: '1',
    };
  }

  ram(...args: string[]): Promise<ChildResult> {
    return this.run(process.execPath, [ramProgram, ...args]);
  }

  ramWith(env: Record<string, string>, ...args: string[]): Promise<ChildResult> {
    return this.run(process.execPath, [ramProgram, ...args], { env });
  }

  run(command: string, args: readonly string[], options: RunOptions = {}): Promise<ChildResult> {
    const [first = command, ...rest] = [...this.#prefix, command, ...args];
    const env = { ...this.#environment, ...options.env };
    return runCommand(first, rest, { cwd: '/', ...options, env });
  }

  shell(script: string, options: RunOptions = {}): Promise<ChildResult> {
    return this.run('bash', ['-c', `cd '${this.directory}' && ${script}`], options);
  }

  start(command: string, args: readonly string[]): RunningProcess {
    const [first = command, ...rest] = [...this.#prefix, command, ...args];
    const child = spawn(first, rest, {
      cwd: '/',
      detached: true,
      env: { ...process.env, ...this.#environment },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#started.push(child);
    let text = '';
    child.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (text += chunk.toString()));
    const exited = once(child, 'exit').then(([code, signal]) => ({ code, signal }));
    return { child, output: () => text, exited };
  }

  async clear(): Promise<void> {
    for (const { pid } of this.#started.splice(0)) killGroup(pid);
    const { stdout } = await this.ram('status', '--json');
    const { disks = [] } = JSON.parse(stdout || '{}') as { disks?: { name: string }[] };
    for (const { name } of disks) await this.ram('umount', '--yes', '--force', name);
  }

  async dispose(): Promise<void> {
    await this.clear();
    await runCommand('bash', ['-c', leftOverMounts, 'bash', this.#base]);
    killGroup(this.#namespace?.pid);
    rmSync(this.#base, { recursive: true, force: true });
  }
}

/** Takes away what a failed test left, so that it doesn't hold the next one up. */
const leftOverMounts = `
  awk -v base="$1/" 'index($5, base) == 1 { print $5 }' /proc/self/mountinfo |
  while read -r directory; do umount -l "$directory"; done`;

/**
 * A mount namespace in which /dev/fuse is open to all, as on ordinary systems. The machine's own
 * device stays as it is, whoever else uses it.
 */
async function openNamespace(base: string, setUp = ''): Promise<ChildProcess> {
  const script = `set -e
    BASE='${base}'
    mknod -m 0666 '${base}/fuse' c 10 229
    mount --bind '${base}/fuse' /dev/fuse
    ${setUp}
    echo ready
    exec cat`;
  const holder = spawn(
    '/usr/bin/unshare',
    ['--mount', '--propagation=private', 'bash', '-c', script],
    {
      detached: true,
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  if (holder.stdout === null) throw new Error('no pipe');
  await once(holder.stdout, 'data');
  return holder;
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Already gone.
  }
}

function canUseFuse(): boolean {
  try {
    accessSync('/dev/fuse', constants.R_OK | constants.W_OK);
  } catch {
    return false;
  }
  return isRoot || existsSync('/usr/bin/fusermount3');
}
