import { spawnSync } from 'node:child_process';
import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { release } from 'node:os';
import { Volume } from '@ram/fs-core';
import { probe } from '@ram/fuse';
import { list } from '@ram/memfile';
import type { MemfileList } from '@ram/memfile';

interface FileFacts {
  mode: number;
  uid: number;
}

/** What the checks look at; the tests give them another one. */
export interface Machine {
  uid: number;
  /** Such as `6.18.44-generic`. */
  kernel: string;
  environment: NodeJS.ProcessEnv;
  /** Undefined when it can't be read. */
  readText(path: string): string | undefined;
  /** Follows symbolic links. Undefined when it isn't there. */
  stat(path: string): FileFacts | undefined;
  /** Whether this process may read and write it. */
  canUse(path: string): boolean;
  /** Standard output, or undefined when the program isn't there or fails. */
  run(command: string, args: readonly string[]): string | undefined;
  /** Makes a small Volume and takes it down again: what it lies in, or why there is none. */
  tryVolume(options: { swap: boolean }): 'tmpfs' | 'memfd' | Error;
  /** Whether mount(2) is for this process: root, in a mount namespace of its user namespace. */
  mayMount: boolean;
  /** The place for the contents of `ram file`, or why there is none. */
  memoryFiles: MemoryFilesPlace | Error;
}

export type MemoryFilesPlace = Pick<MemfileList, 'totalBytes' | 'freeBytes' | 'traps'>;

const runLimitMs = 5_000;
const smallBytes = 1024 * 1024;

export async function thisMachine(): Promise<Machine> {
  return {
    uid: process.geteuid?.() ?? 0,
    kernel: release(),
    environment: process.env,
    readText: (path) => attempt(() => readFileSync(path, 'utf8')),
    stat: (path) => attempt(() => statSync(path)),
    canUse: (path) =>
      attempt(() => {
        accessSync(path, constants.R_OK | constants.W_OK);
        return true;
      }) ?? false,
    run: (command, args) => {
      const result = spawnSync(command, args, { encoding: 'utf8', timeout: runLimitMs });
      return result.status === 0 ? result.stdout : undefined;
    },
    tryVolume: ({ swap }) => {
      try {
        using volume = new Volume({ maxBytes: smallBytes, swap });
        return volume.backing;
      } catch (error) {
        return error as Error;
      }
    },
    mayMount: (await probe()).mayMount,
    memoryFiles: await list().catch((error: unknown) => error as Error),
  };
}

/** Whether a version such as `6.9` or newer runs. */
export function kernelIsAtLeast({ kernel }: Machine, major: number, minor: number): boolean {
  const [, ownMajor = 0, ownMinor = 0] = (/^(\d+)\.(\d+)/.exec(kernel) ?? []).map(Number);
  return ownMajor > major || (ownMajor === major && ownMinor >= minor);
}

const capSysAdmin = 21n;

/** Whether it may mount, in the namespace where that counts for the kernel's FUSE. */
export function mayAdministrate(machine: Machine): boolean {
  return hasCapability(machine) && isInitialUserNamespace(machine);
}

/** Root of a user namespace (`unshare -Ur`, rootless containers). */
export function mayAdministrateNamespace(machine: Machine): boolean {
  return hasCapability(machine) && !isInitialUserNamespace(machine);
}

function hasCapability(machine: Machine): boolean {
  const status = machine.readText('/proc/self/status') ?? '';
  const mask = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1];
  return mask !== undefined && ((BigInt(`0x${mask}`) >> capSysAdmin) & 1n) === 1n;
}

/** The initial user namespace maps all numbers to themselves. */
function isInitialUserNamespace(machine: Machine): boolean {
  const map = machine.readText('/proc/self/uid_map');
  return map === undefined || /^\s*0\s+0\s+4294967295\s*$/.test(map);
}

function attempt<T>(call: () => T): T | undefined {
  try {
    return call();
  } catch {
    return undefined;
  }
}
