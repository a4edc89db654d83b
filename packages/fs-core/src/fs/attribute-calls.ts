import { callError } from '../call-error.ts';
import type { Native, NativeVolume } from '../native.ts';
import { toDescriptor, toMode, toOwner, toPath, toSmallMode, toUnixTime } from './arguments.ts';
import { VolumeStats, makeBigIntStatFs, makeBigIntStats, makeStatFs } from './stats.ts';
import type { VolumeFs } from './volume-fs.ts';

const ENOENT = -2;

interface StatOptions {
  bigint?: unknown;
  throwIfNoEntry?: unknown;
}

const noOptions: StatOptions = {};

type AttributeCalls = Pick<
  VolumeFs,
  | 'statSync'
  | 'lstatSync'
  | 'fstatSync'
  | 'statfsSync'
  | 'accessSync'
  | 'existsSync'
  | 'chmodSync'
  | 'fchmodSync'
  | 'chownSync'
  | 'lchownSync'
  | 'fchownSync'
  | 'utimesSync'
  | 'lutimesSync'
  | 'futimesSync'
>;

/** Attributes: reading and changing them. */
export function attributeCalls(volume: NativeVolume, results: Native): AttributeCalls {
  const makeStats = (bigint: boolean): unknown =>
    bigint ? makeBigIntStats(results.bigints) : new VolumeStats(results.numbers);

  const stat = (
    pathArgument: unknown,
    { bigint, throwIfNoEntry }: StatOptions,
    follow: boolean,
  ): unknown => {
    const path = toPath(pathArgument);
    const result = volume.stat(path, follow, bigint === true);
    if (result === 0) return makeStats(bigint === true);
    if (throwIfNoEntry === false && result === ENOENT) return undefined;
    throw callError(result, follow ? 'stat' : 'lstat', path);
  };

  return {
    statSync: ((path: unknown, options: StatOptions = noOptions) =>
      stat(path, options, true)) as VolumeFs['statSync'],

    lstatSync: ((path: unknown, options: StatOptions = noOptions) =>
      stat(path, options, false)) as VolumeFs['lstatSync'],

    fstatSync: ((fd: unknown, { bigint }: StatOptions = noOptions) => {
      const result = volume.fstat(toDescriptor(fd), bigint === true);
      if (result < 0) throw callError(result, 'fstat');
      return makeStats(bigint === true);
    }) as VolumeFs['fstatSync'],

    statfsSync: ((pathArgument: unknown, { bigint }: StatOptions = noOptions) => {
      const path = toPath(pathArgument);
      const result = volume.statfs(path, bigint === true);
      if (result < 0) throw callError(result, 'statfs', path);
      return bigint === true ? makeBigIntStatFs(results.bigints) : makeStatFs(results.numbers);
    }) as VolumeFs['statfsSync'],

    accessSync(pathArgument, mode) {
      const path = toPath(pathArgument);
      const result = volume.access(path, toSmallMode(mode));
      if (result < 0) throw callError(result, 'access', path);
    },

    existsSync(pathArgument) {
      let path;
      try {
        path = toPath(pathArgument);
      } catch {
        return false; // as Node, which has answered so for too long to change it
      }
      const result = volume.access(path, 0);
      if (result < -4096) throw callError(result, 'access', path);
      return result === 0;
    },

    ...changes(volume),
  };
}

function changes(volume: NativeVolume) {
  return {
    chmodSync(pathArgument: unknown, mode: unknown) {
      const path = toPath(pathArgument);
      const result = volume.chmod(path, toMode(mode));
      if (result < 0) throw callError(result, 'chmod', path);
    },

    fchmodSync(fd: unknown, mode: unknown) {
      const result = volume.fchmod(toDescriptor(fd), toMode(mode));
      if (result < 0) throw callError(result, 'fchmod');
    },

    chownSync(pathArgument: unknown, uid: unknown, gid: unknown) {
      const path = toPath(pathArgument);
      const result = volume.chown(path, toOwner(uid, 'uid'), toOwner(gid, 'gid'), true);
      if (result < 0) throw callError(result, 'chown', path);
    },

    lchownSync(pathArgument: unknown, uid: unknown, gid: unknown) {
      const path = toPath(pathArgument);
      const result = volume.chown(path, toOwner(uid, 'uid'), toOwner(gid, 'gid'), false);
      if (result < 0) throw callError(result, 'lchown', path);
    },

    fchownSync(fd: unknown, uid: unknown, gid: unknown) {
      const owner = toOwner(uid, 'uid');
      const result = volume.fchown(toDescriptor(fd), owner, toOwner(gid, 'gid'));
      if (result < 0) throw callError(result, 'fchown');
    },

    utimesSync(pathArgument: unknown, atime: unknown, mtime: unknown) {
      const path = toPath(pathArgument);
      const result = volume.utimes(path, toUnixTime(atime), toUnixTime(mtime), true);
      if (result < 0) throw callError(result, 'utime', path);
    },

    lutimesSync(pathArgument: unknown, atime: unknown, mtime: unknown) {
      const path = toPath(pathArgument);
      const result = volume.utimes(path, toUnixTime(atime), toUnixTime(mtime), false);
      if (result < 0) throw callError(result, 'lutime', path);
    },

    futimesSync(fd: unknown, atime: unknown, mtime: unknown) {
      const times = [toUnixTime(atime, 'atime'), toUnixTime(mtime, 'mtime')] as const;
      const result = volume.futimes(toDescriptor(fd), ...times);
      if (result < 0) throw callError(result, 'futime');
    },
  };
}
