import { ramError, systemError } from '@ram/errno';
import type { CodedError } from '@ram/errno';
import { openErrors } from '../native.ts';

/** The error for a negative result of opening or making a ring. */
export function openError(result: number, syscall: string, place: string | number): Error {
  const shown = typeof place === 'string' ? `'${place}'` : `descriptor ${place}`;
  switch (result) {
    case openErrors.notARing:
      return ramError('ERR_RAM_NOT_A_RING', `${shown} is no ring`);
    case openErrors.otherVersion:
      return ramError('ERR_RAM_RING_VERSION', `${shown} is a ring of another version`);
    case openErrors.damaged:
      return ramError('ERR_RAM_RING_DAMAGED', `The header of the ring ${shown} is damaged`);
    case openErrors.wrongOwner:
      return ramError('ERR_RAM_RING_OWNER', `The ring ${shown} is open to, or of, another user`);
    default:
      return typeof place === 'string'
        ? systemError(result, syscall, place)
        : systemError(result, syscall);
  }
}

export function closedError(what: string): CodedError {
  return ramError('ERR_RAM_RING_CLOSED', `The ${what} is closed`);
}

export function damagedError(): CodedError {
  return ramError('ERR_RAM_RING_DAMAGED', 'The records of the ring are damaged');
}

export function peerDiedError(who: string): CodedError {
  return ramError('ERR_RAM_RING_PEER_DIED', `The ${who} of the ring died`);
}

export function stateError(message: string): CodedError {
  return ramError('ERR_RAM_RING_STATE', message);
}
