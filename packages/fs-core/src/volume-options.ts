import { readFileSync } from 'node:fs';
import { invalidArgument, invalidValue, ramError, systemError, unknownOption } from '@ram/errno';
import { toBoolean, toInteger } from './fs/arguments.ts';
import { defaultMaxBytes, totalMemoryBytes } from './memory-limits.ts';
import { invalidSize, parseSize } from './size.ts';

export interface VolumeOptions {
  /**
   * The limit of everything in the Volume, metadata included: bytes, or a size for `parseSize`.
   * At least 1 MiB, at most RAM and swap. Memory is taken as it fills, not in advance.
   * Default `defaultMaxBytes()`.
   */
  maxBytes?: number | bigint | string;
  /** The most files, directories and links. Default: as many as `maxBytes` has room for. */
  maxInodes?: number;
  /** False keeps all memory out of swap, which the kernel allows to root only. Default true. */
  swap?: boolean;
  /**
   * Where the bytes lie. `'tmpfs'`: a private tmpfs, which enforces the limit itself and can serve
   * mounts by passthrough. `'memfd'`: anonymous files, which take a descriptor for each large
   * file. `'auto'`, the default: the first where the system allows it.
   */
  backing?: 'auto' | 'tmpfs' | 'memfd';
  /** What a mount of it is called. Default `'ram'`. */
  name?: string;
}

/** Options as C++ takes them. */
export interface CheckedOptions {
  maxBytes: bigint;
  maxInodes: bigint;
  swap: boolean;
  backing: number;
  name: string;
}

const known = ['maxBytes', 'maxInodes', 'swap', 'backing', 'name'];
const backings = ['auto', 'tmpfs', 'memfd'];
const minBytes = 2 ** 20;
const EPERM = -1;
const EINVAL = -22;

/** @throws TypeError and RangeError in Node's shape, `ERR_RAM_INVALID_SIZE` for `maxBytes`. */
export function checkOptions(options: VolumeOptions = {}): CheckedOptions {
  if (options === null || typeof options !== 'object') {
    throw invalidArgument('options', 'Object', options);
  }
  const unknown = unknownOption(options, known);
  if (unknown) throw unknown;
  const { maxBytes, maxInodes, swap = true, backing = 'auto', name = 'ram' } = options;
  if (typeof name !== 'string') throw invalidArgument('options.name', 'string', name);
  if (!backings.includes(backing)) {
    throw invalidValue('options.backing', backing, `must be one of: '${backings.join("', '")}'`);
  }
  return {
    maxBytes: BigInt(maxBytes === undefined ? fallbackMaxBytes() : checkMaxBytes(maxBytes)),
    maxInodes: BigInt(maxInodes === undefined ? 0 : toInteger(maxInodes, 'options.maxInodes', 1)),
    swap: toBoolean(swap, 'options.swap'),
    backing: backings.indexOf(backing),
    name,
  };
}

function fallbackMaxBytes(): number {
  return Math.max(minBytes, defaultMaxBytes());
}

function checkMaxBytes(size: number | bigint | string): number {
  const bytes = parseSize(size);
  if (bytes < minBytes) throw invalidSize(size, "is too small for a Volume; '1M' is the least");
  const most = totalMemoryBytes();
  if (bytes > most) {
    throw invalidSize(size, `is more than this machine has: ${most} bytes of RAM and swap`);
  }
  return bytes;
}

/** The error when C++ could not make a Volume. */
export function makeError(result: number, syscall: string, options: CheckedOptions): Error {
  const cause = systemError(result, syscall);
  const why = options.swap ? undefined : whySwapIsNeeded(result, options);
  return why === undefined ? cause : ramError('ERR_RAM_SWAP_NOT_ALLOWED', why, { cause });
}

function whySwapIsNeeded(result: number, { backing }: CheckedOptions): string | undefined {
  if (backings[backing] === 'memfd') {
    return "Memfds can't be kept out of swap: leave `backing` at 'auto', or `swap` true";
  }
  if (result !== EPERM && result !== EINVAL) return undefined;
  if (process.geteuid?.() !== 0) {
    return 'Only root may keep memory out of swap: run as root, or leave `swap` true';
  }
  return (
    "This kernel can't keep memory out of swap here (Linux 6.4 can, outside user namespaces): " +
    'leave `swap` true'
  );
}

/** The permissions that the process takes away from new files. */
export function processUmask(): number {
  // Not process.umask(), which sets it for a moment, for all threads.
  try {
    const found = /^Umask:\s*([0-7]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    if (found !== undefined) return Number.parseInt(found, 8);
  } catch {
    // No /proc.
  }
  return 0o022;
}
