import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync } from 'node:fs';
import type { DiskRequest, MountedDisk, RamdMessage } from '@ram/daemon';
import {
  appError,
  ensurePrivateDirectory,
  findPlaces,
  fromPlainError,
  logPath,
  openLogFile,
  ramdArguments,
  ramdPath,
} from '@ram/daemon';
import { resolve } from 'node:path';

const readyLimitMs = 15_000;

/**
 * Starts a server for one disk that outlives this process, and waits until it has mounted.
 *
 * @throws what the server says, or ERR_RAM_NO_ANSWER; no server is left running then.
 */
export async function launchServer(request: DiskRequest): Promise<MountedDisk> {
  const places = findPlaces();
  ensurePrivateDirectory(places.logs);
  const log = logPath(places);
  const child = start({ ...request, directory: resolve(request.directory) }, log);
  try {
    return await waitForReady(child, log);
  } finally {
    if (child.connected) child.disconnect();
    child.unref();
  }
}

function start(request: DiskRequest, log: string): ChildProcess {
  const descriptor = openLogFile(log);
  try {
    return spawn(process.execPath, [ramdPath, ...ramdArguments(request)], {
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

function waitForReady(child: ChildProcess, log: string): Promise<MountedDisk> {
  return new Promise((resolve, reject) => {
    const hint = `See what it wrote: tail ${log}`;
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(appError('ERR_RAM_NO_ANSWER', 'the server did not mount in 15 seconds', hint));
    }, readyLimitMs);
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
