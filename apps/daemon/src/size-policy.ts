import { appError } from './app-error.ts';
import { formatBytes } from './format-bytes.ts';

export interface SizeRequest {
  /** As typed: `2G`, `50%`; undefined for the default. */
  size: string | undefined;
  /** What this process may have: memory, or less by a cgroup. */
  memoryBytes: number;
  /** What a disk may be moved out to; 0 for a disk that may not. */
  swapBytes: number;
  /** The limits of the disks that are there, summed. */
  promisedBytes: number;
  /** @throws when it is no size. */
  parseSize(text: string): number;
}

export interface SizeDecision {
  maxBytes: number;
  /** For the person who asked. */
  warning?: string;
}

/** The least that a Volume takes. */
const sizeMin = 1024 * 1024;
const advice = 'Give a size such as 512M, 2G or 50%';

/**
 * The limit of a new disk. By default half of the memory that no other disk was promised: the first
 * gets half of the memory, and disks made without a size never promise more than there is.
 *
 * @throws ERR_RAM_SIZE
 */
export function decideSize(request: SizeRequest): SizeDecision {
  const { size, memoryBytes, swapBytes, promisedBytes } = request;
  if (size === undefined) return { maxBytes: defaultSize(memoryBytes, promisedBytes) };
  const maxBytes = parse(request, size);
  if (maxBytes < sizeMin) {
    throw appError(
      'ERR_RAM_SIZE',
      `--size ${size} is too small: a disk has at least ${formatBytes(sizeMin)}`,
      advice,
    );
  }
  const available = memoryBytes + swapBytes;
  if (maxBytes > available) {
    throw appError(
      'ERR_RAM_SIZE',
      `--size ${size} is more than there is: ${formatBytes(available)} of memory` +
        (swapBytes > 0 ? ' and swap' : ''),
      `Half of the memory is --size ${formatBytes(memoryBytes / 2).replace(' ', '')}`,
    );
  }
  if (maxBytes + promisedBytes <= available) return { maxBytes };
  const sum = formatBytes(maxBytes + promisedBytes);
  const warning = `all disks together may grow to ${sum}; there is ${formatBytes(available)}`;
  return { maxBytes, warning };
}

function defaultSize(memoryBytes: number, promisedBytes: number): number {
  const maxBytes = Math.floor((memoryBytes - promisedBytes) / 2);
  if (maxBytes >= sizeMin) return maxBytes;
  throw appError(
    'ERR_RAM_SIZE',
    `the disks that are there may already grow to ${formatBytes(promisedBytes)}`,
    'Say how large this one may become: --size 512M',
  );
}

function parse({ parseSize }: SizeRequest, size: string): number {
  try {
    return parseSize(size);
  } catch (error) {
    const message = (error as Error).message.replace(/^The size /, '--size ');
    throw appError('ERR_RAM_SIZE', message, undefined, error);
  }
}
