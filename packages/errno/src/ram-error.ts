import { codedError } from './coded-error.ts';
import type { CodedError } from './coded-error.ts';

/**
 * A code of our own, for what the operating system has no number for. Codes are stable; each
 * package lists its codes in its README. `ERR_RAM_UNSUPPORTED_PLATFORM` is shared by all.
 */
export type RamErrorCode = `ERR_RAM_${string}`;

export interface RamErrorOptions {
  /** The error that led to this one. */
  cause?: unknown;
  /** The class of the error. Default `Error`; the other two are for mistakes of a caller. */
  base?: typeof Error | typeof TypeError | typeof RangeError;
}

/**
 * An error with a code of our own: `ramError('ERR_RAM_CLOSED', 'The volume is closed')`.
 * The stack starts at the caller.
 *
 * @param message What happened and what to do about it. Not stable.
 */
export function ramError(
  code: RamErrorCode,
  message: string,
  options: RamErrorOptions = {},
): CodedError {
  const errorOptions = 'cause' in options ? { cause: options.cause } : undefined;
  return codedError(options.base ?? Error, code, message, ramError, errorOptions);
}
