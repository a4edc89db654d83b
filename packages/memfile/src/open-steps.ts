// Opening: the protocol. docs/decisions/memfile-records.md says why in this order.
import { constants } from 'node:fs';
import type { ByteString } from './byte-string.ts';
import { baseOf, directoryOf, join, toText } from './byte-string.ts';
import {
  closeHandle,
  look,
  makeLink,
  makeRecord,
  openContent,
  renameInMemory,
  unlinkInMemory,
  unlinkQuietly,
} from './calls.ts';
import type { Opener } from './calls.ts';
import { makeContentName, recordOf } from './content-name.ts';
import { aboutPath, callError, isErrno, memfileError } from './errors.ts';
import { rememberContent } from './known-content.ts';
import { realLinkPath } from './link-path.ts';
import { linksTo, refusal, requireOwnContent, requireRecord, staleError } from './path-state.ts';
import type { PathState } from './path-state.ts';
import { requireKnownDirectory, requireRamDirectory } from './ram-directory.ts';
import { writeRecord } from './record.ts';
import type { ContentRecord } from './record.ts';
import type { Steps } from './steps.ts';

const { O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
const EEXIST = 17;

/** Each turn of the loop lost a race against another program. */
const turnsMax = 1000;

export interface OpenRequest {
  /** Absolute. */
  path: ByteString;
  flags: number;
  /** Of a content that is made. */
  mode: number;
  /** Where a content is made; absolute. */
  directory: ByteString;
}

export interface OpenedContent<H> {
  handle: H;
  content: ByteString;
  /** Whether this call made the content. */
  made: boolean;
}

type Memfile = Extract<PathState, { kind: 'memfile' }>;

/** @throws all that `memoryOpen` does */
export function* openSteps<H>(request: OpenRequest, opener: Opener<H>): Steps<OpenedContent<H>> {
  const { path, flags } = request;
  for (let turn = 0; turn < turnsMax; turn++) {
    const state = yield* look(path);
    let opened: OpenedContent<H> | undefined;
    if (state.kind === 'memfile') {
      opened = yield* state.facts === undefined
        ? heal(request, opener, state)
        : reuse(request, opener, state);
    } else if (state.kind === 'absent' && (flags & O_CREAT) !== 0) {
      opened = yield* create(request, opener);
    } else {
      throw refusal(path, state);
    }
    if (opened !== undefined) return opened;
  }
  const message = `${toText(path)} changes faster than it can be opened`;
  throw memfileError('ERR_RAM_MEMFILE_CHANGING', message, path);
}

/** Undefined: another program was faster. */
function* create<H>(
  { path, flags, mode, directory }: OpenRequest,
  opener: Opener<H>,
): Steps<OpenedContent<H> | undefined> {
  requireKnownDirectory(directory, undefined);
  const content = join(directory, makeContentName(baseOf(path)));
  try {
    yield* makeRecord(content, writeRecord(realLinkPath(path)));
  } catch (error) {
    if (isErrno(error, 'EEXIST')) return undefined;
    throw aboutPath(error, path);
  }
  let handle: H;
  try {
    handle = yield* openContent(opener, content, flags | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
  } catch (error) {
    yield* unlinkInMemory(recordOf(content));
    if (isErrno(error, 'EEXIST')) return undefined;
    throw aboutPath(error, path);
  }
  // The handle stays open until the link is there: gc() leaves alone what is open.
  try {
    yield* makeLink(content, path);
    return { handle, content, made: true };
  } catch (error) {
    yield* closeHandle(opener, handle);
    yield* unlinkInMemory(content);
    yield* unlinkInMemory(recordOf(content));
    if (isErrno(error, 'EEXIST')) return undefined;
    throw aboutPath(error, path);
  }
}

/** Undefined: the content was removed meanwhile. */
function* reuse<H>(
  { path, flags, mode }: OpenRequest,
  opener: Opener<H>,
  { content, facts, record }: Memfile,
): Steps<OpenedContent<H> | undefined> {
  if (facts !== undefined) requireOwnContent(content, facts, record);
  const isKnown = requireKnownDirectory(directoryOf(content), facts?.device);
  if ((flags & O_CREAT) !== 0 && (flags & O_EXCL) !== 0) throw callError(EEXIST, 'open', path);
  const recorded = requireRecord(content, record);
  if (recorded?.link !== path) yield* refreshRecord(path, content, recorded);
  try {
    const plain = flags & ~(O_CREAT | O_EXCL);
    const handle = yield* openContent(opener, content, plain | O_NOFOLLOW, mode);
    const isOwn = facts !== undefined && facts.uid === process.geteuid?.();
    if (isOwn && isKnown && recorded?.link === path) {
      rememberContent(path, content, facts.device);
    }
    return { handle, content, made: false };
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw aboutPath(error, path);
  }
}

/** Makes the content that the link names. Undefined: another program was faster. */
function* heal<H>(
  { path, flags, mode }: OpenRequest,
  opener: Opener<H>,
  { content, record }: Memfile,
): Steps<OpenedContent<H> | undefined> {
  if ((flags & O_CREAT) === 0) throw staleError(path, content);
  requireRamDirectory(directoryOf(content));
  yield* refreshRecord(path, content, requireRecord(content, record));
  let handle: H;
  try {
    handle = yield* openContent(opener, content, flags | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
  } catch (error) {
    // Made by another program just now: with O_EXCL the next turn says so, else it is shared.
    if (isErrno(error, 'EEXIST')) return undefined;
    throw aboutPath(error, path);
  }
  // Someone may have removed the link before the content was there for him to remove.
  const state = yield* look(path);
  if (state.kind === 'memfile' && state.content === content) {
    return { handle, content, made: true };
  }
  yield* closeHandle(opener, handle);
  yield* unlinkQuietly(content);
  yield* unlinkQuietly(recordOf(content));
  return undefined;
}

/** The way back must lead to this link, unless it leads to another one that is there. */
function* refreshRecord(
  path: ByteString,
  content: ByteString,
  recorded: ContentRecord | undefined,
): Steps<void> {
  if (recorded?.link === path) return;
  const real = realLinkPath(path);
  if (recorded?.link === real) return;
  if (recorded === undefined) {
    try {
      yield* makeRecord(content, writeRecord(real));
    } catch (error) {
      // Another program made it at the same time.
      if (!isErrno(error, 'EEXIST')) throw aboutPath(error, path);
    }
    return;
  }
  if (stillLinks(recorded.link, content)) return;
  const fresh = join(directoryOf(content), makeContentName(baseOf(path)));
  yield* makeRecord(fresh, writeRecord(real, recorded.original));
  yield* renameInMemory(recordOf(fresh), recordOf(content));
}

function stillLinks(path: ByteString, content: ByteString): boolean {
  try {
    return linksTo(path, content);
  } catch {
    return false;
  }
}
