import { invalidArgument, ramError } from '@ram/errno';
import { usableMemoryBytes } from './memory-limits.ts';

const units = new Map([
  ['', 1],
  ['k', 2 ** 10],
  ['m', 2 ** 20],
  ['g', 2 ** 30],
  ['t', 2 ** 40],
]);
const sizePattern = /^(?<digits>\d+(?:\.\d+)?)\s*(?:(?<unit>[kmgt]?)(?:i?b)?|(?<percent>%))$/i;
const forms =
  "bytes ('1048576'), a number with K, M, G or T ('512M', '1.5GiB'), or '50%' of memory";

/**
 * Bytes from a size as people write it: `'2G'`, `'512MiB'`, `'50%'`, `'1048576'`, or a number.
 *
 * Units are powers of 1024 with or without `iB` or `B`, in either case, as tmpfs has them.
 * A percentage is of the memory that this process may use: all RAM, or the limit of its cgroup.
 * The result is a whole number of bytes, rounded down.
 *
 * @throws `ERR_RAM_INVALID_SIZE` for what is no size, and for zero and less; says what is allowed.
 */
export function parseSize(size: string | number | bigint): number {
  const bytes = typeof size === 'string' ? parseText(size) : size;
  if (typeof bytes !== 'number' && typeof bytes !== 'bigint') {
    throw invalidArgument('size', ['string', 'number', 'bigint'], size);
  }
  const count = Number(bytes);
  if (Number.isNaN(count)) throw invalidSize(size, `is not a size; write ${forms}`);
  if (count <= 0) throw invalidSize(size, `is not above zero; write ${forms}`);
  if (!Number.isSafeInteger(Math.floor(count))) {
    throw invalidSize(size, 'is more than any machine has');
  }
  if (!Number.isInteger(count) && typeof size === 'number') {
    throw invalidSize(size, 'is not a whole number of bytes');
  }
  if (count < 1) throw invalidSize(size, `is less than one byte; write ${forms}`);
  return Math.floor(count);
}

/** @param size As the caller gave it. @param why What is wrong and what would be right. */
export function invalidSize(size: unknown, why: string): Error {
  const shown = typeof size === 'string' ? `'${size}'` : String(size);
  return ramError('ERR_RAM_INVALID_SIZE', `The size ${shown} ${why}`, { base: RangeError });
}

function parseText(text: string): number {
  const trimmed = text.trim();
  if (trimmed.startsWith('-')) throw invalidSize(text, `is negative; write ${forms}`);
  const { digits, unit = '', percent } = sizePattern.exec(trimmed)?.groups ?? {};
  if (digits === undefined) return Number.NaN;
  const count = Number(digits);
  if (percent === undefined) return Math.floor(count * (units.get(unit.toLowerCase()) ?? 1));
  if (count > 100) throw invalidSize(text, 'is more than all memory; 100% is the most');
  return Math.floor((usableMemoryBytes() * count) / 100);
}
