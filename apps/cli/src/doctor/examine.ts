import { release } from 'node:os';
import type { MachineMemory, Places } from '@ram/daemon';
import { logPath, version } from '@ram/daemon';
import type { Check } from './check.ts';
import { fuseChecks } from './fuse-checks.ts';
import type { Machine } from './machine.ts';
import { memoryChecks } from './memory-checks.ts';
import { memoryFileChecks } from './memory-file-checks.ts';
import { placeChecks } from './place-checks.ts';
import { restrictionChecks } from './restriction-checks.ts';

/** What `ram doctor --json` prints. */
export interface Examination {
  /** Whether `ram mount` can work: nothing that is required is missing. */
  canMount: boolean;
  versions: { ram: string; node: string; kernel: string };
  /** Where things are. */
  places: { sockets: string; state: string; logs: string; log: string };
  /** The limit of the first disk, without --size. */
  defaultMaxBytes: number;
  checks: Check[];
}

export function examine(machine: Machine, memory: MachineMemory, places: Places): Examination {
  const checks = [
    ...fuseChecks(machine),
    ...memoryChecks(machine, memory),
    ...memoryFileChecks(machine),
    ...restrictionChecks(machine),
    ...placeChecks(machine, places),
  ];
  return {
    canMount: !checks.some(({ required, status }) => required && status === 'missing'),
    versions: { ram: version, node: process.version, kernel: release() },
    places: {
      sockets: places.runtime,
      state: places.runtime,
      logs: places.logs,
      log: logPath(places),
    },
    defaultMaxBytes: memory.memoryBytes / 2,
    checks,
  };
}
