import { accessSync, constants, lstatSync, readdirSync, readlinkSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { appError } from './app-error.ts';
import { readMountTable } from './mount-table.ts';
import { showPath } from './show-path.ts';

const linksMax = 40;
const stickyBit = 0o1000;

/**
 * The path without symbolic links. Never looks at a mount point itself, so that the disk of a
 * frozen server doesn't hold the caller up; what doesn't exist is kept as it is written.
 */
export function resolveMountPoint(path: string, table = readMountTable()): string {
  const mountPoints = new Set(table.map(({ directory }) => directory));
  const rest = resolve(path).split('/').filter(Boolean);
  let done = '';
  for (let links = 0; rest.length > 0;) {
    const next = `${done}/${rest.shift()}`;
    const target = mountPoints.has(next) ? undefined : readLink(next);
    if (target === undefined) {
      done = next;
      continue;
    }
    links += 1;
    if (links > linksMax) {
      throw appError('ERR_RAM_NO_MOUNT_POINT', `${showPath(path)} has too many symbolic links`);
    }
    const absolute = isAbsolute(target) ? target : resolve(done || '/', target);
    rest.unshift(...resolve(absolute).split('/').filter(Boolean));
    done = '';
  }
  return done || '/';
}

/**
 * Whether a disk can be mounted there, as far as one can see before it is tried.
 *
 * @param directory From `resolveMountPoint`; no mount point.
 * @param options.nonempty Whether it may hold something, which is hidden then.
 * @throws ERR_RAM_NO_MOUNT_POINT, ERR_RAM_NOT_A_DIRECTORY, ERR_RAM_NOT_EMPTY,
 *   ERR_RAM_NOT_PERMITTED
 */
export function checkMountPoint(
  directory: string,
  { nonempty = false, uid = process.geteuid?.() ?? 0 } = {},
): void {
  const shown = showPath(directory);
  const stats = attempt(directory, () => lstatSync(directory));
  if (!stats.isDirectory()) {
    throw appError(
      'ERR_RAM_NOT_A_DIRECTORY',
      `${shown} is not a directory`,
      `Take another one: mkdir -p ${showPath(`${directory}-disk`)}`,
    );
  }
  if (uid !== 0 && stats.uid !== uid && !isSharedWith(directory, stats)) {
    throw appError(
      'ERR_RAM_NOT_PERMITTED',
      `${shown} belongs to another user`,
      'Take a directory of your own, or mount as root',
    );
  }
  if (attempt(directory, () => readdirSync(directory)).length > 0 && !nonempty) {
    throw appError(
      'ERR_RAM_NOT_EMPTY',
      `${shown} is not empty, and a disk would hide what is in it`,
      'Take an empty directory, or hide what is in it with --nonempty',
    );
  }
}

/** As fusermount3 has it: writable, and not so that only owners may remove what is in it. */
function isSharedWith(directory: string, { mode }: Stats): boolean {
  if ((mode & stickyBit) !== 0) return false;
  try {
    accessSync(directory, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function attempt<T>(directory: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const shown = showPath(directory);
    if (code === 'ENOENT') {
      const hint = `Make it: mkdir -p ${shown}`;
      throw appError('ERR_RAM_NO_MOUNT_POINT', `${shown} doesn't exist`, hint, error);
    }
    if (code === 'ENOTDIR') {
      const hint = 'Take another directory';
      throw appError('ERR_RAM_NOT_A_DIRECTORY', `a part of ${shown} is a file`, hint, error);
    }
    if (code === 'EACCES' || code === 'EPERM') {
      const hint = 'Take a directory of your own, or mount as root';
      throw appError('ERR_RAM_NOT_PERMITTED', `${shown} can't be entered`, hint, error);
    }
    if (code === 'ENOTCONN') {
      const hint = 'Unmount the disk above it first: ram umount';
      throw appError('ERR_RAM_NOT_A_DISK', `${shown} is on a disk that is dead`, hint, error);
    }
    throw appError('ERR_RAM_FAILED', message, undefined, error);
  }
}

function readLink(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
