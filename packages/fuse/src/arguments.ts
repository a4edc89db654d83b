import { fileURLToPath } from 'node:url';
import { invalidArgument, invalidValue, outOfRange, unknownOption } from '@ram/errno';

/** The path that a caller gave. @throws `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE` */
export function directoryArgument(directory: unknown): string {
  if (directory instanceof URL) return fileURLToPath(directory);
  if (typeof directory !== 'string') {
    throw invalidArgument('directory', ['string', 'URL'], directory);
  }
  if (directory === '') {
    throw invalidValue('directory', directory, "must not be empty; this directory is '.'");
  }
  if (directory.includes('\0')) {
    throw invalidValue('directory', directory, 'must be a path without null bytes');
  }
  return directory;
}

/** How a mount is taken away; see UnmountOptions. */
export interface ResolvedUnmountOptions {
  force: boolean;
  timeoutMs: number;
}

const timeoutDefaultMs = 2000;

/**
 * Checks the options of an unmount and fills in the defaults.
 * @throws `ERR_INVALID_ARG_TYPE`, `ERR_OUT_OF_RANGE`
 */
export function unmountOptions(options: unknown): ResolvedUnmountOptions {
  if (typeof options !== 'object' || options === null) {
    throw invalidArgument('options', 'object', options);
  }
  const unknown = unknownOption(options, ['force', 'timeoutMs']);
  if (unknown) throw unknown;
  const { force = false, timeoutMs = timeoutDefaultMs } = options as Record<string, unknown>;
  if (typeof force !== 'boolean') throw invalidArgument('options.force', 'boolean', force);
  if (typeof timeoutMs !== 'number') {
    throw invalidArgument('options.timeoutMs', 'number', timeoutMs);
  }
  if (!(timeoutMs >= 0)) throw outOfRange('options.timeoutMs', '>= 0', timeoutMs);
  return { force, timeoutMs };
}
