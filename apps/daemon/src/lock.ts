import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { appError } from './app-error.ts';
import { conditionOf, identify } from './process-identity.ts';
import type { ProcessIdentity } from './process-identity.ts';

const waitLimitMs = 5_000;
const pollIntervalMs = 10;
let counter = 0;

/**
 * Runs `body` while no other process that uses the same directory does so. A lock whose holder was
 * killed is taken over.
 *
 * @throws ERR_RAM_NO_ANSWER when it can't be had within five seconds.
 */
export async function withLock<T>(directory: string, body: () => T | Promise<T>): Promise<T> {
  const path = join(directory, 'lock');
  counter += 1;
  const own = join(directory, `lock.${process.pid}.${counter}`);
  // Written aside and linked, so that the lock is never seen without its holder.
  writeFileSync(own, JSON.stringify(identify()), { mode: 0o600 });
  try {
    await acquire(path, own);
  } finally {
    rmSync(own, { force: true });
  }
  try {
    return await body();
  } finally {
    rmSync(path, { force: true });
  }
}

async function acquire(path: string, own: string): Promise<void> {
  const end = performance.now() + waitLimitMs;
  while (!tryLink(own, path)) {
    if (breakStale(path, `${own}.stale`)) continue;
    if (performance.now() > end) {
      throw appError(
        'ERR_RAM_NO_ANSWER',
        `another process holds ${path} for more than five seconds`,
        `See which one: cat ${path}`,
      );
    }
    await delay(pollIntervalMs);
  }
}

/** Moves the lock of a dead process away; if a live one got in between, puts that back. */
function breakStale(path: string, aside: string): boolean {
  if (holderLives(path)) return false;
  try {
    renameSync(path, aside);
  } catch {
    return true;
  }
  if (holderLives(aside)) tryLink(aside, path);
  rmSync(aside, { force: true });
  return true;
}

function holderLives(path: string): boolean {
  let holder: ProcessIdentity;
  try {
    holder = JSON.parse(readFileSync(path, 'utf8')) as ProcessIdentity;
  } catch {
    return false;
  }
  return conditionOf(holder) !== 'gone';
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}
