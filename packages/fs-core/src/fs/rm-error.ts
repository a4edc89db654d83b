import { inspect } from 'node:util';
import type { NativePath } from '../native.ts';

const EISDIR = 21;

/** Node's own `SystemError`, which it throws from rmSync only. */
export function isDirectoryError(path: NativePath): Error {
  const shown = typeof path === 'string' ? path : inspect(path);
  const error = new Error(`Path is a directory: rm returned EISDIR (is a directory) ${shown}`);
  error.name = 'SystemError';
  return Object.assign(error, {
    code: 'ERR_FS_EISDIR',
    errno: EISDIR,
    syscall: 'rm',
    path,
    info: { code: 'EISDIR', message: 'is a directory', path, syscall: 'rm', errno: EISDIR },
  });
}
