import { basename } from 'node:path';
import { appError } from './app-error.ts';

const namePattern = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$/;
const nameLengthMax = 64;

/**
 * The name of a disk: 1 to 64 of letters, digits, dot, underscore and hyphen, not starting with a
 * dot or a hyphen. It becomes part of file names.
 */
export function isDiskName(text: string): boolean {
  return namePattern.test(text);
}

/** @throws ERR_RAM_NAME */
export function checkDiskName(name: string): string {
  if (isDiskName(name)) return name;
  throw appError(
    'ERR_RAM_NAME',
    `${JSON.stringify(name)} can't be the name of a disk`,
    'Names have 1 to 64 of A-Z, a-z, 0-9, ".", "_" and "-", and don\'t start with "." or "-"',
  );
}

/** A name for a disk on `directory` that is not in `taken`. */
export function nameForDirectory(directory: string, taken: ReadonlySet<string>): string {
  const base =
    basename(directory)
      .replaceAll(/[^A-Za-z0-9._-]+/g, '-')
      .replaceAll(/^[.-]+|[.-]+$/g, '')
      .slice(0, nameLengthMax) || 'disk';
  for (let number = 1; ; number += 1) {
    const suffix = number === 1 ? '' : `-${number}`;
    const name = base.slice(0, nameLengthMax - suffix.length) + suffix;
    if (!taken.has(name)) return name;
  }
}
