// Serves a Volume on a directory from a process of its own.
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { childNodeArguments } from '@ram/test-support';
import type { FuseNativeOptions, MountOptions } from '@ram/fuse';

const program = fileURLToPath(new URL('./serve-volume.ts', import.meta.url));

/** Resolves when the mount is there; `close` ends it. */
export async function startMount(
  directory: string,
  options: MountOptions | FuseNativeOptions,
  maxBytes: number,
  user?: { uid: number; gid: number },
): Promise<{ close: () => Promise<void> }> {
  if (user !== undefined) openDeviceToAll();
  const args = [...childNodeArguments, program, directory, JSON.stringify(options), `${maxBytes}`];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'], ...user });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await Promise.race([new Promise((resolve) => child.stdout.once('data', resolve)), exited]);
  if (child.exitCode !== null) throw new Error(`the mount's server ended: ${child.exitCode}`);
  return {
    async close() {
      // Else the cases saw the directory below.
      if (connectionOf(directory) === undefined) throw new Error('the mount went away');
      child.stdin.end();
      await exited;
      if (child.exitCode !== 0) throw new Error(`the mount's server ended: ${child.exitCode}`);
    },
  };
}

/** Number of the kernel's connection behind a mount, also of one that keeps us out. */
export function connectionOf(directory: string): number | undefined {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  const device = mounts
    .map((line) => line.split(' '))
    .find((fields) => fields[4] === directory)?.[2];
  return device === undefined ? undefined : Number(device.split(':')[1]);
}

/** /dev/fuse as udev makes it on ordinary systems, in this mount namespace only. */
function openDeviceToAll(): void {
  const device = join(mkdtempSync(join(tmpdir(), 'ram-contract-')), 'fuse');
  execFileSync('mknod', [device, 'c', '10', '229']);
  chmodSync(device, 0o666);
  execFileSync('mount', ['--bind', device, '/dev/fuse']);
}
