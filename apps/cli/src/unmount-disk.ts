import {
  appError,
  busyError,
  conditionOf,
  kill,
  mountOf,
  mountsBelow,
  probeServer,
  removeLeftOvers,
  requestUnmount,
  showPath,
} from '@ram/daemon';
import type { DiskState, ServerProbe } from '@ram/daemon';
import { abortConnection, mountState, unmountDirectory } from '@ram/fuse';
import { setTimeout as delay } from 'node:timers/promises';
import { findDiskHolders } from './disk-holders.ts';
import type { FoundDisk } from './find-disk.ts';

/**
 * How it comes to its end: its server is asked, or is no help. `gone`: its server and its mount
 * have ended, and if anything is at its directory that is another one's.
 */
type UnmountWay = 'server' | 'dead' | 'gone' | 'frozen' | 'silent' | 'foreign';

export interface UnmountPlan {
  disk: FoundDisk;
  way: UnmountWay;
  /** What would be lost. Undefined when nobody can tell. */
  content?: { files: number; usedBytes: number };
}

const answerLimitMs = 5_000;
const unmountLimitMs = 15_000;
const exitLimitMs = 3_000;
const deathLimitMs = 1_000;
const pollIntervalMs = 10;
const holdersShownMax = 5;

/** Finds out, in bounded time, what unmounting means for this disk. Changes nothing. */
export async function planUnmount(disk: FoundDisk): Promise<UnmountPlan> {
  const { state, directory, entry } = disk;
  const probe = state === undefined ? undefined : await probeServer(state, answerLimitMs);
  const way = wayFor(probe, disk);
  const hasLeftOver = entry !== undefined && (await isDeadIf(way, directory));
  if (way === 'foreign' && hasLeftOver) return { disk, way: 'dead' };
  if (way === 'dead' && !hasLeftOver) {
    // What answers there is another one's, even with the same device number.
    if (entry === undefined || disk.byName) return { disk, way: 'gone' };
    return planUnmount({ directory, byName: false, entry });
  }
  const { files, usedBytes } = probe?.disk ?? {};
  if (way === 'dead') return { disk, way, content: { files: 0, usedBytes: 0 } };
  return files === undefined || usedBytes === undefined
    ? { disk, way }
    : { disk, way, content: { files, usedBytes } };
}

function wayFor(probe: ServerProbe | undefined, { entry }: FoundDisk): UnmountWay {
  switch (probe?.condition) {
    case 'answers':
      return 'server';
    case 'stopped':
      return 'frozen';
    case 'silent':
      return 'silent';
    case 'gone':
      return 'dead';
    default:
      return entry === undefined ? 'dead' : 'foreign';
  }
}

/**
 * Unmounts in bounded time and leaves nothing behind.
 *
 * @param force Also while files are open, and when its server runs but doesn't answer.
 * @throws ERR_RAM_BUSY, ERR_RAM_NO_ANSWER
 */
export async function unmountDisk(
  { disk, way }: UnmountPlan,
  runtime: string,
  force: boolean,
): Promise<void> {
  const { state, directory } = disk;
  if (way === 'server' && state !== undefined) return unmountByServer(state, runtime, force);
  if (way === 'foreign') return unmountForeign(directory, force);
  if (way === 'silent' && !force) throw noAnswer(state);
  if (state === undefined) return clearDeadMount({ directory });
  if (way === 'gone') return removeLeftOvers(runtime, state);
  await evictServer(state, runtime);
}

async function unmountByServer(state: DiskState, runtime: string, force: boolean): Promise<void> {
  const { name, directory, socket, server } = state;
  try {
    await requestUnmount(socket, { name, force }, unmountLimitMs);
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === 'ERR_RAM_BUSY') throw busy(directory, error);
    const away = code === 'ERR_RAM_NOT_A_DISK' || conditionOf(server) !== 'running';
    if (!away && !force) throw code === 'ERR_RAM_NO_ANSWER' ? noAnswer(state, error) : error;
    return evictServer(state, runtime);
  }
  // Its memory is given back when it has ended.
  await waitUntilGone(state);
}

async function unmountForeign(directory: string, force: boolean): Promise<void> {
  try {
    await unmountDirectory(directory, { force });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EBUSY') throw busy(directory, error);
    throw appError(
      'ERR_RAM_NOT_PERMITTED',
      `${showPath(directory)} can't be unmounted (${(error as Error).message})`,
      'Unmount it as the user who mounted it, or as root',
      error,
    );
  }
}

/** Ends a disk whose server doesn't take part, and nothing else that came to its directory. */
async function evictServer(state: DiskState, runtime: string): Promise<void> {
  kill(state.server);
  if (!(await waitUntilGone(state, deathLimitMs)) && mountOf(state) !== undefined) {
    // One that waits for an answer of its own can only die when it gets an error.
    await abortConnection(state.directory).catch(() => {});
  }
  await waitUntilGone(state);
  await clearDeadMount(state);
  removeLeftOvers(runtime, state);
}

/** The connection ended with its server: a mount that still answers is another one's. */
async function clearDeadMount(disk: Pick<DiskState, 'directory' | 'device'>): Promise<void> {
  const { directory } = disk;
  if (mountOf(disk) === undefined || !(await isDead(directory))) return;
  await unmountDirectory(directory, { force: true });
}

/** A look at a mount costs time, and is of use only where its server can't be asked. */
async function isDeadIf(way: UnmountWay, directory: string): Promise<boolean> {
  return (way === 'dead' || way === 'foreign') && isDead(directory);
}

async function isDead(directory: string): Promise<boolean> {
  return (await mountState(directory)) === 'dead';
}

/** Whether it has ended within the time. */
async function waitUntilGone({ server }: DiskState, limitMs = exitLimitMs): Promise<boolean> {
  const end = performance.now() + limitMs;
  while (conditionOf(server) !== 'gone') {
    if (performance.now() > end) return false;
    await delay(pollIntervalMs);
  }
  return true;
}

function busy(directory: string, cause: unknown): Error {
  const below = mountsBelow(directory);
  if (below.length > 0) return busyError(directory, below, cause);
  const holders = findDiskHolders(directory);
  const shown = holders
    .slice(0, holdersShownMax)
    .map(({ command, pid, path }) => `${command} (${pid}, ${showPath(path)})`);
  const more = holders.length - shown.length;
  const by = shown.length === 0 ? '' : ` by ${shown.join(', ')}`;
  return appError(
    'ERR_RAM_BUSY',
    `${showPath(directory)} is in use${by}${more > 0 ? ` and ${more} more` : ''}`,
    'End what uses it, or unmount all the same with --force',
    cause,
  );
}

function noAnswer(state: DiskState | undefined, cause?: unknown): Error {
  const server = state === undefined ? 'the server' : `the server (pid ${state.server.pid})`;
  const message = `${server} runs but doesn't answer`;
  return appError('ERR_RAM_NO_ANSWER', message, 'End it and the disk with --force', cause);
}
