import { types as kinds } from 'node:util';
import { invalidArgument, outOfRange } from '@ram/errno';
import { checkBytes } from '../size.ts';

/** The arrays of `tryWritePacked` and `tryReadPacked`. @throws ERR_INVALID_ARG_TYPE */
export function checkPacked(
  bytes: unknown,
  lengths: unknown,
  types: unknown,
): asserts bytes is Uint8Array {
  checkBytes('bytes', bytes);
  if (!kinds.isUint32Array(lengths)) throw invalidArgument('lengths', 'Uint32Array', lengths);
  if (types === undefined) return;
  if (!kinds.isInt32Array(types)) throw invalidArgument('types', 'Int32Array', types);
  if (types.length < lengths.length) {
    throw outOfRange('types.length', `>= ${lengths.length}`, types.length);
  }
}
