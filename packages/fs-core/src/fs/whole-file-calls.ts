import { constants } from 'node:fs';
import { invalidArgument, ramError } from '@ram/errno';
import { callError } from '../call-error.ts';
import type { Native, NativePath, NativeVolume } from '../native.ts';
import {
  isBuffer,
  isDescriptor,
  toBoolean,
  toDescriptor,
  toInteger,
  toMode,
  toPath,
  toSmallMode,
} from './arguments.ts';
import { encode, toFlags, toOptions } from './options.ts';
import type { Options } from './options.ts';
import type { VolumeFs } from './volume-fs.ts';

const { COPYFILE_EXCL, COPYFILE_FICLONE_FORCE, O_CREAT, O_EXCL, O_RDONLY, O_RDWR, O_WRONLY } =
  constants;
const defaultFileMode = 0o666;
const permissionBits = 0o7777;
const fileTypeMask = 0o170000;
const directoryType = 0o040000;
const copyBytesMax = 2 ** 30;
const EISDIR = -21;
const ENOTSUP = -95;
const readableBytesMax = 2 ** 31 - 1;
const readMore = 8192;
const modeField = 1;
const inodeField = 7;
const sizeField = 8;

type WholeFileCalls = Pick<
  VolumeFs,
  'readFileSync' | 'writeFileSync' | 'appendFileSync' | 'copyFileSync' | 'truncateSync'
>;

/** Whole files in one call. */
export function wholeFileCalls(volume: NativeVolume, results: Native): WholeFileCalls {
  /** Runs `body` on a file that is open for just that long; a descriptor is used as it is. */
  function withFile<T>(target: unknown, flags: number, mode: number, body: (fd: number) => T): T {
    if (isDescriptor(target)) return body(target);
    const path = toPath(target);
    const fd = volume.open(path, flags, mode);
    if (fd < 0) throw callError(fd, 'open', path);
    try {
      return body(fd);
    } finally {
      volume.closeFile(fd);
    }
  }

  function sizeOf(fd: number): number {
    const result = volume.fstat(fd, false);
    if (result < 0) throw callError(result, 'read');
    return results.numbers[sizeField] ?? 0;
  }

  function readAll(fd: number): Buffer {
    const size = sizeOf(fd);
    if (size > readableBytesMax) {
      const message = `File size (${size}) is greater than 2 GiB`;
      throw Object.assign(ramError('ERR_RAM_', message, { base: RangeError }), {
        code: 'ERR_FS_FILE_TOO_LARGE',
      });
    }
    // An empty file is read too: that fails on a directory and on a write-only descriptor.
    let bytes = Buffer.allocUnsafe(size === 0 ? readMore : size);
    let filled = 0;
    for (;;) {
      const count = volume.read(fd, bytes, filled, bytes.length - filled, -1);
      if (count < 0) throw callError(count, 'read');
      filled += count;
      if (count === 0 || (size !== 0 && filled === size)) break;
      if (filled === bytes.length) bytes = Buffer.concat([bytes], filled + readMore * 8);
    }
    return filled === bytes.length ? bytes : bytes.subarray(0, filled);
  }

  function writeAll(target: unknown, data: unknown, options: Options): void {
    const flush = toBoolean(options.flush ?? false, 'options.flush');
    const bytes = toBytes(data, options.encoding);
    const mode = toMode(options.mode, defaultFileMode);
    withFile(target, toFlags(options.flag || 'w'), mode, (fd) => {
      for (let written = 0; written < bytes.byteLength;) {
        const count = volume.write(fd, bytes, written, bytes.byteLength - written, -1);
        if (count < 0) throw callError(count, 'write');
        written += count;
      }
      if (flush) volume.sync(fd, false);
    });
  }

  return {
    readFileSync: ((target: unknown, optionsArgument?: unknown): string | Buffer => {
      const { encoding, flag } = toOptions(optionsArgument);
      const bytes = withFile(target, toFlags(flag), defaultFileMode, readAll);
      return encoding ? encode(bytes, encoding) : bytes;
    }) as VolumeFs['readFileSync'],

    writeFileSync(target, data, optionsArgument) {
      writeAll(target, data, toOptions(optionsArgument));
    },

    appendFileSync(target, data, optionsArgument) {
      const options = toOptions(optionsArgument);
      const flag = options.flag && !isDescriptor(target) ? options.flag : 'a';
      writeAll(target, data, { ...options, flag });
    },

    copyFileSync(source, destination, modeArgument) {
      const from = toPath(source, 'src');
      const to = toPath(destination, 'dest');
      const mode = toSmallMode(modeArgument);
      const result = copyFile(volume, results, from, to, mode);
      if (result < 0) throw callError(result, 'copyfile', from, to);
    },

    truncateSync(target, length) {
      const file = typeof target === 'number' ? toDescriptor(target) : target;
      withFile(file, O_RDWR, defaultFileMode, (fd) => {
        const size = Math.max(0, toInteger(length === undefined ? 0 : length, 'len'));
        const result = volume.ftruncate(fd, size);
        if (result < 0) throw callError(result, 'ftruncate');
      });
    },
  };
}

function toBytes(data: unknown, encoding: string | null | undefined): NodeJS.ArrayBufferView {
  if (isBuffer(data)) return data;
  if (typeof data !== 'string') {
    throw invalidArgument('data', ['string', 'Buffer', 'TypedArray', 'DataView'], data);
  }
  return Buffer.from(data, (encoding || 'utf8') as BufferEncoding);
}

/**
 * As libuv copies: mode and bytes. A file onto itself stays as it is; what could not be copied
 * whole is removed. Returns 0 or -errno.
 */
function copyFile(
  volume: NativeVolume,
  results: Native,
  from: NativePath,
  to: NativePath,
  mode: number,
): number {
  if ((mode & COPYFILE_FICLONE_FORCE) !== 0) return ENOTSUP;
  const source = volume.open(from, O_RDONLY, 0);
  if (source < 0) return source;
  try {
    let result = volume.fstat(source, false);
    if (result < 0) return result;
    const { [modeField]: sourceMode = 0, [inodeField]: inode } = results.numbers;
    const flags = O_WRONLY | O_CREAT | ((mode & COPYFILE_EXCL) === 0 ? 0 : O_EXCL);
    const target = volume.open(to, flags, sourceMode & permissionBits);
    if (target < 0) return target;
    result = volume.fstat(target, false);
    const isItself = result === 0 && results.numbers[inodeField] === inode;
    if (result === 0 && !isItself) result = copyContent(volume, source, target, sourceMode);
    volume.closeFile(target);
    if (result < 0) volume.unlink(to);
    return result;
  } finally {
    volume.closeFile(source);
  }
}

function copyContent(
  volume: NativeVolume,
  source: number,
  target: number,
  sourceMode: number,
): number {
  let result = volume.ftruncate(target, 0);
  if (result === 0) result = volume.fchmod(target, sourceMode & permissionBits);
  // As late as the first read would fail: what else names the target has changed by then.
  if ((sourceMode & fileTypeMask) === directoryType) return EISDIR;
  if (result < 0) return result;
  let count: number;
  for (let at = 0; (count = volume.copy(source, target, at, copyBytesMax)) > 0; at += count);
  return count;
}
