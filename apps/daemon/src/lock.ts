import { randomUUID } from 'node:crypto';
import {
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  rmdirSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { appError } from './app-error.ts';
import { conditionOf, identify } from './process-identity.ts';
import type { ProcessIdentity } from './process-identity.ts';
import { showPath } from './show-path.ts';

const waitLimitMs = 5_000;
const pollIntervalMs = 10;
let counter = 0;

/**
 * Runs `body` while no other process that uses the same directory does so. A lock whose holder was
 * killed is taken over.
 *
 * ```
 * lock/            held while there is a file in it
 *   5f0c…          who holds it; no two holders ever have the same name
 * lock.PID.N/      the same, made ready aside
 * ```
 *
 * INVARIANT: a holder comes into `lock` only by rename(2) of a whole directory, which the kernel
 * refuses while `lock` has an entry; it goes only under its own name. So nobody can remove another
 * one's lock, however late they are, and taking over needs no lock of its own.
 *
 * @throws ERR_RAM_NO_ANSWER when it can't be had within five seconds.
 */
export async function withLock<T>(directory: string, body: () => T | Promise<T>): Promise<T> {
  const path = join(directory, 'lock');
  counter += 1;
  const aside = join(directory, `lock.${process.pid}.${counter}`);
  const holder = randomUUID();
  try {
    mkdirSync(aside, { mode: 0o700 });
    writeFileSync(join(aside, holder), JSON.stringify(identify()), { mode: 0o600 });
    await acquire(path, aside);
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
  try {
    return await body();
  } finally {
    release(path, holder);
  }
}

async function acquire(path: string, aside: string): Promise<void> {
  const end = performance.now() + waitLimitMs;
  while (!tryRename(aside, path)) {
    const retry = breakStale(path);
    if (performance.now() > end) {
      throw appError(
        'ERR_RAM_NO_ANSWER',
        `another process holds ${showPath(path)} for more than five seconds`,
        `See which one: cat ${showPath(path)}/*`,
      );
    }
    if (!retry) await delay(pollIntervalMs);
  }
}

/** Takes holders out that are dead or make no sense. True when there may be none now. */
function breakStale(path: string): boolean {
  let names: string[];
  try {
    names = readdirSync(path);
  } catch (error) {
    // It may be a file that somebody made; unlink(2) never takes a directory.
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') attempt(() => unlinkSync(path));
    return true;
  }
  const holders = names.map((name) => join(path, name));
  if (holders.some(isAlive)) return false;
  for (const holder of holders) rmSync(holder, { recursive: true, force: true });
  return true;
}

function isAlive(holder: string): boolean {
  try {
    return conditionOf(JSON.parse(readFileSync(holder, 'utf8')) as ProcessIdentity) !== 'gone';
  } catch {
    return false;
  }
}

function release(path: string, holder: string): void {
  rmSync(join(path, holder), { force: true });
  // Not when the next one is in it already.
  attempt(() => rmdirSync(path));
}

/** False while there is something at `to`, unless that is an empty directory. */
function tryRename(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (['ENOTEMPTY', 'EEXIST', 'ENOTDIR'].includes(code)) return false;
    throw error;
  }
}

function attempt(act: () => void): void {
  try {
    act();
  } catch {
    // Somebody else was faster.
  }
}
