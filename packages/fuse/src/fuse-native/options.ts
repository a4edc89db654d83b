import { invalidArgument, invalidValue, outOfRange } from '@ram/errno';
import { resolveOptions } from '../options.ts';
import type { MountOptions } from '../options.ts';

/** How the driver fuse-native mounts. Every field but `driver` is optional. */
export interface FuseNativeOptions extends Pick<
  MountOptions,
  'name' | 'allowOther' | 'defaultPermissions' | 'readOnly' | 'suid' | 'dev' | 'nonempty'
> {
  driver: 'fuse-native';
  /**
   * `'cached'` (default): the kernel's page cache, emptied for a file at each open.
   * `'direct'`: every read and write is a request; no MAP_SHARED.
   */
  io?: 'cached' | 'direct';
  /** The directory of the served object that becomes the root of the mount. Default `'/'`. */
  root?: string;
  /**
   * Serve extended attributes, if the object has them as a Volume does. Default false: the kernel
   * asks for `security.capability` before each write, which doubles its cost.
   */
  xattrs?: boolean;
  /**
   * How long the kernel may believe names and attributes, in milliseconds; changes in process, and
   * through other hard links of a file, are seen that much later. Default 0; at most an hour.
   */
  cacheTimeoutMs?: number;
}

export type ResolvedFuseNativeOptions = Required<Omit<FuseNativeOptions, 'driver'>>;

const own = ['root', 'xattrs', 'cacheTimeoutMs'];
const shared = ['driver', 'name', 'io', 'allowOther', 'defaultPermissions', 'readOnly', 'suid'];
const known = new Set([...own, ...shared, 'dev', 'nonempty']);
const cacheTimeoutMaxMs = 3_600_000;

/** @throws `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`, `ERR_OUT_OF_RANGE` */
export function resolveFuseNativeOptions(
  options: FuseNativeOptions,
  defaults: { isRoot: boolean; name: string },
): ResolvedFuseNativeOptions {
  for (const [name, value] of Object.entries(options)) {
    if (known.has(name) || value === undefined) continue;
    throw invalidValue(`options.${name}`, value, "is not for the driver 'fuse-native'");
  }
  const { driver: _, io, root, xattrs, cacheTimeoutMs, ...common } = options;
  if (io !== undefined && io !== 'cached' && io !== 'direct') {
    throw invalidValue('options.io', io, "must be 'cached' or 'direct' with this driver");
  }
  return {
    ...resolveOptions({ defaultPermissions: true, ...common }, defaults),
    io: io ?? 'cached',
    root: rootOption(root),
    xattrs: xattrsOption(xattrs),
    cacheTimeoutMs: timeoutOption(cacheTimeoutMs),
  };
}

/** libfuse's own words. */
export function libfuseOptions(options: ResolvedFuseNativeOptions, isRoot: boolean): string {
  const seconds = options.cacheTimeoutMs / 1000;
  const words = [
    `fsname=${options.name.replaceAll(/[\\,]/g, String.raw`\$&`)}`,
    'subtype=ram',
    'big_writes', // else every write is cut into 4 KiB
    'use_ino', // else every name of a file is a file of its own
    `attr_timeout=${seconds}`,
    `entry_timeout=${seconds}`,
  ];
  if (options.allowOther) words.push('allow_other');
  if (options.defaultPermissions) words.push('default_permissions');
  if (options.readOnly) words.push('ro');
  if (options.suid) words.push('suid');
  if (options.dev) words.push('dev');
  if (options.io === 'direct') words.push('direct_io');
  // Whether the directory is empty was looked at. A plain user's helper would not know the word.
  if (isRoot) words.push('nonempty');
  // fuse-native cuts off what is longer than 1023 bytes; the longest name takes 600.
  return `-o${words.join(',')}`;
}

function rootOption(root: unknown): string {
  if (root === undefined) return '/';
  if (typeof root !== 'string') throw invalidArgument('options.root', 'string', root);
  if (root === '') throw invalidValue('options.root', root, "must not be empty; all of it is '/'");
  if (root.includes('\0')) {
    throw invalidValue('options.root', root, 'must be a path without null bytes');
  }
  return root;
}

function xattrsOption(xattrs: unknown): boolean {
  if (xattrs !== undefined && typeof xattrs !== 'boolean') {
    throw invalidArgument('options.xattrs', 'boolean', xattrs);
  }
  return xattrs ?? false;
}

function timeoutOption(timeoutMs: unknown): number {
  if (timeoutMs === undefined) return 0;
  if (typeof timeoutMs !== 'number') {
    throw invalidArgument('options.cacheTimeoutMs', 'number', timeoutMs);
  }
  if (!(timeoutMs >= 0 && timeoutMs <= cacheTimeoutMaxMs)) {
    throw outOfRange('options.cacheTimeoutMs', `>= 0 && <= ${cacheTimeoutMaxMs}`, timeoutMs);
  }
  return timeoutMs;
}
