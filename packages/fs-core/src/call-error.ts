import { ramError, systemError } from '@ram/errno';
import type { PathArgument } from '@ram/errno';
import { callErrors } from './native.ts';

/** The error for a negative result of a native call. */
export function callError(
  result: number,
  syscall: string,
  path?: PathArgument,
  dest?: PathArgument,
): Error {
  if (result === callErrors.volumeClosed) return volumeClosedError();
  return systemError(result, syscall, path, dest);
}

export function volumeClosedError(): Error {
  return ramError('ERR_RAM_VOLUME_CLOSED', 'The volume is closed');
}
