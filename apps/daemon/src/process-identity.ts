import { readFileSync, readdirSync, readlinkSync } from 'node:fs';

/** Tells a process from a later one that got the same number. */
export interface ProcessIdentity {
  pid: number;
  /** When it started, in clock ticks since boot. */
  startTicks: number;
  bootId: string;
  /** Where the number counts, such as `pid:[4026531836]`. */
  pidNamespace?: string;
}

// PROC_PID_INIT_INO of the kernel.
const initialPidNamespace = 'pid:[4026531836]';

export type ProcessCondition = 'running' | 'stopped' | 'gone';

interface ProcessStat {
  state: string;
  startTicks: number;
}

export function identify(pid: number = process.pid): ProcessIdentity | undefined {
  const stat = readStat(pid);
  if (stat === undefined) return undefined;
  const identity = { pid, startTicks: stat.startTicks, bootId: readBootId() };
  const pidNamespace = readPidNamespace();
  return pidNamespace === undefined ? identity : { ...identity, pidNamespace };
}

/**
 * `stopped`: by SIGSTOP, a terminal or a debugger, so that it can't answer. A process of another
 * namespace of pids is taken for running while there may be that namespace.
 */
export function conditionOf(identity: ProcessIdentity): ProcessCondition {
  if (isElsewhere(identity)) {
    const isOfThisBoot = identity.bootId === readBootId();
    return isOfThisBoot && mayExist(identity.pidNamespace) ? 'running' : 'gone';
  }
  const stat = readStat(identity.pid);
  if (stat === undefined || stat.startTicks !== identity.startTicks) return 'gone';
  if (identity.bootId !== readBootId()) return 'gone';
  // Z: dead, and only its parent has not asked for the exit code yet; or only its first thread is,
  // and the others still hold its files and mounts.
  if (stat.state === 'Z' || stat.state === 'X')
    return hasThreads(identity.pid) ? 'running' : 'gone';
  return stat.state === 'T' || stat.state === 't' ? 'stopped' : 'running';
}

/** Ends the process if it is still that one, and of this namespace of pids. */
export function kill(identity: ProcessIdentity, signal: NodeJS.Signals = 'SIGKILL'): void {
  if (isElsewhere(identity) || conditionOf(identity) === 'gone') return;
  try {
    process.kill(identity.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

export function parseStat(text: string): ProcessStat | undefined {
  // The name, in parentheses, may contain anything.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state] = fields;
  const startTicks = Number(fields[19]);
  return state && Number.isSafeInteger(startTicks) ? { state, startTicks } : undefined;
}

function readStat(pid: number): ProcessStat | undefined {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return undefined;
  }
}

function isElsewhere({ pidNamespace }: ProcessIdentity): boolean {
  return pidNamespace !== undefined && pidNamespace !== readPidNamespace();
}

/** The first one is always there; of others one sees those below one's own, by their processes. */
function mayExist(pidNamespace: string | undefined): boolean {
  if (pidNamespace === initialPidNamespace) return true;
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.some((pid) => readPidNamespace(pid) === pidNamespace);
}

function readPidNamespace(pid = 'self'): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    return undefined;
  }
}

function hasThreads(pid: number): boolean {
  try {
    return readdirSync(`/proc/${pid}/task`).length > 1;
  } catch {
    return false;
  }
}

function readBootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  } catch {
    return '';
  }
}
