import { fileURLToPath } from 'node:url';
import { errnoName, errnoText } from './errno-names.ts';

/** What `node:fs` takes as a path. */
export type PathArgument = string | Uint8Array | URL;

/** An error from the operating system, or from code that answers like it, as Node throws it. */
export interface SystemError extends Error {
  /** Negative, as in Node: -2 for ENOENT. */
  errno: number;
  code: string;
  syscall: string;
  path?: string;
  dest?: string;
}

/**
 * An error as `node:fs` throws it, with the same properties in the same order and the same
 * message: `ENOENT: no such file or directory, rename 'a' -> 'b'`. It is a plain `Error`, not a
 * class of its own, so that nothing tells it from Node's. The stack starts at the caller.
 *
 * @param errno The error number, of either sign; what C++ returns can be passed as it is.
 * @param syscall Node's word for the call: `'open'`, `'scandir'`, `'copyfile'`.
 * @param path A path given as bytes is written as UTF-8, as Node does it.
 */
export function systemError(
  errno: number,
  syscall: string,
  path?: PathArgument,
  dest?: PathArgument,
): SystemError {
  const code = errnoName(errno);
  let message = `${code}: ${errnoText(errno)}, ${syscall}`;
  const pathText = path === undefined ? undefined : toText(path);
  const destText = dest === undefined ? undefined : toText(dest);
  if (pathText !== undefined) message += ` '${pathText}'`;
  if (destText !== undefined) message += ` -> '${destText}'`;

  const error = new Error(message) as SystemError;
  error.errno = -Math.abs(errno);
  error.code = code;
  error.syscall = syscall;
  if (pathText !== undefined) error.path = pathText;
  if (destText !== undefined) error.dest = destText;
  Error.captureStackTrace(error, systemError);
  return error;
}

function toText(path: PathArgument): string {
  if (typeof path === 'string') return path;
  if (path instanceof URL) return fileURLToPath(path);
  return Buffer.from(path.buffer, path.byteOffset, path.byteLength).toString();
}
