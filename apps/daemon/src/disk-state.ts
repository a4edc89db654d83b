import { readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isDiskName } from './names.ts';
import { identify } from './process-identity.ts';
import type { ProcessIdentity } from './process-identity.ts';

/**
 * What the commands know of a disk without asking its server: one file of JSON for each disk, in
 * the runtime directory, named NAME.disk.json. It is there from before the disk is mounted until
 * after it is unmounted, and stays when the server is killed.
 */
export interface DiskState {
  version: 1;
  name: string;
  /** Where it is mounted; without symbolic links. */
  directory: string;
  phase: 'mounting' | 'mounted';
  /**
   * `major:minor` of its mount; absent until it is mounted. The kernel may give the number to
   * another mount once this one is gone.
   */
  device?: string;
  server: ProcessIdentity;
  socket: string;
  log: string;
  maxBytes: number;
  /** When it was mounted, ISO 8601. */
  since: string;
}

const suffix = '.disk.json';
/** Each with the number of the process that made it. */
const orphanPattern = /^(?:ramd-(\d+)\.sock|lock\.(\d+)\.\d+|.*\.disk\.json\.(\d+))$/;

export function diskStatePath(runtime: string, name: string): string {
  return join(runtime, `${name}${suffix}`);
}

/** Atomic: a reader sees the old state or the new one. */
export function writeDiskState(runtime: string, state: DiskState): void {
  const path = diskStatePath(runtime, state.name);
  const aside = `${path}.${process.pid}`;
  writeFileSync(aside, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
  renameSync(aside, path);
}

/**
 * Removes the state of a disk whose server ends, or has ended; nothing when another server has
 * taken the name since.
 */
export function removeDiskState(runtime: string, name: string, pid: number): void {
  const path = diskStatePath(runtime, name);
  if (readState(path)?.server.pid === pid) rmSync(path, { force: true });
}

/** Removes what a killed server left in the runtime directory: its disk's state, its socket. */
export function removeLeftOvers(runtime: string, { name, server, socket }: DiskState): void {
  removeDiskState(runtime, name, server.pid);
  if (dirname(socket) === runtime) rmSync(socket, { force: true });
}

/** What killed servers left here besides states: sockets, and files that were not yet renamed. */
export function removeOrphans(runtime: string): void {
  // Servers of other namespaces have numbers that mean nothing here.
  const sockets = new Set(listDiskStates(runtime).map(({ socket }) => basename(socket)));
  for (const name of readdirSync(runtime)) {
    const pid = orphanPattern.exec(name)?.slice(1).find(Boolean);
    if (sockets.has(name)) continue;
    if (pid !== undefined && identify(Number(pid)) === undefined) {
      rmSync(join(runtime, name), { recursive: true, force: true });
    }
  }
}

/** All disks, of live and of dead servers, by name. Files that make no sense are passed over. */
export function listDiskStates(runtime: string): DiskState[] {
  let names: string[];
  try {
    names = readdirSync(runtime);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  return names
    .filter((name) => name.endsWith(suffix))
    .map((name) => name.slice(0, -suffix.length))
    .filter(isDiskName)
    .toSorted()
    .flatMap((name) => readState(diskStatePath(runtime, name)) ?? []);
}

function readState(path: string): DiskState | undefined {
  try {
    const state: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return isDiskState(state) && path.endsWith(`/${state.name}${suffix}`) ? state : undefined;
  } catch {
    return undefined;
  }
}

function isDiskState(value: unknown): value is DiskState {
  if (typeof value !== 'object' || value === null) return false;
  const { version, server, ...rest } = value as Partial<DiskState>;
  const texts = [rest.name, rest.directory, rest.phase, rest.socket, rest.log, rest.since];
  return (
    version === 1 &&
    texts.every((text) => typeof text === 'string') &&
    typeof rest.maxBytes === 'number' &&
    ['string', 'undefined'].includes(typeof rest.device) &&
    Number.isSafeInteger(server?.pid) &&
    Number.isSafeInteger(server?.startTicks) &&
    typeof server?.bootId === 'string'
  );
}
