import { types } from 'node:util';
import { invalidArgument, outOfRange } from '@ram/errno';
import { native } from './native.ts';

/** Of mirrored memory: V8 on Node 20 takes at most 4 GiB in one buffer, and it is mapped twice. */
const mirrorBytesMax = 2 ** 31;

/**
 * `sizeBytes` rounded up to whole pages; an exact multiple stays as it is.
 * @throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE
 */
export function toWholePages(sizeBytes: unknown): number {
  checkInteger('sizeBytes', sizeBytes, 1, mirrorBytesMax);
  const page = native().pageBytes;
  return Math.ceil(sizeBytes / page) * page;
}

/** @throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE */
export function checkInteger(
  name: string,
  value: unknown,
  min: number,
  max: number,
): asserts value is number {
  if (typeof value !== 'number') throw invalidArgument(name, 'number', value);
  if (!Number.isInteger(value)) throw outOfRange(name, 'an integer', value);
  if (value < min || value > max) throw outOfRange(name, `>= ${min} and <= ${max}`, value);
}

/** @throws ERR_INVALID_ARG_TYPE */
export function checkOptions(value: unknown): asserts value is object {
  if (typeof value !== 'object' || value === null)
    throw invalidArgument('options', 'Object', value);
}

/** The type of a record. @throws ERR_INVALID_ARG_TYPE */
export function checkType(value: unknown): asserts value is number {
  if (typeof value !== 'number') throw invalidArgument('type', 'number', value);
}

/** @throws ERR_INVALID_ARG_TYPE */
export function checkBytes(name: string, value: unknown): asserts value is Uint8Array {
  if (!types.isUint8Array(value)) {
    throw invalidArgument(name, ['Buffer', 'Uint8Array'], value);
  }
}
