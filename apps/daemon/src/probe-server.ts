import { setTimeout as delay } from 'node:timers/promises';
import type { DiskStatus } from './api.ts';
import { requestStatus } from './client.ts';
import type { DiskState } from './disk-state.ts';
import { conditionOf } from './process-identity.ts';

/**
 * - `answers`: all is well.
 * - `stopped`: frozen by SIGSTOP or a debugger.
 * - `silent`: runs, and doesn't answer within the time.
 * - `gone`: was killed.
 */
export type ServerCondition = 'answers' | 'stopped' | 'silent' | 'gone';

export interface ServerProbe {
  condition: ServerCondition;
  /** When it answers, and the disk is mounted. */
  disk?: DiskStatus;
}

const pollIntervalMs = 20;

/** Asks the server of a disk how it is; a process that is about to die is waited for. */
export async function probeServer(state: DiskState, timeoutMs: number): Promise<ServerProbe> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const condition = conditionOf(state.server);
    if (condition !== 'running') return { condition };
    const leftMs = end - performance.now();
    if (leftMs <= 0) return { condition: 'silent' };
    try {
      const { disks } = await requestStatus(state.socket, Math.min(leftMs, timeoutMs / 2));
      const disk = disks.find(({ name }) => name === state.name);
      return disk === undefined ? { condition: 'answers' } : { condition: 'answers', disk };
    } catch {
      await delay(pollIntervalMs);
    }
  }
}
