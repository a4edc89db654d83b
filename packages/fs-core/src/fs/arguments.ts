// How node:fs checks its arguments, with the same errors.
import { fileURLToPath } from 'node:url';
import { isDate, isUint8Array } from 'node:util/types';
import { invalidArgument, invalidValue, outOfRange } from '@ram/errno';
import type { NativePath } from '../native.ts';

const noNullBytes = 'must be a string, Uint8Array, or URL without null bytes';
const int32Max = 2 ** 31 - 1;
const uint32Max = 2 ** 32 - 1;
const octalDigits = /^[0-7]+$/;

/** A path as C++ takes it. File URLs become paths. */
export function toPath(value: unknown, name = 'path'): NativePath {
  const path = isUrl(value) ? fileURLToPath(value) : value;
  if (typeof path === 'string') {
    if (path.includes('\0')) throw invalidValue(name, path, noNullBytes);
    return path;
  }
  if (!isUint8Array(path)) throw invalidArgument(name, ['string', 'Buffer', 'URL'], path);
  if (path.includes(0)) throw invalidValue(name, path, noNullBytes);
  return path;
}

/** By shape, as Node does it: URLs of other realms count too. */
function isUrl(value: unknown): value is URL {
  if (typeof value !== 'object' || value === null) return false;
  const { href, protocol, auth, path } = value as Record<string, unknown>;
  return Boolean(href && protocol && auth === undefined && path === undefined);
}

export function toDescriptor(fd: unknown): number {
  const number = toInteger(fd, 'fd', 0, int32Max);
  return number === 0 ? 0 : number; // not -0
}

export function isDescriptor(value: unknown): value is number {
  return typeof value === 'number' && value === (value | 0);
}

export function toInteger(
  value: unknown,
  name: string,
  min = Number.MIN_SAFE_INTEGER,
  max = Number.MAX_SAFE_INTEGER,
): number {
  if (typeof value !== 'number') throw invalidArgument(name, 'number', value);
  if (!Number.isInteger(value)) throw outOfRange(name, 'an integer', value);
  if (value < min || value > max) throw outOfRange(name, `>= ${min} && <= ${max}`, value);
  return value;
}

/** A mode: a number of 32 bits, or a string of octal digits. */
export function toMode(value: unknown, fallback?: number): number {
  let mode = value ?? fallback;
  if (typeof mode === 'string') {
    if (!octalDigits.test(mode)) {
      throw invalidValue('mode', mode, 'must be a 32-bit unsigned integer or an octal string');
    }
    mode = Number.parseInt(mode, 8);
  }
  return toInteger(mode, 'mode', 0, uint32Max);
}

/** The mode of access and copyFile: a few bits. */
export function toSmallMode(value: unknown): number {
  if (value === undefined || value === null) return 0;
  if (typeof value !== 'number') throw invalidArgument('mode', 'number', value);
  const mode = Math.trunc(value);
  if (!(mode >= 0 && mode <= 7)) throw outOfRange('mode', '>= 0 && <= 7', value);
  return mode;
}

/** An owner; -1 means "as it is". */
export function toOwner(value: unknown, name: string): number {
  return toInteger(value, name, -1, uint32Max);
}

export function toBoolean(value: unknown, name: string): boolean {
  if (typeof value !== 'boolean') throw invalidArgument(name, 'boolean', value);
  return value;
}

/** Seconds since 1970 with a fraction. A negative number means now, as in Node. */
export function toUnixTime(time: unknown, name = 'time'): number {
  // oxlint-disable-next-line eqeqeq -- as Node: '12' is a number, 'x' is none
  if (typeof time === 'string' && +time == (time as unknown)) return +time;
  if (typeof time === 'number' && Number.isFinite(time)) return time < 0 ? Date.now() / 1000 : time;
  if (isDate(time)) return time.getTime() / 1000;
  throw invalidArgument(name, ['Date', 'Time in seconds'], time);
}

/** Where a read or write starts; -1 is the descriptor's own position. */
export function toReadPosition(position: unknown): number | bigint {
  if (position === undefined || position === null) return -1;
  if (typeof position === 'number') {
    return toInteger(position, 'position', -1);
  }
  if (typeof position !== 'bigint') {
    throw invalidArgument('position', ['integer', 'bigint'], position);
  }
  const min = -(2n ** 63n);
  const max = 2n ** 63n - 1n;
  if (position < min || position > max) {
    throw outOfRange('position', `>= ${min} && <= ${max}`, position);
  }
  return position < 0n ? -1 : position;
}

/** Writes are laxer: what isn't a number writes at the descriptor's position. */
export function toWritePosition(position: unknown): number | bigint {
  if (typeof position === 'bigint') return toReadPosition(position);
  return Number.isInteger(position) ? Math.max(-1, position as number) : -1;
}

export function isBuffer(value: unknown): value is NodeJS.ArrayBufferView {
  return ArrayBuffer.isView(value);
}

export function toBuffer(buffer: unknown): NodeJS.ArrayBufferView {
  if (!isBuffer(buffer)) {
    throw invalidArgument('buffer', ['Buffer', 'TypedArray', 'DataView'], buffer);
  }
  return buffer;
}

export function toBuffers(buffers: unknown): readonly NodeJS.ArrayBufferView[] {
  if (!Array.isArray(buffers) || !buffers.every((buffer) => ArrayBuffer.isView(buffer))) {
    throw invalidArgument('buffers', 'ArrayBufferView[]', buffers);
  }
  return buffers as NodeJS.ArrayBufferView[];
}
