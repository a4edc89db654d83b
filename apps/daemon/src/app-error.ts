import { ramError } from '@ram/errno';

/**
 * What can go wrong, and the exit code of the command that meets it. The last ones are errors of
 * @ram/fuse and @ram/memfile.
 */
const exitCodes = {
  ERR_RAM_FAILED: 1,
  ERR_RAM_NO_ANSWER: 1,
  ERR_RAM_USAGE: 2,
  ERR_RAM_NAME: 2,
  ERR_RAM_SIZE: 2,
  ERR_RAM_PATH_TOO_LONG: 2,
  ERR_RAM_NOT_A_DISK: 3,
  ERR_RAM_NO_MOUNT_POINT: 3,
  ERR_RAM_NO_RING: 3,
  ERR_RAM_BUSY: 4,
  ERR_RAM_NAME_TAKEN: 4,
  ERR_RAM_NOT_A_DIRECTORY: 4,
  ERR_RAM_NOT_EMPTY: 4,
  ERR_RAM_ALREADY_MOUNTED: 4,
  ERR_RAM_NOT_PERMITTED: 5,
  ERR_RAM_NOT_AVAILABLE: 5,
  ERR_RAM_NOT_CONFIRMED: 6,
  ERR_RAM_NO_FUSE: 5,
  ERR_RAM_NO_FUSERMOUNT: 5,
  ERR_RAM_MOUNT_DENIED: 5,
  ERR_RAM_NO_IO_URING: 5,
  ERR_RAM_NO_FILE: 3,
  ERR_RAM_MEMFILE_STALE: 3,
  ERR_RAM_MEMFILE_REGULAR_FILE: 4,
  ERR_RAM_MEMFILE_DIRECTORY: 4,
  ERR_RAM_MEMFILE_SPECIAL_FILE: 4,
  ERR_RAM_MEMFILE_FOREIGN_LINK: 4,
  ERR_RAM_MEMFILE_DANGLING_FOREIGN_LINK: 4,
  ERR_RAM_MEMFILE_NOT_A_MEMFILE: 4,
  ERR_RAM_MEMFILE_IN_USE: 4,
  ERR_RAM_MEMFILE_NO_RAM_DIRECTORY: 5,
  ERR_RAM_MEMFILE_NOT_RAM: 5,
  ERR_RAM_MEMFILE_UNSAFE_DIRECTORY: 5,
  ERR_RAM_MEMFILE_FOREIGN_CONTENT: 5,
} as const;

export type AppErrorCode = keyof typeof exitCodes;

/** What the apps say to a person: one line that says what is so, and one that says what to do. */
export interface AppError extends Error {
  /** Stable; the message and the hint are not. */
  code: AppErrorCode;
  hint?: string;
}

/** As it travels between processes, and in the output of `--json`. */
export interface PlainError {
  code: string;
  message: string;
  hint?: string;
}

/**
 * @param message What is so, without a full stop.
 * @param hint What to do about it: a command or a sentence.
 */
export function appError(
  code: AppErrorCode,
  message: string,
  hint?: string,
  cause?: unknown,
): AppError {
  const error = ramError(code, message, cause === undefined ? {} : { cause });
  return Object.assign(error, hint === undefined ? {} : { hint }) as unknown as AppError;
}

/** Whatever was thrown, in one line each. */
export function toPlainError(error: unknown): PlainError {
  if (!(error instanceof Error)) return { code: 'ERR_RAM_FAILED', message: oneLine(String(error)) };
  const { code, hint } = error as { code?: unknown; hint?: unknown };
  const plain: PlainError = {
    code: typeof code === 'string' ? code : 'ERR_RAM_FAILED',
    message: oneLine(error.message),
  };
  return typeof hint === 'string' ? { ...plain, hint: oneLine(hint) } : plain;
}

/** The error of another process, as an error of this one. */
export function fromPlainError({ code, message, hint }: PlainError): Error {
  const error = Object.assign(new Error(message), { code });
  return hint === undefined ? error : Object.assign(error, { hint });
}

/** 1 for everything that isn't an error of ours. */
export function exitCodeOf(error: unknown): number {
  const { code } = (error ?? {}) as { code?: unknown };
  if (typeof code !== 'string' || !Object.hasOwn(exitCodes, code)) return 1;
  return exitCodes[code as AppErrorCode];
}

function oneLine(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, ' ').trim();
}
