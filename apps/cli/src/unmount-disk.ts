import {
  appError,
  conditionOf,
  isRamMount,
  kill,
  mountAt,
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

/** How it came to its end: asked its server, or without one. */
type UnmountWay = 'server' | 'dead' | 'frozen' | 'silent' | 'foreign';

export interface UnmountPlan {
  disk: FoundDisk;
  way: UnmountWay;
  /** What would be lost. Undefined when nobody can tell. */
  content?: { files: number; usedBytes: number };
}

const answerLimitMs = 5_000;
const unmountLimitMs = 15_000;
const exitLimitMs = 3_000;
const pollIntervalMs = 10;
const holdersShownMax = 5;

/** Finds out, in bounded time, what unmounting means for this disk. Changes nothing. */
export async function planUnmount(disk: FoundDisk): Promise<UnmountPlan> {
  const { state, directory } = disk;
  const probe = state === undefined ? undefined : await probeServer(state, answerLimitMs);
  const way = wayFor(probe, disk);
  if (way === 'foreign' && (await mountState(directory)) === 'dead') return { disk, way: 'dead' };
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
  await evict(disk, runtime);
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
    return evict({ directory, state }, runtime);
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

/** Ends a disk whose server doesn't take part. */
async function evict({ directory, state }: FoundDisk, runtime: string): Promise<void> {
  // Whoever waits for the server gets an error now, and a server that waits for itself can die.
  // Where this user may not abort, the end of the server does most of it.
  if (isMounted(directory)) await abortConnection(directory).catch(() => {});
  if (state !== undefined) kill(state.server);
  if (isMounted(directory)) await unmountDirectory(directory, { force: true });
  if (state === undefined) return;
  await waitUntilGone(state);
  removeLeftOvers(runtime, state);
}

function isMounted(directory: string): boolean {
  const entry = mountAt(directory);
  return entry !== undefined && isRamMount(entry);
}

async function waitUntilGone({ server }: DiskState): Promise<void> {
  const end = performance.now() + exitLimitMs;
  while (conditionOf(server) !== 'gone' && performance.now() < end) await delay(pollIntervalMs);
}

function busy(directory: string, cause: unknown): Error {
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
