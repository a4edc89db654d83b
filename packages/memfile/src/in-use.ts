import { readdirSync, statSync } from 'node:fs';
import { lookAtDescriptor } from './facts.ts';
import { native } from './native.ts';

/**
 * Whether the file is open or mapped anywhere but through this descriptor. The file must belong to
 * this user (or the user be root). Asks the kernel by a lease that is given back at once; where the
 * file system has none, it looks through the processes of this user.
 */
export function isInUse(fd: number): boolean {
  const answer = native().isOpenElsewhere(fd);
  return answer < 0 ? isOpenInProcesses(fd) : answer === 1;
}

function isOpenInProcesses(fd: number): boolean {
  const { device, inode } = lookAtDescriptor(fd);
  for (const process of listDirectory('/proc')) {
    if (!/^\d+$/.test(process)) continue;
    for (const name of listDirectory(`/proc/${process}/fd`)) {
      if (isOwn(process, name, fd)) continue;
      const found = statQuietly(`/proc/${process}/fd/${name}`);
      if (found?.ino === inode && found.dev === device) return true;
    }
  }
  return false;
}

function isOwn(process: string, name: string, fd: number): boolean {
  return process === String(globalThis.process.pid) && name === String(fd);
}

function listDirectory(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function statQuietly(path: string) {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}
