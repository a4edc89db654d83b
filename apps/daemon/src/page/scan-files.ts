import { setImmediate as nextTurn } from 'node:timers/promises';
import type { PageFile } from '@ram/viewer';
import type { PageDiskSource } from './page-disk.ts';

type Fs = PageDiskSource['fs'];

/** How long the event loop is kept at a time. */
const sliceMs = 5;
const slash = Buffer.from('/');

/**
 * The files that changed last, `max` of them, by a walk through the whole disk in small steps.
 * What comes and goes meanwhile may be in it or not.
 *
 * @returns undefined when the signal was aborted.
 */
export async function scanFiles(
  fs: Fs,
  max: number,
  signal: AbortSignal,
): Promise<{ files: PageFile[]; total: number } | undefined> {
  let newest: PageFile[] = [];
  let total = 0;
  let sliceEnd = performance.now() + sliceMs;
  const directories = [slash];
  for (let directory = directories.pop(); directory; directory = directories.pop()) {
    for (const name of namesIn(fs, directory)) {
      if (performance.now() > sliceEnd) {
        await nextTurn();
        if (signal.aborted) return undefined;
        sliceEnd = performance.now() + sliceMs;
      }
      const path = Buffer.concat(directory.length === 1 ? [slash, name] : [directory, slash, name]);
      const stats = statsOf(fs, path);
      if (stats === undefined) continue;
      if (stats.isDirectory()) {
        directories.push(path);
        continue;
      }
      total += 1;
      newest.push(toPageFile(path.toString(), stats));
      if (newest.length >= max * 2) newest = newestOf(newest, max);
    }
  }
  return { files: newestOf(newest, max), total };
}

/** A file as it is now; undefined when it is gone, or a directory. */
export function lookAt(fs: Fs, path: string, bytes?: Buffer): PageFile | 'directory' | undefined {
  const stats = statsOf(fs, bytes ?? path);
  if (stats === undefined) return undefined;
  return stats.isDirectory() ? 'directory' : toPageFile(path, stats);
}

export function isEmptyDirectory(fs: Fs, path: string | Buffer): boolean {
  return namesIn(fs, Buffer.from(path)).length === 0;
}

interface Stats {
  size: number;
  ctimeMs: number;
  isDirectory(): boolean;
  isFile(): boolean;
  isSymbolicLink(): boolean;
}

/** By the time of change, which no program sets back: what has just come in is on top. */
function toPageFile(path: string, stats: Stats): PageFile {
  const kind = stats.isFile() ? 'file' : stats.isSymbolicLink() ? 'link' : 'other';
  return { path, kind, sizeBytes: stats.size, changedAt: stats.ctimeMs };
}

function statsOf(fs: Fs, path: string | Buffer): Stats | undefined {
  try {
    return fs.lstatSync(path);
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

function namesIn(fs: Fs, directory: Buffer): Buffer[] {
  try {
    return fs.readdirSync(directory, { encoding: 'buffer' });
  } catch (error) {
    if (isGone(error)) return [];
    throw error;
  }
}

/** Removed, or something else in its place or above it. What came as text may be too long. */
function isGone(error: unknown): boolean {
  const { code = '' } = error as NodeJS.ErrnoException;
  return ['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG'].includes(code);
}

function newestOf(files: readonly PageFile[], max: number): PageFile[] {
  return files.toSorted((a, b) => b.changedAt - a.changedAt).slice(0, max);
}
