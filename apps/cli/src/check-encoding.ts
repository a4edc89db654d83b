import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { appError, showPath } from '@ram/daemon';

const replacement = '\uFFFD';

/**
 * Node hands arguments over as text, and puts U+FFFD where they aren't UTF-8: such a path names
 * another file.
 * @param args As Node has them.
 * @throws `ERR_RAM_USAGE` when one is not what was given
 */
export function checkEncoding(args: readonly string[]): void {
  const suspect = args.find((one) => one.includes(replacement));
  if (suspect === undefined || isUtf8(readCommandLine())) return;
  throw appError(
    'ERR_RAM_USAGE',
    `${showPath(suspect)} is not UTF-8, and Node does not hand on what it is`,
    'Rename the file, or use the packages, which take paths as bytes',
  );
}

function readCommandLine(): Uint8Array {
  try {
    return readFileSync('/proc/self/cmdline');
  } catch {
    return new Uint8Array(); // no /proc
  }
}
