// How much memory there is for a Volume: what the machine has and what the cgroup allows.
import { readFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { posix } from 'node:path';

/** Returns a file's text, or undefined when it can't be read. */
export type ReadText = (path: string) => string | undefined;

/** Values at or above this mean "no limit" in cgroup v1, which has no word for it. */
const unlimitedBytes = 2 ** 60;

/** The limit of a Volume that is given none: half of RAM, or half of the cgroup's limit if less. */
export function defaultMaxBytes(): number {
  return Math.floor(usableMemoryBytes() / 2);
}

/** RAM, or the limit of this process's cgroup if that is less. */
export function usableMemoryBytes(): number {
  return Math.min(totalmem(), cgroupLimitBytes(readText) ?? Infinity);
}

/** RAM and swap: what can be held at all. */
export function totalMemoryBytes(): number {
  const swap = /^SwapTotal:\s*(\d+) kB$/m.exec(readText('/proc/meminfo') ?? '')?.[1];
  return totalmem() + Number(swap ?? 0) * 1024;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/**
 * The lowest memory limit of the process's cgroup and of those above it, in bytes; undefined
 * without one. Understands cgroup v2, v1 and both at once.
 * @see https://man7.org/linux/man-pages/man7/cgroups.7.html
 */
export function cgroupLimitBytes(read: ReadText): number | undefined {
  const mounts = cgroupMounts(read('/proc/self/mountinfo') ?? '');
  const limits = (read('/proc/self/cgroup') ?? '').split('\n').flatMap((line) => {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (controllers === undefined || path === undefined) return [];
    const isV2 = controllers === '';
    if (!isV2 && !controllers.split(',').includes('memory')) return [];
    const mount = mounts.find((one) => one.isV2 === isV2);
    if (mount === undefined) return [];
    const file = isV2 ? 'memory.max' : 'memory.limit_in_bytes';
    return foldersUpTo(mount, path).map((folder) => toLimit(read(posix.join(folder, file))));
  });
  const lowest = Math.min(...limits);
  return lowest === Infinity ? undefined : lowest;
}

interface CgroupMount {
  isV2: boolean;
  /** The cgroup that is mounted: not '/' in a container without a cgroup namespace. */
  root: string;
  directory: string;
}

function cgroupMounts(mountinfo: string): CgroupMount[] {
  return mountinfo.split('\n').flatMap((line): CgroupMount[] => {
    const [before = '', after = ''] = line.split(' - ');
    const [, , , root = '', directory = ''] = before.split(' ');
    const [type, , options = ''] = after.split(' ');
    if (type === 'cgroup2') return [{ isV2: true, root, directory }];
    if (type !== 'cgroup' || !options.split(',').includes('memory')) return [];
    return [{ isV2: false, root, directory }];
  });
}

/** The folder of a cgroup and of each above it, as far as they are mounted. */
function foldersUpTo({ root, directory }: CgroupMount, cgroup: string): string[] {
  const below = posix.relative(root, cgroup);
  const steps = below === '' || below.startsWith('..') ? [] : below.split('/');
  return Array.from({ length: steps.length + 1 }, (_, depth) =>
    posix.join(directory, ...steps.slice(0, depth)),
  );
}

function toLimit(text: string | undefined): number {
  const bytes = Number.parseInt(text ?? '', 10); // 'max' is NaN
  return bytes >= 0 && bytes < unlimitedBytes ? bytes : Infinity;
}
