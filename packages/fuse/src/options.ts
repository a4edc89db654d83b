import { availableParallelism } from 'node:os';
import { invalidArgument, invalidValue, outOfRange, unknownOption } from '@ram/errno';

/** Who moves the bytes of a mount's files. */
export type IoMode = 'passthrough' | 'cached' | 'direct';

/** Kernels that a mount can be made for; what each knows is in native/core/protocol_versions.h. */
export const kernelVersions = ['5.15', '6.1', '6.18'] as const;
export type KernelVersion = (typeof kernelVersions)[number];

/** How a Volume is mounted. Every field is optional. */
export interface MountOptions {
  /**
   * `'kernel'` (default): native threads speak FUSE to the kernel. `'fuse-native'`: JavaScript
   * callbacks under libfuse, with FuseNativeOptions.
   */
  driver?: 'kernel';
  /** What /proc/mounts and df show as the device. 1 to 200 characters. Default: the
   * Volume's name. */
  name?: string;
  /**
   * `'passthrough'` (default): the kernel reads, writes and maps large files, and files that are
   * being written, by itself; where it can't (Linux < 6.9, no CAP_SYS_ADMIN in the initial user
   * namespace, a Volume of memfds), the same as `'cached'`. `mounted.io` tells.
   * `'cached'`: the kernel's page cache, with invalidation of what changes elsewhere.
   * `'direct'`: every read and write comes to the Volume; no byte is in memory twice.
   */
  io?: IoMode;
  /**
   * The directory of the Volume that is mounted: an absolute path without `..`; symbolic links in
   * it are not followed. The mount stays with the directory when it is renamed, and is empty once
   * it is removed. Default: `/`, all of it.
   */
  root?: string;
  /** Let users in who did not mount. Default: as root. Others need `user_allow_other` in
   * /etc/fuse.conf. */
  allowOther?: boolean;
  /** The kernel checks modes and owners as on any file system. Without it, who gets in may do
   * everything, and so `suid` and `dev` are refused where others get in; it saves a request after
   * each change of a directory. Default true, but where only root gets in: all is allowed to root
   * anyway. */
  defaultPermissions?: boolean;
  /** Default false. */
  readOnly?: boolean;
  /** Honour set-id bits and file capabilities. Root only; with `allowOther` only where
   * `defaultPermissions` are checked. Default false. */
  suid?: boolean;
  /** Honour device nodes. As `suid`. Default false. */
  dev?: boolean;
  /** Mount over a directory that is not empty and hide what is in it. Default false. */
  nonempty?: boolean;
  /**
   * `'kernel'` (default): file locks are the kernel's, per mount, and cost nothing.
   * `'volume'`: shared by all mounts of the Volume; lock calls and closes cost a request.
   */
  locks?: 'kernel' | 'volume';
  /**
   * How requests come in. `'device'` (default): over /dev/fuse. `'io_uring'`: over a queue per CPU;
   * needs Linux 6.14 and root's `echo Y > /sys/module/fuse/parameters/enable_uring`; with
   * `locks: 'volume'` also that this process may run on every CPU.
   */
  transport?: 'device' | 'io_uring';
  /**
   * As Linux of this version would have it, if it is older than the one that runs: INIT agrees on
   * its protocol and features only, and what it didn't know is answered ENOSYS. For tests and
   * measurements. The rest of the running kernel stays as it is.
   */
  kernel?: KernelVersion;
  /** The most threads that may serve requests, 2 to 64. One waits; others join under load.
   * Default: twice the CPUs, at least 4, at most 16. */
  threads?: number;
}

/** MountOptions with everything decided. */
export type ResolvedOptions = Required<Omit<MountOptions, 'driver' | 'kernel'>> & {
  kernel: KernelVersion | undefined;
  /** Only root gets in, and the kernel checks no permissions. */
  rootOnly: boolean;
};

const known: readonly (keyof MountOptions)[] = [
  'driver',
  'name',
  'io',
  'root',
  'allowOther',
  'defaultPermissions',
  'readOnly',
  'suid',
  'dev',
  'nonempty',
  'locks',
  'transport',
  'kernel',
  'threads',
];
const nameLengthMax = 200;
const threadsMin = 2;
const threadsMax = 64;

