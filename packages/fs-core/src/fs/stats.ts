// What stat and statfs return: objects with the prototypes of Node's own classes.
import { Stats, statSync } from 'node:fs';
import type { BigIntStats, BigIntStatsFs, StatsFs } from 'node:fs';

type Writable<T> = { -readonly [K in keyof T]: T[K] };

const nanosecondsPerSecond = 10n ** 9n;
const nanosecondsPerMillisecond = 10n ** 6n;
// Node 22 and later compute the dates on first use, from accessors of the prototype.
const datesAreLazy = 'atime' in Stats.prototype;

/**
 * A Stats from the numbers of native/addon/environment.cc, in their order. Not by Node's
 * constructor, which is deprecated, but with its prototype.
 */
export const VolumeStats = function (this: Writable<Stats>, numbers: Float64Array): void {
  const at = (field: number): number => numbers[field] ?? 0;
  this.dev = at(0);
  this.mode = at(1);
  this.nlink = at(2);
  this.uid = at(3);
  this.gid = at(4);
  this.rdev = at(5);
  this.blksize = at(6);
  this.ino = at(7);
  this.size = at(8);
  this.blocks = at(9);
  this.atimeMs = at(10) * 1000 + at(11) / 1e6;
  this.mtimeMs = at(12) * 1000 + at(13) / 1e6;
  this.ctimeMs = at(14) * 1000 + at(15) / 1e6;
  this.birthtimeMs = at(16) * 1000 + at(17) / 1e6;
  if (datesAreLazy) return;
  this.atime = toDate(this.atimeMs);
  this.mtime = toDate(this.mtimeMs);
  this.ctime = toDate(this.ctimeMs);
  this.birthtime = toDate(this.birthtimeMs);
} as unknown as { new (numbers: Float64Array): Stats; prototype: Stats };
VolumeStats.prototype = Stats.prototype;

// Node doesn't export its class; any instance leads to it.
let bigIntStatsPrototype: object | undefined;

export function makeBigIntStats(numbers: BigInt64Array): BigIntStats {
  bigIntStatsPrototype ??= Object.getPrototypeOf(statSync('/', { bigint: true })) as object;
  const stats = Object.create(bigIntStatsPrototype) as Writable<BigIntStats>;
  const at = (field: number): bigint => numbers[field] ?? 0n;
  const time = (field: number): bigint => at(field) * nanosecondsPerSecond + at(field + 1);
  stats.dev = at(0);
  stats.mode = at(1);
  stats.nlink = at(2);
  stats.uid = at(3);
  stats.gid = at(4);
  stats.rdev = at(5);
  stats.blksize = at(6);
  stats.ino = at(7);
  stats.size = at(8);
  stats.blocks = at(9);
  const [atimeNs, mtimeNs, ctimeNs, birthtimeNs] = [time(10), time(12), time(14), time(16)];
  stats.atimeMs = atimeNs / nanosecondsPerMillisecond;
  stats.mtimeMs = mtimeNs / nanosecondsPerMillisecond;
  stats.ctimeMs = ctimeNs / nanosecondsPerMillisecond;
  stats.birthtimeMs = birthtimeNs / nanosecondsPerMillisecond;
  stats.atimeNs = atimeNs;
  stats.mtimeNs = mtimeNs;
  stats.ctimeNs = ctimeNs;
  stats.birthtimeNs = birthtimeNs;
  if (datesAreLazy) return stats;
  stats.atime = toDate(Number(stats.atimeMs));
  stats.mtime = toDate(Number(stats.mtimeMs));
  stats.ctime = toDate(Number(stats.ctimeMs));
  stats.birthtime = toDate(Number(stats.birthtimeMs));
  return stats;
}

function toDate(milliseconds: number): Date {
  return new Date(Math.round(milliseconds));
}

class StatFs<T> {
  type: T;
  bsize: T;
  blocks: T;
  bfree: T;
  bavail: T;
  files: T;
  ffree: T;

  constructor(at: (field: number) => T) {
    this.type = at(0);
    this.bsize = at(1);
    this.blocks = at(2);
    this.bfree = at(3);
    this.bavail = at(4);
    this.files = at(5);
    this.ffree = at(6);
  }
}

export function makeStatFs(numbers: Float64Array): StatsFs {
  return new StatFs((field) => numbers[field] ?? 0);
}

export function makeBigIntStatFs(numbers: BigInt64Array): BigIntStatsFs {
  return new StatFs((field) => numbers[field] ?? 0n);
}
