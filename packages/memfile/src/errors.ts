import { ramError, systemError } from '@ram/errno';
import type { ByteString } from './byte-string.ts';
import { toFsPath, toText } from './byte-string.ts';

/** The codes of this package. Stable; messages are not. The README says when each comes. */
export type MemfileErrorCode =
  | 'ERR_RAM_MEMFILE_NO_RAM_DIRECTORY'
  | 'ERR_RAM_MEMFILE_NOT_RAM'
  | 'ERR_RAM_MEMFILE_UNSAFE_DIRECTORY'
  | 'ERR_RAM_MEMFILE_REGULAR_FILE'
  | 'ERR_RAM_MEMFILE_DIRECTORY'
  | 'ERR_RAM_MEMFILE_SPECIAL_FILE'
  | 'ERR_RAM_MEMFILE_FOREIGN_LINK'
  | 'ERR_RAM_MEMFILE_DANGLING_FOREIGN_LINK'
  | 'ERR_RAM_MEMFILE_FOREIGN_CONTENT'
  | 'ERR_RAM_MEMFILE_STALE'
  | 'ERR_RAM_MEMFILE_RECORD_DAMAGED'
  | 'ERR_RAM_MEMFILE_RECORD_VERSION'
  | 'ERR_RAM_MEMFILE_NOT_A_MEMFILE'
  | 'ERR_RAM_MEMFILE_IN_USE'
  | 'ERR_RAM_MEMFILE_CHANGING'
  | 'ERR_RAM_MEMFILE_HARD_LINKS'
  | 'ERR_RAM_MEMFILE_NO_EXCHANGE'
  | 'ERR_RAM_MEMFILE_ATTRIBUTES'
  | 'ERR_RAM_MEMFILE_LIMIT'
  | 'ERR_RAM_MEMFILE_WRONG_MOUNT'
  | 'ERR_RAM_MEMFILE_SEALS'
  | 'ERR_RAM_MEMFILE_NOT_MEMORY';

/** An error with a code of this package. */
export interface MemfileError extends Error {
  code: MemfileErrorCode;
  path?: string;
}

export function memfileError(
  code: MemfileErrorCode,
  message: string,
  path?: ByteString,
  cause?: unknown,
): MemfileError {
  const error = ramError(code, message, cause === undefined ? {} : { cause });
  const place = path === undefined ? {} : { path: toText(path) };
  return Object.assign(error, place) as unknown as MemfileError;
}

/** What the kernel answered, as `node:fs` words it. */
export function callError(result: number, syscall: string, path?: ByteString, dest?: ByteString) {
  return systemError(
    result,
    syscall,
    path === undefined ? undefined : toFsPath(path),
    dest === undefined ? undefined : toFsPath(dest),
  );
}

/** The number if it is a result; else it throws. */
export function checked(
  result: number,
  syscall: string,
  path?: ByteString,
  dest?: ByteString,
): number {
  if (result < 0) throw callError(result, syscall, path, dest);
  return result;
}

/** Whether an error is the kernel's, with one of these names. */
export function isErrno(error: unknown, ...names: readonly string[]): boolean {
  const { code, errno } = (error ?? {}) as NodeJS.ErrnoException;
  return typeof code === 'string' && typeof errno === 'number' && names.includes(code);
}

/** The kernel's error about a content or a record, as one about the path that was given. */
export function aboutPath(error: unknown, path: ByteString, syscall = 'open'): unknown {
  if (!isErrno(error, (error as NodeJS.ErrnoException).code ?? '')) return error;
  const about = callError((error as NodeJS.ErrnoException).errno ?? 0, syscall, path);
  return Object.assign(about, { cause: error });
}
