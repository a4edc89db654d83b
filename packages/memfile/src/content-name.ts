import { randomFillSync } from 'node:crypto';
import type { ByteString } from './byte-string.ts';
import { baseOf, directoryOf, join } from './byte-string.ts';

// A content is DIRECTORY/BASE-memfile-ID and its record DIRECTORY/BASE-memfile-ID.link, with BASE
// from the name of the link. Beside the link there may be DIRECTORY-OF-LINK/.memfile-ID.STAGE for
// the time of a step: see docs/decisions/memfile-records.md.
const pattern = /^[^/]+-memfile-([0-9a-f]{16})$/s;
const nameBytesMax = 255;
const idBytes = 8;
/** In each content's name; tells it from most others. */
export const contentMarker = '-memfile-';
export const recordSuffix = '.link';

/** What a name beside a link stands for, while a change of names is under way. */
export type Stage =
  /** The link of a content that is being removed. */
  | 'rm'
  /** Persisting: the new file, and after the exchange the link. */
  | 'out'
  /** Memorizing: the new link, and after the exchange the file. */
  | 'in';

export const stages: readonly Stage[] = ['rm', 'out', 'in'];

const pool = Buffer.alloc(4096);
let used = pool.length;

/** A new name for the content of the link called `base`. 64 random bits tell it from all others. */
export function makeContentName(base: ByteString): ByteString {
  if (used + idBytes > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const suffix = `${contentMarker}${pool.toString('hex', used, used + idBytes)}`;
  used += idBytes;
  return cut(base || 'file', nameBytesMax - suffix.length - recordSuffix.length) + suffix;
}

/** Of a content's path or name; undefined when it is none. */
export function idOf(content: ByteString): string | undefined {
  return pattern.exec(baseOf(content))?.[1];
}

export function recordOf(content: ByteString): ByteString {
  return content + recordSuffix;
}

/** The content that a record's name belongs to; undefined when it isn't one. */
export function contentOfRecord(name: ByteString): ByteString | undefined {
  if (!name.endsWith(recordSuffix)) return undefined;
  const content = name.slice(0, -recordSuffix.length);
  return idOf(content) === undefined ? undefined : content;
}

export function stagePath(link: ByteString, content: ByteString, stage: Stage): ByteString {
  return join(directoryOf(link), `.memfile-${idOf(content)}.${stage}`);
}

/** At most `length` bytes, and no half of a character where the name is UTF-8. */
function cut(name: ByteString, length: number): ByteString {
  if (name.length <= length) return name;
  let end = length;
  while (end > length - 4 && isContinuation(name.charCodeAt(end))) end--;
  return name.slice(0, end);
}

function isContinuation(byte: number): boolean {
  return (byte & 0xc0) === 0x80;
}
