import { listDiskStates, probeServer, removeStaleStates, withLock } from '@ram/daemon';
import type { DiskState, DiskStatus, ServerProbe } from '@ram/daemon';

/** `dead`: its server was killed. `frozen`, `silent`: it lives and doesn't answer. */
type DiskCondition = DiskStatus['phase'] | 'frozen' | 'silent' | 'dead';

/** A disk as `ram status` shows it, and its form in JSON. */
export interface ListedDisk {
  name: string;
  directory: string;
  state: DiskCondition;
  maxBytes: number;
  pid: number;
  since: string;
  log: string;
  /** What only its server knows; null when that doesn't answer. */
  details: (DiskStatus & { requestCount: number }) | null;
}

const answerLimitMs = 5_000;

/** All disks of this user. Clears the states of killed servers away that left nothing mounted. */
export async function listDisks(runtime: string): Promise<ListedDisk[]> {
  if (listDiskStates(runtime).length > 0) {
    await withLock(runtime, () => removeStaleStates(runtime));
  }
  const states = listDiskStates(runtime);
  return Promise.all(
    states.map(async (state) => toListed(state, await probeServer(state, answerLimitMs))),
  );
}

function toListed(state: DiskState, { condition, disk }: ServerProbe): ListedDisk {
  const { name, directory, maxBytes, server, since, log } = state;
  return {
    name,
    directory,
    state: disk?.phase ?? (condition === 'answers' ? 'mounting' : unanswered[condition]),
    maxBytes,
    pid: server.pid,
    since,
    log,
    details: disk === undefined ? null : { ...disk, requestCount: count(disk.requests) },
  };
}

const unanswered = { stopped: 'frozen', silent: 'silent', gone: 'dead' } as const;

function count(requests: Readonly<Record<string, number>>): number {
  return Object.values(requests).reduce((sum, number) => sum + number, 0);
}
