import { parseSize } from '@ram/fs-core';
import type { Volume } from '@ram/fs-core';
import { invalidArgument, invalidValue, outOfRange } from '@ram/errno';
import type { PathArgument } from '@ram/errno';
import { toAbsolute, toByteString, toText } from './byte-string.ts';
import type { ByteString } from './byte-string.ts';
import { memfileError } from './errors.ts';
import { toDirectory } from './list.ts';
import { requireRamDirectory } from './ram-directory.ts';
import { toBits } from './seals.ts';
import type { Seal } from './seals.ts';

export interface MemoryOpenOptions {
  /** Permissions of a content that is made, less the umask: a number, or octal. Default 0o600. */
  mode?: number | string;
  /** Where contents are made: a directory in memory. Default `/dev/shm`. */
  directory?: PathArgument;
  /** Closing removes link and content. Default false. */
  temporary?: boolean;
  /** A memfd: no link, no name, freed when nobody has it open. The path only names it. */
  anonymous?: boolean;
  /** Of an anonymous file, from the start. Default none. */
  seals?: readonly Seal[];
  /**
   * The kernel lets it grow no larger; a size for `parseSize` of @ram/fs-core. An anonymous file
   * then has this size from the start. Otherwise the file system that the content lies in must be
   * limited to that: a Volume, or a tmpfs of its own.
   */
  maxBytes?: number | bigint | string;
  /** The content lies in this Volume, and counts in its usage. Needs `mount`. */
  volume?: Volume;
  /** Where `volume` is mounted: what `mount()` of @ram/fuse gave, or the directory. */
  mount?: PathArgument | { readonly directory: string };
  /** Of a content in a Volume: beyond this size it moves to disk. Needs `spillDirectory`. */
  spillBytes?: number | bigint | string;
  /** Where it moves to: a directory on disk. */
  spillDirectory?: PathArgument;
}

/** Options with all defaults. */
export interface ResolvedOptions {
  mode: number;
  directory: ByteString;
  temporary: boolean;
  anonymous: boolean;
  seals: number;
  maxBytes: number | undefined;
  volume: Volume | undefined;
  spill: { bytes: number; directory: ByteString } | undefined;
}

const modeMax = 0o7777;
const defaultMode = 0o600;

/** @throws TypeErrors and RangeErrors of Node; `ERR_RAM_INVALID_SIZE`; `ERR_RAM_MEMFILE_LIMIT` */
export function resolveOptions(given: MemoryOpenOptions | number | string | undefined | null) {
  const options: unknown =
    typeof given === 'number' || typeof given === 'string' ? { mode: given } : (given ?? {});
  if (typeof options !== 'object' || options === null) {
    throw invalidArgument('options', 'Object', given);
  }
  const { mode, seals, maxBytes, volume, mount, ...rest } = options as MemoryOpenOptions;
  const resolved: ResolvedOptions = {
    mode: toMode(mode),
    directory: toDirectory(mount === undefined ? rest.directory : mountDirectory(mount)),
    temporary: toFlag(rest.temporary, 'options.temporary'),
    anonymous: toFlag(rest.anonymous, 'options.anonymous'),
    seals: seals === undefined ? 0 : toBits(seals),
    maxBytes: maxBytes === undefined ? undefined : parseSize(maxBytes),
    volume,
    spill: toSpill(rest),
  };
  checkTogether(options as MemoryOpenOptions, resolved);
  return resolved;
}

function checkTogether(options: MemoryOpenOptions, resolved: ResolvedOptions): void {
  const { anonymous, volume, maxBytes, directory, spill } = resolved;
  const wrong = (name: string, reason: string) =>
    invalidValue(`options.${name}`, options[name as keyof MemoryOpenOptions], reason);
  if ((volume === undefined) !== (options.mount === undefined)) {
    throw wrong('mount', 'must be given together with options.volume');
  }
  if (volume !== undefined && typeof volume.usage !== 'function') {
    throw invalidArgument('options.volume', 'Volume', volume);
  }
  if (anonymous && volume !== undefined) throw wrong('anonymous', 'has no Volume');
  if (resolved.seals !== 0 && !anonymous) throw wrong('seals', 'is for anonymous files');
  if (spill !== undefined && volume === undefined) {
    throw wrong('spillBytes', 'is for content in a Volume');
  }
  if (maxBytes !== undefined && !anonymous) requireLimit(directory, maxBytes, volume);
}

/** Nothing holds a single file in a shared tmpfs to a size, so a promise of it would be empty. */
function requireLimit(directory: ByteString, maxBytes: number, volume: Volume | undefined): void {
  const limit = volume?.usage().maxBytes ?? requireRamDirectory(directory).totalBytes;
  if (limit > 0 && limit <= maxBytes) return;
  const place = volume === undefined ? toText(directory) : 'The Volume';
  const message =
    `${place} may hold ${limit} bytes, so nothing would stop the file at ${maxBytes}: ` +
    'make it anonymous, or put it into a Volume or a tmpfs that is limited to that';
  throw memfileError('ERR_RAM_MEMFILE_LIMIT', message);
}

function toSpill({ spillBytes, spillDirectory }: MemoryOpenOptions): ResolvedOptions['spill'] {
  if ((spillBytes === undefined) !== (spillDirectory === undefined)) {
    const reason = 'must be given together with options.spillBytes';
    throw invalidValue('options.spillDirectory', spillDirectory, reason);
  }
  if (spillBytes === undefined || spillDirectory === undefined) return undefined;
  const directory = toAbsolute(toByteString(spillDirectory, 'options.spillDirectory'));
  return { bytes: parseSize(spillBytes), directory };
}

function mountDirectory(mount: unknown): PathArgument {
  const { directory } = mount as { directory?: unknown };
  return typeof directory === 'string' ? directory : (mount as PathArgument);
}

function toFlag(value: unknown, name: string): boolean {
  if (value !== undefined && typeof value !== 'boolean') {
    throw invalidArgument(name, 'boolean', value);
  }
  return value === true;
}

function toMode(mode: unknown): number {
  if (mode === undefined) return defaultMode;
  if (typeof mode === 'string') {
    if (!/^[0-7]+$/.test(mode)) {
      throw invalidValue('mode', mode, 'must be a 32-bit unsigned integer or an octal string');
    }
    return toMode(Number.parseInt(mode, 8));
  }
  if (typeof mode !== 'number') throw invalidArgument('mode', 'number', mode);
  if (!Number.isInteger(mode)) throw outOfRange('mode', 'an integer', mode);
  if (mode < 0 || mode > modeMax) throw outOfRange('mode', '>= 0 && <= 4095', mode);
  return mode | 0; // -0 ends the process in Node 20
}
