import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync } from 'node:fs';
import { resolve } from 'node:path';
import {
  appError,
  ensurePrivateDirectory,
  findPlaces,
  fromPlainError,
  listDiskStates,
  logPath,
  openLogFile,
  ramdArguments,
  ramdPath,
  showPath,
} from '@ram/daemon';
import type { DiskRequest, MountedDisk, RamdMessage } from '@ram/daemon';
import { unmountDisk } from './unmount-disk.ts';

export interface LaunchOptions {
  /** Another program than ramd, for tests. */
  program?: string;
  /** How long the server may take. Default 15,000. */
  readyLimitMs?: number;
}

/**
 * Starts a server for one disk that outlives this process, and waits until it has mounted.
 *
 * @throws what the server says, or ERR_RAM_NO_ANSWER; no server and no mount is left then.
 */
export async function launchServer(
  request: DiskRequest,
  { program = ramdPath, readyLimitMs = 15_000 }: LaunchOptions = {},
): Promise<MountedDisk> {
  const places = findPlaces();
  ensurePrivateDirectory(places.runtime);
  ensurePrivateDirectory(places.logs);
  const log = logPath(places);
  const child = start(program, { ...request, directory: resolve(request.directory) }, log);
  try {
    return await waitForReady(child, log, readyLimitMs);
  } catch (error) {
    // The first error says more than one of clearing up.
    await end(child, places.runtime).catch(() => {});
    throw error;
  } finally {
    if (child.connected) child.disconnect();
    child.unref();
  }
}

function start(program: string, request: DiskRequest, log: string): ChildProcess {
  const descriptor = openLogFile(log);
  try {
    return spawn(process.execPath, [program, ...ramdArguments(request)], {
      // Not where it would keep another disk busy.
      cwd: '/',
      // A session of its own: no Ctrl-C and no hang-up of this terminal.
      detached: true,
      stdio: ['ignore', descriptor, descriptor, 'ipc'],
    });
  } finally {
    closeSync(descriptor);
  }
}

function waitForReady(child: ChildProcess, log: string, limitMs: number): Promise<MountedDisk> {
  return new Promise((resolve, reject) => {
    const hint = `See what it wrote: tail ${showPath(log)}`;
    const timer = setTimeout(() => {
      const message = `the server did not mount in ${limitMs / 1000} s and was ended`;
      reject(appError('ERR_RAM_NO_ANSWER', message, hint));
    }, limitMs);
    child.once('message', (message: RamdMessage) => {
      clearTimeout(timer);
      if (message.type === 'ready') resolve(message.disk);
      else reject(fromPlainError(message.error));
    });
    child.once('error', (error) => {
      clearTimeout(timer);
      reject(appError('ERR_RAM_FAILED', `ramd can't be started: ${error.message}`, hint, error));
    });
    child.once('exit', (code, signal) => {
      clearTimeout(timer);
      reject(appError('ERR_RAM_FAILED', `the server ended (${signal ?? `code ${code}`})`, hint));
    });
  });
}

/** What a server leaves that failed without a word. One that said why cleans up by itself. */
async function end(child: ChildProcess, runtime: string): Promise<void> {
  if (child.exitCode === null) child.kill('SIGKILL');
  const state = listDiskStates(runtime).find(({ server }) => server.pid === child.pid);
  if (state === undefined) return;
  const disk = { directory: state.directory, byName: true, state };
  await unmountDisk({ disk, way: 'dead' }, runtime, true);
}
