import { constants } from 'node:fs';
import { invalidArgument, invalidValue, outOfRange } from '@ram/errno';

const { O_RDONLY, O_WRONLY, O_RDWR, O_CREAT, O_EXCL, O_TRUNC, O_APPEND, O_SYNC } = constants;

/** 020200000: not in Node's constants. */
const O_TMPFILE = 0o20_200_000;

/** Flags of Node (`'wx+'`, numbers), or a mode of Python (`'rb'`, `'x+t'`). */
export type OpenMode = string | number;

/**
 * Flags for open(2). Beside Node's strings it takes those of Python, in any order: `x` alone makes
 * a file that must not be there, `b` and `t` change nothing, as bytes are bytes.
 *
 * @throws `ERR_INVALID_ARG_VALUE`, `ERR_INVALID_ARG_TYPE`, `ERR_OUT_OF_RANGE`
 */
export function toOpenFlags(mode: OpenMode | undefined | null): number {
  if (mode === undefined || mode === null) return O_RDONLY;
  if (typeof mode === 'number') return checkNumber(mode);
  if (typeof mode !== 'string') throw invalidArgument('flags', ['string', 'number'], mode);
  const flags = known.get(mode) ?? parse(mode);
  if (flags === undefined) throw invalidValue('flags', mode);
  known.set(mode, flags);
  return flags;
}

const known = new Map<string, number>();

function parse(mode: string): number | undefined {
  const letters = new Set(mode);
  if (letters.size !== mode.length || /[^rwaxs+bt]/.test(mode)) return undefined;
  if (letters.has('b') && letters.has('t')) return undefined;
  const bases = ['r', 'w', 'a'].filter((letter) => letters.has(letter));
  if (bases.length > 1 || (bases.length === 0 && !letters.has('x'))) return undefined;
  const base = bases[0] ?? 'w';
  if (base === 'r' && letters.has('x')) return undefined;
  // Node has no synchronous writing but with reading and appending.
  if (letters.has('s') && base === 'w') return undefined;
  const access = letters.has('+') ? O_RDWR : base === 'r' ? O_RDONLY : O_WRONLY;
  return (
    access |
    (base === 'w' ? O_CREAT | O_TRUNC : 0) |
    (base === 'a' ? O_CREAT | O_APPEND : 0) |
    (letters.has('x') ? O_EXCL : 0) |
    (letters.has('s') ? O_SYNC : 0)
  );
}

function checkNumber(flags: number): number {
  if (!Number.isInteger(flags)) throw outOfRange('flags', 'an integer', flags);
  if (flags < 0 || flags > 0x7fff_ffff) throw outOfRange('flags', '>= 0 && <= 2147483647', flags);
  if ((flags & O_TMPFILE) === O_TMPFILE || (flags & constants.O_DIRECTORY) !== 0) {
    throw invalidValue('flags', flags, 'must not ask for a directory or an unnamed file');
  }
  return flags;
}
