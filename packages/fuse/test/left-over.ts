// What must not be left of a mount: its place in the tree, and its connection in the kernel.
import { readFileSync, readdirSync } from 'node:fs';
import { expect } from 'vitest';
import { isMountPoint, run } from './support.ts';

/** The number of the connection behind the mount at `folder`. */
export function connectionOf(folder: string): string {
  const line = mountTable().findLast((fields) => fields[4] === folder);
  return line?.[2]?.split(':')[1] ?? 'none';
}

/** Waits until nothing is left. Numbers are used again, by mounts of others, anywhere. */
export async function expectNothingLeft(folder: string, connection: string): Promise<void> {
  expect(isMountPoint(folder)).toBe(false);
  const isLeft = async () => (await connections()).includes(connection) && !isOfAMount(connection);
  await expect.poll(isLeft).toBe(false);
}

/** Connections in the kernel that belong to no mount anywhere. */
export async function strayConnections(): Promise<string[]> {
  return (await connections()).filter((one) => one && !isOfAMount(one));
}

function mountTable(process = 'self'): string[][] {
  const text = readFileSync(`/proc/${process}/mountinfo`, 'utf8');
  return text.split('\n').map((line) => line.split(' '));
}

function isOfAMount(connection: string): boolean {
  const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return processes.some((process) => {
    try {
      return mountTable(process).some((fields) => fields[2] === `0:${connection}`);
    } catch {
      return false; // it has ended meanwhile
    }
  });
}

/** The kernel's list, from a mount of it that only the child sees. */
async function connections(): Promise<string[]> {
  const list = 'cd /sys/fs/fuse/connections; mount -t fusectl none . ; cd . ; ls $PWD';
  return (await run('unshare', ['-m', 'sh', '-c', list])).split('\n');
}
