import { baseOf, directoryOf, join } from './byte-string.ts';
import type { ByteString } from './byte-string.ts';
import { native } from './native.ts';

/** Directories with no link on the way to them, when they were looked at. */
const plain = new Set<ByteString>();
const plainMax = 1000;

/**
 * With the links in its directory resolved, where that can be told. A directory is looked at once
 * if there are none: should one of those above it become a link, then the path leads there still.
 */
export function realLinkPath(path: ByteString): ByteString {
  const directory = directoryOf(path);
  if (plain.has(directory)) return path;
  const real = native().realDirectory(directory);
  if (typeof real !== 'string') return path;
  if (real !== directory) return join(real, baseOf(path));
  if (plain.size >= plainMax) plain.clear();
  plain.add(directory);
  return path;
}
