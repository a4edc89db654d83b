import { invalidArgument } from '@ram/errno';
import type { PathArgument } from '@ram/errno';
import { callError } from './call-error.ts';
import { toBoolean, toPath } from './fs/arguments.ts';
import type { NativePath, NativeVolume } from './native.ts';

const XATTR_CREATE = 1;
const XATTR_REPLACE = 2;

export interface XattrOptions {
  /** Whether a symbolic link at the end of the path is followed. Default true. */
  follow?: boolean;
}

export interface SetXattrOptions extends XattrOptions {
  /** `'create'` fails with EEXIST when it is there, `'replace'` with ENODATA when it is not. */
  mode?: 'create' | 'replace';
}

/**
 * Extended attributes, as the system calls have them.
 * Names begin with their namespace (`user.`, `trusted.`, `security.`; 255 bytes at most), values
 * have 64 KiB at most. `user.` attributes are for files and directories only.
 * @see https://man7.org/linux/man-pages/man7/xattr.7.html
 */
export interface VolumeXattr {
  /** @throws ENODATA when there is no such attribute. */
  get(path: PathArgument, name: string, options?: XattrOptions): Buffer;
  /** A string is stored as UTF-8. @throws ENOSPC, E2BIG, EPERM, EOPNOTSUPP, EEXIST, ENODATA. */
  set(
    path: PathArgument,
    name: string,
    value: string | Uint8Array,
    options?: SetXattrOptions,
  ): void;
  list(path: PathArgument, options?: XattrOptions): string[];
  /** @throws ENODATA when there is no such attribute. */
  remove(path: PathArgument, name: string, options?: XattrOptions): void;
}

export function makeVolumeXattr(volume: NativeVolume): VolumeXattr {
  return {
    get(pathArgument, nameArgument, options) {
      const { path, name, follow } = toTarget(pathArgument, nameArgument, options);
      const value = volume.getxattr(path, name, follow);
      if (typeof value === 'number') throw callError(value, syscall('getxattr', follow), path);
      return value;
    },

    set(pathArgument, nameArgument, value, options) {
      const { path, name, follow } = toTarget(pathArgument, nameArgument, options);
      const bytes = typeof value === 'string' ? Buffer.from(value) : value;
      if (!(bytes instanceof Uint8Array)) {
        throw invalidArgument('value', ['string', 'Uint8Array'], value);
      }
      const result = volume.setxattr(path, name, bytes, modeFlag(options?.mode), follow);
      if (result < 0) throw callError(result, syscall('setxattr', follow), path);
    },

    list(pathArgument, options) {
      const path = toPath(pathArgument);
      const follow = toFollow(options);
      const names = volume.listxattr(path, follow);
      if (typeof names === 'number') throw callError(names, syscall('listxattr', follow), path);
      return names.toString().split('\0').slice(0, -1);
    },

    remove(pathArgument, nameArgument, options) {
      const { path, name, follow } = toTarget(pathArgument, nameArgument, options);
      const result = volume.removexattr(path, name, follow);
      if (result < 0) throw callError(result, syscall('removexattr', follow), path);
    },
  };
}

function toTarget(
  path: unknown,
  name: unknown,
  options: XattrOptions | undefined,
): { path: NativePath; name: string; follow: boolean } {
  if (typeof name !== 'string') throw invalidArgument('name', 'string', name);
  return { path: toPath(path), name: toPath(name, 'name') as string, follow: toFollow(options) };
}

function toFollow(options: XattrOptions | undefined): boolean {
  return toBoolean(options?.follow ?? true, 'options.follow');
}

function modeFlag(mode: unknown): number {
  if (mode === undefined) return 0;
  if (mode === 'create') return XATTR_CREATE;
  if (mode === 'replace') return XATTR_REPLACE;
  throw invalidArgument('options.mode', "'create' or 'replace'", mode);
}

function syscall(name: string, follow: boolean): string {
  return follow ? name : `l${name}`;
}
