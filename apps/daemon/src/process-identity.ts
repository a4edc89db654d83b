import { readFileSync, readdirSync } from 'node:fs';

/** Tells a process from a later one that got the same number. */
export interface ProcessIdentity {
  pid: number;
  /** When it started, in clock ticks since boot. */
  startTicks: number;
  bootId: string;
}

export type ProcessCondition = 'running' | 'stopped' | 'gone';

interface ProcessStat {
  state: string;
  startTicks: number;
}

export function identify(pid: number = process.pid): ProcessIdentity | undefined {
  const stat = readStat(pid);
  return stat && { pid, startTicks: stat.startTicks, bootId: readBootId() };
}

/** `stopped`: by SIGSTOP, a terminal or a debugger, so that it can't answer. */
export function conditionOf(identity: ProcessIdentity): ProcessCondition {
  const stat = readStat(identity.pid);
  if (stat === undefined || stat.startTicks !== identity.startTicks) return 'gone';
  if (identity.bootId !== readBootId()) return 'gone';
  // Z: dead, and only its parent has not asked for the exit code yet; or only its first thread is,
  // and the others still hold its files and mounts.
  if (stat.state === 'Z' || stat.state === 'X')
    return hasThreads(identity.pid) ? 'running' : 'gone';
  return stat.state === 'T' || stat.state === 't' ? 'stopped' : 'running';
}

/** Ends the process if it is still that one. */
export function kill(identity: ProcessIdentity, signal: NodeJS.Signals = 'SIGKILL'): void {
  if (conditionOf(identity) === 'gone') return;
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
