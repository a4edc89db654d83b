import { statSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { systemError } from '@ram/errno';
import type { ByteString } from './byte-string.ts';
import { toFsPath, toText } from './byte-string.ts';
import { idOf, recordOf } from './content-name.ts';
import { callError, memfileError } from './errors.ts';
import { isDirectory, isLink, isRegular, lookAtLink, lookAtName } from './facts.ts';
import type { ContentFacts, LinkFacts, QuickLook } from './facts.ts';
import { parseRecord } from './record.ts';
import type { ContentRecord, ParsedRecord } from './record.ts';

/** What is at a path, from the point of view of this package. */
export type PathState =
  | { kind: 'absent' }
  /** A link of ours; without `facts` it is stale. */
  | { kind: 'memfile'; content: ByteString; facts: ContentFacts | undefined; record: RecordState }
  | { kind: 'foreign'; target: ByteString }
  | { kind: 'regular' | 'directory' | 'special'; facts: LinkFacts };

/** The record beside a content, and who owns it. */
export type RecordState =
  | { parsed: ParsedRecord; uid: number; /** When it was made. */ changed: bigint }
  | undefined;

/**
 * Looks at the path and, when it is a link of ours, at what it leads to. Ours is a link that this
 * user (or root) made, to an absolute path whose last name is that of a content.
 */
export function lookAtPath(path: ByteString): PathState {
  const facts = lookOrThrow(path);
  if (facts === undefined) return { kind: 'absent' };
  if ('mode' in facts) {
    if (isRegular(facts)) return { kind: 'regular', facts };
    return { kind: isDirectory(facts) ? 'directory' : 'special', facts };
  }
  const { target, content, uid, record } = facts;
  if (!isTrusted(uid) || !isContentPath(target)) return { kind: 'foreign', target };
  return {
    kind: 'memfile',
    content: target,
    facts: content,
    record: quickRecord(path, content, record) ?? trustedRecord(target),
  };
}

/**
 * A record that says what the link says need not be looked at: whoever made it, nothing depends on
 * it. Undefined when it has to be.
 */
function quickRecord(
  path: ByteString,
  content: ContentFacts | undefined,
  text: ByteString | undefined,
): RecordState {
  const own = process.geteuid?.() ?? 0;
  if (text === undefined || content?.uid !== own || !text.endsWith(`:${path}`)) return undefined;
  const parsed = parseRecord(text);
  if (typeof parsed === 'string' || parsed.link !== path) return undefined;
  return { parsed, uid: own, changed: 0n };
}

function lookOrThrow(path: ByteString): QuickLook | LinkFacts | undefined {
  try {
    return lookAtLink(path);
  } catch (error) {
    throw callError((error as NodeJS.ErrnoException).errno ?? 5, 'open', path);
  }
}

export function lookAtRecord(content: ByteString): RecordState {
  const facts = lookAtContent(recordOf(content));
  if (facts === undefined) return undefined;
  const parsed = facts.target === undefined ? 'damaged' : parseRecord(facts.target);
  return { parsed, uid: facts.uid, changed: facts.changed };
}

/** In /dev/shm anyone may make a file of that name while there is none. */
function trustedRecord(content: ByteString): RecordState {
  const record = lookAtRecord(content);
  return record !== undefined && isTrusted(record.uid) ? record : undefined;
}

/** Undefined also where its directory is gone. */
function lookAtContent(content: ByteString): LinkFacts | undefined {
  try {
    return lookAtName(content);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return undefined;
    throw error;
  }
}

function isContentPath(target: ByteString): boolean {
  return target.startsWith('/') && idOf(target) !== undefined;
}

function isTrusted(uid: number): boolean {
  return uid === 0 || uid === process.geteuid?.();
}

/** Whether the link at `path` is ours and leads to `content`. */
export function linksTo(path: ByteString, content: ByteString): boolean {
  const facts = lookAtName(path);
  return facts !== undefined && isLink(facts) && facts.target === content && isTrusted(facts.uid);
}

/**
 * The record, when it can be used.
 * @throws `ERR_RAM_MEMFILE_RECORD_DAMAGED`, `ERR_RAM_MEMFILE_RECORD_VERSION`
 */
export function requireRecord(content: ByteString, record: RecordState): ContentRecord | undefined {
  if (record === undefined) return undefined;
  const { parsed } = record;
  const name = toText(recordOf(content));
  if (parsed === 'newer') {
    const message = `${name} was written by a newer version of @ram/memfile; update this one`;
    throw memfileError('ERR_RAM_MEMFILE_RECORD_VERSION', message, recordOf(content));
  }
  if (parsed === 'damaged') {
    const message = `${name} is damaged; remove it, and the next opening makes it anew`;
    throw memfileError('ERR_RAM_MEMFILE_RECORD_DAMAGED', message, recordOf(content));
  }
  return parsed;
}

/**
 * Refuses a content that is not this user's own file. One that belongs to someone else is fine
 * where root moved that file into memory, and recorded so. Anyone may make a file of a content's
 * name while there is none.
 */
export function requireOwnContent(
  content: ByteString,
  facts: ContentFacts,
  record: RecordState,
): void {
  const own = process.geteuid?.();
  if (isRegular(facts) && (facts.uid === own || isMovedByRoot(own, record))) return;
  const what = isRegular(facts) ? 'belongs to another user' : 'is not a regular file';
  const message = `The content ${toText(content)} ${what}; it is left alone`;
  throw memfileError('ERR_RAM_MEMFILE_FOREIGN_CONTENT', message, content);
}

function isMovedByRoot(own: number | undefined, record: RecordState): boolean {
  if (own !== 0 || record?.uid !== 0 || typeof record.parsed === 'string') return false;
  return record.parsed.original !== undefined;
}

/** The error for a path at which no memfile can be. */
export function refusal(path: ByteString, state: Exclude<PathState, { kind: 'memfile' }>): Error {
  const name = toText(path);
  switch (state.kind) {
    case 'absent':
      return systemError(2, 'open', toFsPath(path));
    case 'regular': {
      const message = `${name} is a regular file; memorize() moves it into memory`;
      return memfileError('ERR_RAM_MEMFILE_REGULAR_FILE', message, path);
    }
    case 'directory':
      return memfileError('ERR_RAM_MEMFILE_DIRECTORY', `${name} is a directory`, path);
    case 'special': {
      const message = `${name} is a device, FIFO or socket`;
      return memfileError('ERR_RAM_MEMFILE_SPECIAL_FILE', message, path);
    }
    case 'foreign':
      return foreignLink(path, state.target);
  }
}

function foreignLink(path: ByteString, target: ByteString): Error {
  const name = `${toText(path)} is a symbolic link to ${toText(target)}`;
  const facts = follow(path);
  if (facts === undefined) {
    const message = `${name}, where nothing is, and that @ram/memfile of this user didn't make`;
    return memfileError('ERR_RAM_MEMFILE_DANGLING_FOREIGN_LINK', message, path);
  }
  const what = facts.isDirectory() ? ', a directory' : '';
  const message = `${name}${what}; @ram/memfile of this user didn't make it`;
  return memfileError('ERR_RAM_MEMFILE_FOREIGN_LINK', message, path);
}

export function staleError(path: ByteString, content: ByteString): Error {
  const message =
    `The content of ${toText(path)} is gone: ${toText(content)} was in memory, and the machine ` +
    'was restarted or someone removed it. Opening for writing makes it anew';
  return memfileError('ERR_RAM_MEMFILE_STALE', message, path);
}

/** Undefined where the link leads nowhere, in circles, or where this user may not look. */
function follow(path: ByteString): Stats | undefined {
  try {
    return statSync(toFsPath(path));
  } catch {
    return undefined;
  }
}
