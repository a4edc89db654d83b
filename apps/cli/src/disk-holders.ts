import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

/** A process that keeps a disk busy. */
export interface DiskHolder {
  pid: number;
  /** The program's name, at most 15 bytes. */
  command: string;
  /** One path on the disk that it has open, works in, or has mapped. */
  path: string;
}

/**
 * The processes that have something of `directory` open, as far as this user may see. Reads only
 * /proc, never the disk.
 */
export function findDiskHolders(directory: string, proc = '/proc'): DiskHolder[] {
  return readNames(proc)
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const path = heldPath(join(proc, name), directory);
      if (path === undefined) return [];
      const command = readText(join(proc, name, 'comm')).trim();
      return [{ pid: Number(name), command, path }];
    });
}

function heldPath(process: string, directory: string): string | undefined {
  const inside = (path: string): boolean => path === directory || path.startsWith(`${directory}/`);
  const links = [
    ...['cwd', 'root', 'exe'].map((name) => join(process, name)),
    ...readNames(join(process, 'fd')).map((name) => join(process, 'fd', name)),
  ];
  for (const link of links) {
    const target = readLink(link);
    if (target !== undefined && inside(target)) return target;
  }
  return mappedPaths(readText(join(process, 'maps'))).find(inside);
}

function mappedPaths(maps: string): string[] {
  return maps.split('\n').flatMap((line) => {
    const start = line.indexOf('/');
    return start < 0 ? [] : [line.slice(start).replaceAll('\\012', '\n')];
  });
}

function readNames(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function readLink(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
