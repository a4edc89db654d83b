import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { conditionOf, identify, kill, parseStat } from './process-identity.ts';
import type { ProcessIdentity } from './process-identity.ts';

describe('parseStat', () => {
  it('reads behind a name with spaces and parentheses', () => {
    const rest = 'S 1 2 3 0 -1 4194304 5 0 0 0 6 7 0 0 20 0 1 0 123456 8 9';
    expect(parseStat(`42 (a ) b (c) ${rest}`)).toEqual({ state: 'S', startTicks: 123_456 });
  });

  it('makes nothing of what is no stat', () => {
    expect(parseStat('')).toBeUndefined();
    expect(parseStat('42 (x) S 1')).toBeUndefined();
  });
});

const withoutMainThread = `
import ctypes, threading, time
threading.Thread(target=time.sleep, args=(1000,)).start()
ctypes.CDLL(None).pthread_exit(None)`;

describe('conditionOf', () => {
  let child: ChildProcess;
  afterEach(() => child.kill('SIGKILL'));

  const start = async (): Promise<ProcessIdentity> => {
    child = spawn('cat');
    await once(child, 'spawn');
    const identity = identify(child.pid);
    if (identity === undefined) throw new Error('no such process');
    return identity;
  };

  const waitFor = (identity: ProcessIdentity, condition: string): Promise<void> =>
    expect.poll(() => conditionOf(identity)).toBe(condition) as unknown as Promise<void>;

  it('tells a running, a stopped and a killed process', async () => {
    const identity = await start();
    expect(conditionOf(identity)).toBe('running');
    kill(identity, 'SIGSTOP');
    await waitFor(identity, 'stopped');
    kill(identity, 'SIGCONT');
    await waitFor(identity, 'running');
    kill(identity);
    await waitFor(identity, 'gone');
    kill(identity);
  });

  it('lets a process live whose first thread ended and whose others hold its files', async () => {
    child = spawn('python3', ['-c', withoutMainThread]);
    await once(child, 'spawn');
    const identity = identify(child.pid);
    if (identity === undefined) throw new Error('no such process');
    const status = `/proc/${child.pid}/status`;
    await expect.poll(() => readFileSync(status, 'utf8')).toMatch(/^State:\s*Z/m);
    expect(conditionOf(identity)).toBe('running');
    kill(identity);
    await waitFor(identity, 'gone');
  });

  it('is not taken in by another process with the same number', async () => {
    const identity = await start();
    const earlier = { ...identity, startTicks: identity.startTicks - 1 };
    expect(conditionOf(earlier)).toBe('gone');
    kill(earlier);
    expect(conditionOf({ ...identity, bootId: 'another' })).toBe('gone');
    // As after the restart of a container.
    expect(conditionOf({ ...identity, pidNamespace: 'pid:[1]' })).toBe('gone');
    expect(conditionOf(identity)).toBe('running');
  });
});
