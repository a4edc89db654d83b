import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';

/** Something about a directory that makes content vanish or not fit. Codes are stable. */
export interface Trap {
  code: 'small' | 'nearly-full' | 'emptied-at-logout';
  /** What is so and what to do. */
  message: string;
}

interface Space {
  totalBytes: number;
  freeBytes: number;
}

const mebibyte = 2 ** 20;
const smallBytes = 64 * mebibyte;
const nearlyFull = 0.05;
/** Users with smaller numbers belong to the system: logind leaves their files alone. */
const firstPersonUid = 1000;

/** What is to be known about a directory before one relies on it. */
export function findTraps(directory: string, space: Space, root = '/'): Trap[] {
  const traps: Trap[] = [];
  const shown = `${Math.round(space.totalBytes / mebibyte)} MiB`;
  if (space.totalBytes <= smallBytes) {
    const message =
      `${directory} holds only ${shown}, as in containers: ` +
      'docker run --shm-size 1g, or use another directory';
    traps.push({ code: 'small', message });
  }
  if (space.freeBytes < space.totalBytes * nearlyFull) {
    const message = `${directory} is nearly full (${shown}): see what gc() can free`;
    traps.push({ code: 'nearly-full', message });
  }
  if (directory === '/dev/shm' && isEmptiedAtLogout(ownUser(), root)) {
    const message =
      'systemd-logind removes your files in /dev/shm when you log out: ' +
      'RemoveIPC=no in /etc/systemd/logind.conf, or loginctl enable-linger';
    traps.push({ code: 'emptied-at-logout', message });
  }
  return traps;
}

/** @see logind.conf(5), RemoveIPC */
export function isEmptiedAtLogout(user: { uid: number; username: string }, root = '/'): boolean {
  if (user.uid < firstPersonUid) return false;
  if (!existsSync(join(root, 'run/systemd/seats'))) return false;
  if (existsSync(join(root, 'var/lib/systemd/linger', user.username))) return false;
  return readRemoveIpc(root);
}

/** The last setting counts: the main file, then the others by their names. Default yes. */
function readRemoveIpc(root: string): boolean {
  const folders = ['usr/lib', 'run', 'etc'].map((top) => join(root, top, 'systemd/logind.conf.d'));
  const byName = new Map(
    folders.flatMap((folder) => listConfigurations(folder).map((name) => [name, folder] as const)),
  );
  const files = [...byName.keys()].toSorted().map((name) => join(byName.get(name) ?? '', name));
  let value = 'yes';
  for (const file of [join(root, 'etc/systemd/logind.conf'), ...files]) {
    const found = [...readQuietly(file).matchAll(/^\s*RemoveIPC\s*=\s*(\S*)/gm)].at(-1)?.[1];
    if (found !== undefined) value = found;
  }
  return !/^(?:no|n|false|f|off|0)$/i.test(value);
}

function listConfigurations(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => name.endsWith('.conf'));
  } catch {
    return [];
  }
}

function readQuietly(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function ownUser(): { uid: number; username: string } {
  try {
    return userInfo();
  } catch {
    // A number without an entry in /etc/passwd, as in containers.
    return { uid: process.geteuid?.() ?? 0, username: '' };
  }
}
