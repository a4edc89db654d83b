import { closeSync, constants, openSync } from 'node:fs';
import { invalidArgument, unknownOption } from '@ram/errno';
import type { PathArgument } from '@ram/errno';
import { callError } from './call-error.ts';
import { toPath } from './fs/arguments.ts';
import type { NativeVolume } from './native.ts';
import { parseSize } from './size.ts';

export interface SpillOptions {
  /** How large the file may become in memory: bytes, or a size for `parseSize`. */
  beyondBytes: number | bigint | string;
  /** A directory on disk, of the machine and not of the Volume. */
  directory: PathArgument;
}

/** What `Volume.spill` does. */
export function setSpill(native: NativeVolume, path: PathArgument, options: SpillOptions): void {
  const inside = toPath(path);
  const given: unknown = options;
  if (typeof given !== 'object' || given === null) {
    throw invalidArgument('options', 'Object', given);
  }
  const unknown = unknownOption(given, ['beyondBytes', 'directory']);
  if (unknown) throw unknown;
  const beyondBytes = parseSize(options.beyondBytes);
  const { O_RDONLY, O_DIRECTORY } = constants;
  const directory = openSync(toHostPath(options.directory), O_RDONLY | O_DIRECTORY);
  try {
    const result = native.spill(inside, beyondBytes, directory);
    if (result < 0) throw callError(result, 'spill', inside);
  } finally {
    closeSync(directory);
  }
}

function toHostPath(path: PathArgument): string | Buffer | URL {
  if (!(path instanceof Uint8Array) || Buffer.isBuffer(path)) return path;
  return Buffer.from(path.buffer, path.byteOffset, path.byteLength);
}