/**
 * Checks the options and fills in the defaults.
 * @throws `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`, `ERR_OUT_OF_RANGE`
 */
export function resolveOptions(
  options: MountOptions,
  defaults: { isRoot: boolean; name: string },
): ResolvedOptions {
  if (typeof options !== 'object' || options === null) {
    throw invalidArgument('options', 'object', options);
  }
  const unknown = unknownOption(options, known);
  if (unknown) throw unknown;
  choice('driver', options.driver, ['kernel']);
  const allowOther = flag('allowOther', options.allowOther, defaults.isRoot);
  const forRoot = defaults.isRoot && !allowOther;
  const defaultPermissions = flag('defaultPermissions', options.defaultPermissions, !forRoot);
  const rights = {
    suid: flag('suid', options.suid, false),
    dev: flag('dev', options.dev, false),
  };
  if (allowOther && !defaultPermissions) refuseRights(rights);
  return {
    name: nameOption(options.name ?? defaults.name),
    io: choice('io', options.io, ['passthrough', 'cached', 'direct']),
    root: rootOption(options.root),
    allowOther,
    defaultPermissions,
    rootOnly: forRoot && !defaultPermissions,
    readOnly: flag('readOnly', options.readOnly, false),
    ...rights,
    nonempty: flag('nonempty', options.nonempty, false),
    locks: choice('locks', options.locks, ['kernel', 'volume']),
    transport: transportOption(options),
    kernel: kernelOption(options.kernel),
    threads: threadsOption(options.threads),
  };
}

/** Any user could give any file to root, with set-id bits: chown and chmod would be for all. */
function refuseRights(rights: { suid: boolean; dev: boolean }): void {
  for (const [name, given] of Object.entries(rights)) {
    if (!given) continue;
    const reason =
      'takes defaultPermissions: true, or allowOther: false; else any user becomes root';
    throw invalidValue(`options.${name}`, given, reason);
  }
}

function nameOption(value: unknown): string {
  if (typeof value !== 'string') throw invalidArgument('options.name', 'string', value);
  // eslint-disable-next-line no-control-regex
  if (value === '' || value.length > nameLengthMax || /[\u0000-\u001f\u007f]/.test(value)) {
    const reason = `must have 1 to ${nameLengthMax} characters and no control characters`;
    throw invalidValue('options.name', value, reason);
  }
  return value;
}

function rootOption(value: unknown): string {
  if (value === undefined) return '/';
  if (typeof value !== 'string') throw invalidArgument('options.root', 'string', value);
  const names = value.split('/');
  if (!value.startsWith('/') || names.includes('..') || value.includes('\0')) {
    const reason = "must be an absolute path without '..'";
    throw invalidValue('options.root', value, reason);
  }
  return value;
}

function flag(name: string, value: unknown, fallback: boolean): boolean {
  if (value === undefined) return fallback;
  if (typeof value !== 'boolean') throw invalidArgument(`options.${name}`, 'boolean', value);
  return value;
}

function choice<T extends string>(name: string, value: T | undefined, values: [T, ...T[]]): T {
  if (value === undefined) return values[0];
  if (!values.includes(value)) {
    const reason = `must be one of ${values.map((one) => `'${one}'`).join(', ')}`;
    throw invalidValue(`options.${name}`, value, reason);
  }
  return value;
}

function kernelOption(value: KernelVersion | undefined): KernelVersion | undefined {
  return value === undefined ? undefined : choice('kernel', value, [...kernelVersions]);
}

function transportOption({ transport, kernel }: MountOptions): 'device' | 'io_uring' {
  const chosen = choice('transport', transport, ['device', 'io_uring']);
  if (chosen === 'io_uring' && (kernel === '5.15' || kernel === '6.1')) {
    throw invalidValue('options.transport', chosen, `came with Linux 6.14, not ${kernel}`);
  }
  return chosen;
}

function threadsOption(value: unknown): number {
  if (value === undefined) return Math.min(16, Math.max(4, 2 * availableParallelism()));
  if (typeof value !== 'number') throw invalidArgument('options.threads', 'number', value);
  if (!Number.isInteger(value) || value < threadsMin || value > threadsMax) {
    const range = `an integer >= ${threadsMin} && <= ${threadsMax}`;
    throw outOfRange('options.threads', range, value);
  }
  return value;
}
