import { accessSync, chmodSync, constants, existsSync, lstatSync, mkdirSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { appError } from './app-error.ts';
import { showPath } from './show-path.ts';
import { readUserNamespace } from './user-namespace.ts';
import type { UserNamespace } from './user-namespace.ts';

/** Where sockets, state and logs are. */
export interface Places {
  /** Sockets and state of disks; mode 0700. */
  runtime: string;
  /** Mode 0700. */
  logs: string;
}

const advice = 'Set RAM_RUNTIME_DIR and RAM_LOG_DIR to folders of your own';

/**
 * Root: /run/ram and /var/log/ram. Others, and root of a user namespace who may not write there:
 * $XDG_RUNTIME_DIR/ram, or /tmp/ram-UID without it, and $XDG_STATE_HOME/ram, or ~/.local/state/ram,
 * or where neither can be made a folder beside the sockets. RAM_RUNTIME_DIR and RAM_LOG_DIR go
 * before. Touches nothing.
 */
export function findPlaces(
  environment: NodeJS.ProcessEnv = process.env,
  uid = userId(),
  namespace: UserNamespace = readUserNamespace(uid),
  canBe: (path: string, uid: number) => boolean = canBeOwn,
): Places {
  const hasSystemPlace = (path: string): boolean =>
    uid === 0 && (namespace.isInitial || canBe(path, uid));
  const runtime =
    given(environment, 'RAM_RUNTIME_DIR') ??
    (hasSystemPlace('/run/ram') ? '/run/ram' : userRuntime(environment, uid, namespace));
  const log = given(environment, 'RAM_LOG_DIR');
  if (log !== undefined) return { runtime, logs: log };
  if (hasSystemPlace('/var/log/ram')) return { runtime, logs: '/var/log/ram' };
  const home = environment.HOME || homedir();
  const state = absolute(environment.XDG_STATE_HOME) ?? join(home, '.local', 'state');
  const logs = join(state, 'ram');
  return { runtime, logs: canBe(logs, uid) ? logs : join(runtime, 'log') };
}

function userRuntime(environment: NodeJS.ProcessEnv, uid: number, { outsideUid }: UserNamespace) {
  const xdgRuntime = absolute(environment.XDG_RUNTIME_DIR);
  if (xdgRuntime !== undefined && isOwn(xdgRuntime, uid)) return join(xdgRuntime, 'ram');
  // Root of a namespace has the same place as the user who it is outside.
  return `/tmp/ram-${uid === 0 ? outsideUid : uid}`;
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
  const stats = lookAt(path);
  if (stats === undefined) return;
  if (!stats.isDirectory() || stats.uid !== uid || !isProvenOwner(path, stats, uid)) {
    throw appError(
      'ERR_RAM_NOT_PERMITTED',
      `${showPath(path)} is ${stats.isDirectory() ? "another user's" : 'no directory'}`,
      advice,
    );
  }
}

/** Undefined when it isn't there. @throws ERR_RAM_NOT_PERMITTED */
function lookAt(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw appError('ERR_RAM_NOT_PERMITTED', `no way to ${showPath(path)} (${code})`, advice, error);
  }
}

function makeDirectory(path: string): void {
  try {
    makeWithParents(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw appError(
      'ERR_RAM_NOT_PERMITTED',
      `${showPath(path)} can't be made (${code})`,
      advice,
      error,
    );
  }
}

/** Not by `recursive`, with which Node 20 never ends where the kernel says ENOENT, as in /proc. */
function makeWithParents(path: string): void {
  if (existsSync(path)) return;
  const above = dirname(path);
  if (!existsSync(above)) makeWithParents(above);
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    // Another process was faster.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
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
  try {
    const stats = lstatSync(directory);
    return stats.isDirectory() && stats.uid === uid;
  } catch {
    return false;
  }
}

/** Where strangers look like this user, that only an owner may set the mode tells them apart. */
function isProvenOwner(path: string, { mode }: Stats, uid: number): boolean {
  if (!readUserNamespace(uid).isAmbiguous) return true;
  try {
    chmodSync(path, mode & 0o7777);
    return true;
  } catch {
    return false;
  }
}

/** Whether it is a directory of this user, or can be made. */
function canBeOwn(path: string, uid: number): boolean {
  return existsSync(path) ? isOwn(path, uid) : isWritable(nearestAbove(path));
}

function nearestAbove(path: string): string {
  const above = dirname(path);
  return above === '/' || existsSync(above) ? above : nearestAbove(above);
}

function isWritable(directory: string): boolean {
  try {
    accessSync(directory, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The effective one, which owns what is made. */
function userId(): number {
  return process.geteuid?.() ?? 0;
}
