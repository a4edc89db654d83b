import { appError } from './app-error.ts';
import { listDiskStates, removeLeftOvers, removeOrphans, writeDiskState } from './disk-state.ts';
import type { DiskState } from './disk-state.ts';
import { withLock } from './lock.ts';
import { mountOf } from './mount-table.ts';
import { checkDiskName, nameForDirectory } from './names.ts';
import { conditionOf, identify } from './process-identity.ts';
import { showPath } from './show-path.ts';

export interface Claim {
  name: string | undefined;
  directory: string;
  socket: string;
  log: string;
  /** The limit, given those of the disks that are there. */
  decideSize(promisedBytes: number): number;
}

/**
 * Enters a new disk, so that no other process takes its name or directory. States of servers that
 * were killed give way; states whose disk isn't mounted any more are removed on the way.
 *
 * @throws ERR_RAM_NAME, ERR_RAM_NAME_TAKEN, ERR_RAM_ALREADY_MOUNTED
 */
export function claimDisk(runtime: string, claim: Claim): Promise<DiskState> {
  if (claim.name !== undefined) checkDiskName(claim.name);
  return withLock(runtime, () => {
    removeStaleStates(runtime, claim.directory);
    removeOrphans(runtime);
    const states = listDiskStates(runtime);
    const live = states.filter(({ server }) => conditionOf(server) !== 'gone');
    refuseSameDirectory(live, claim.directory);
    const name = claim.name ?? nameForDirectory(claim.directory, namesOf(states));
    refuseSameName(states, name);
    const server = identify();
    if (server === undefined) throw appError('ERR_RAM_NOT_AVAILABLE', 'there is no /proc');
    const promisedBytes = live.reduce((sum, { maxBytes }) => sum + maxBytes, 0);
    const state: DiskState = {
      version: 1,
      name,
      directory: claim.directory,
      phase: 'mounting',
      server,
      socket: claim.socket,
      log: claim.log,
      maxBytes: claim.decideSize(promisedBytes),
      since: new Date().toISOString(),
    };
    writeDiskState(runtime, state);
    return state;
  });
}

/**
 * Forgets the disks of killed servers that are not mounted any more, or whose mount is about to be
 * replaced. Call it under the lock.
 */
export function removeStaleStates(runtime: string, replaced?: string): void {
  for (const state of listDiskStates(runtime)) {
    if (conditionOf(state.server) !== 'gone') continue;
    const leftOver = mountOf(state) !== undefined && state.directory !== replaced;
    if (!leftOver) removeLeftOvers(runtime, state);
  }
}

function namesOf(states: readonly DiskState[]): Set<string> {
  return new Set(states.map(({ name }) => name));
}

function refuseSameDirectory(live: readonly DiskState[], directory: string): void {
  const other = live.find((state) => state.directory === directory);
  if (other === undefined) return;
  throw appError(
    'ERR_RAM_ALREADY_MOUNTED',
    `${showPath(directory)} is a RAM disk already: ${other.name}`,
    `See it: ram status ${other.name}; unmount it: ram umount ${other.name}`,
  );
}

function refuseSameName(states: readonly DiskState[], name: string): void {
  const other = states.find((state) => state.name === name);
  if (other === undefined) return;
  const dead = conditionOf(other.server) === 'gone';
  throw appError(
    'ERR_RAM_NAME_TAKEN',
    `there is a ${dead ? 'dead ' : ''}disk named ${name} on ${showPath(other.directory)}`,
    dead ? `Clear it away: ram umount ${name}` : 'Take another name with --name',
  );
}
