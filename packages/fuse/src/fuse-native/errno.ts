import { errnoNumber } from '@ram/errno';

const EIO = 5;
const errnoMax = 4000; // above are libuv's own numbers, which Linux doesn't have

/** Tells the kernel what `code` means; thrown by operations themselves. */
export class Refusal extends Error {
  readonly code: string;

  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

/**
 * The error number, negative, for what a call threw: by its code, else by its number.
 * @returns -EIO for whatever says nothing that Linux knows.
 */
export function toErrno(error: unknown): number {
  return -(knownErrno(error) ?? EIO);
}

/** Whether `error` says what happened in the system's terms; others are mistakes of a program. */
export function isSystemError(error: unknown): boolean {
  return knownErrno(error) !== undefined;
}

function knownErrno(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { code, errno } = error as { code?: unknown; errno?: unknown };
  const named = typeof code === 'string' ? errnoNumber(code) : undefined;
  if (named !== undefined) return named;
  if (typeof errno !== 'number' || !Number.isInteger(errno) || errno === 0) return undefined;
  return Math.abs(errno) < errnoMax ? Math.abs(errno) : undefined;
}
