import { chmodSync, lstatSync, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { appError } from './app-error.ts';
import { showPath } from './show-path.ts';

/** Where sockets, state and logs are. */
export interface Places {
  /** Sockets and state of disks; mode 0700. */
  runtime: string;
  /** Mode 0700. */
  logs: string;
}

/**
 * Root: /run/ram and /var/log/ram. Others: $XDG_RUNTIME_DIR/ram, or /tmp/ram-UID without it, and
 * $XDG_STATE_HOME/ram, or ~/.local/state/ram. RAM_RUNTIME_DIR and RAM_LOG_DIR go before.
 * Touches nothing.
 */
export function findPlaces(environment: NodeJS.ProcessEnv = process.env, uid = userId()): Places {
  const home = environment.HOME || homedir();
  const root = uid === 0;
  const xdgRuntime = absolute(environment.XDG_RUNTIME_DIR);
  const xdgState = absolute(environment.XDG_STATE_HOME) ?? join(home, '.local', 'state');
  const userRuntime =
    xdgRuntime !== undefined && isOwn(xdgRuntime, uid)
      ? join(xdgRuntime, 'ram')
      : `/tmp/ram-${uid}`;
  return {
    runtime: given(environment, 'RAM_RUNTIME_DIR') ?? (root ? '/run/ram' : userRuntime),
    logs: given(environment, 'RAM_LOG_DIR') ?? (root ? '/var/log/ram' : join(xdgState, 'ram')),
  };
}

/** The one log of all servers of a user. */
export function logPath(places: Places): string {
  return join(places.logs, 'ramd.log');
}

/**
 * Makes the directory if it is missing, and sees to it that nobody else can get in: it must be a
 * directory, no link to one, of this user, and gets mode 0700.
 *
 * @throws ERR_RAM_NOT_PERMITTED
 */
export function ensurePrivateDirectory(path: string, uid = userId()): void {
  makeDirectory(path);
  checkPrivateDirectory(path, uid);
  if ((lstatSync(path).mode & 0o077) !== 0) chmodSync(path, 0o700);
}

/**
 * Refuses a directory that someone else may have filled. One that isn't there is no danger.
 * @throws ERR_RAM_NOT_PERMITTED
 */
export function checkPrivateDirectory(path: string, uid = userId()): void {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return;
  if (!stats.isDirectory() || stats.uid !== uid) {
    throw appError(
      'ERR_RAM_NOT_PERMITTED',
      `${showPath(path)} is ${stats.isDirectory() ? "another user's" : 'no directory'}`,
      'Set RAM_RUNTIME_DIR and RAM_LOG_DIR to folders of your own',
    );
  }
}

function makeDirectory(path: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    // Recursive only to say nothing when it is there.
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw appError(
      'ERR_RAM_NOT_PERMITTED',
      `${showPath(path)} can't be made (${code})`,
      'Set RAM_RUNTIME_DIR and RAM_LOG_DIR to folders of your own',
      error,
    );
  }
}

function given(environment: NodeJS.ProcessEnv, name: string): string | undefined {
  const value = environment[name];
  if (value === undefined || value === '') return undefined;
  if (isAbsolute(value)) return value;
  throw appError('ERR_RAM_USAGE', `${name} is not an absolute path: ${showPath(value)}`);
}

function absolute(path: string | undefined): string | undefined {
  return path !== undefined && isAbsolute(path) ? path : undefined;
}

function isOwn(directory: string, uid: number): boolean {
  const stats = lstatSync(directory, { throwIfNoEntry: false });
  return stats !== undefined && stats.isDirectory() && stats.uid === uid;
}

/** The effective one, which owns what is made. */
function userId(): number {
  return process.geteuid?.() ?? 0;
}
