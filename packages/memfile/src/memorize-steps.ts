// Moving a file from disk into memory.
import { closeSync, constants } from 'node:fs';
import type { ByteString } from './byte-string.ts';
import { baseOf, join, toText } from './byte-string.ts';
import {
  copyContent,
  descriptorOpener,
  exchange,
  look,
  makeLink,
  makeRecord,
  openContent,
  unlink,
  unlinkQuietly,
} from './calls.ts';
import { makeContentName, recordOf, stagePath } from './content-name.ts';
import { aboutPath, memfileError } from './errors.ts';
import { lookAtDescriptor, lookAtName } from './facts.ts';
import type { FileFacts } from './facts.ts';
import { realLinkPath } from './link-path.ts';
import { refusal, staleError } from './path-state.ts';
import {
  copyAttributes,
  exchangeOrRefuse,
  isUnmodified,
  openForCopy,
  requireUnused,
} from './persist-steps.ts';
import { requireRamDirectory } from './ram-directory.ts';
import { writeRecord } from './record.ts';
import type { Steps } from './steps.ts';

const { O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;

/** Returns the content that `path` leads to now. */
export function* memorizeSteps(path: ByteString, directory: ByteString): Steps<ByteString> {
  const state = yield* look(path);
  if (state.kind === 'memfile') {
    if (state.facts === undefined) throw staleError(path, state.content);
    const message = `${toText(path)} is in memory already: ${toText(state.content)}`;
    throw memfileError('ERR_RAM_MEMFILE_NOT_A_MEMFILE', message, path);
  }
  if (state.kind !== 'regular') throw refusal(path, state);
  requireRamDirectory(directory);
  if (!mayMove(state.facts)) throw ownerError(path);
  const original = openForCopy(path);
  try {
    const facts = lookAtDescriptor(original);
    requireMovable(path, original, facts);
    return yield* move(path, directory, original, facts);
  } finally {
    closeSync(original);
  }
}

function mayMove({ uid }: FileFacts): boolean {
  const own = process.geteuid?.();
  return own === 0 || uid === own;
}

function requireMovable(path: ByteString, original: number, facts: FileFacts): void {
  const { links } = facts;
  if (!mayMove(facts)) throw ownerError(path);
  if (links > 1) {
    const message = `${toText(path)} has ${links} names (hard links); only one would move`;
    throw memfileError('ERR_RAM_MEMFILE_HARD_LINKS', message, path);
  }
  requireUnused(path, original);
}

function ownerError(path: ByteString): Error {
  const message = `${toText(path)} belongs to another user`;
  return memfileError('ERR_RAM_MEMFILE_FOREIGN_CONTENT', message, path);
}

function* move(
  path: ByteString,
  directory: ByteString,
  original: number,
  facts: FileFacts,
): Steps<ByteString> {
  const content = join(directory, makeContentName(baseOf(path)));
  const { sizeBytes, modified } = facts;
  yield* makeRecord(content, writeRecord(realLinkPath(path), { sizeBytes, modified }));
  let fd: number | undefined;
  try {
    const flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW;
    fd = yield* openContent(descriptorOpener, content, flags, 0o600);
    yield* copyContent(original, fd, path);
    copyAttributes(original, fd, path);
    yield* swapIn(path, content, original, facts);
    return content;
  } catch (error) {
    yield* unlinkQuietly(content);
    yield* unlinkQuietly(recordOf(content));
    throw aboutPath(error, path);
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/** The link takes the file's place, and the file goes if nobody touched it since it was copied. */
function* swapIn(
  path: ByteString,
  content: ByteString,
  original: number,
  facts: FileFacts,
): Steps<void> {
  const stage = stagePath(path, content, 'in');
  yield* makeLink(content, stage);
  yield* exchangeOrRefuse(path, stage);
  try {
    const found = lookAtName(stage);
    const same = found?.inode === facts.inode && found.device === facts.device;
    if (!same || !isUnmodified(found, facts)) {
      const message = `${toText(path)} was changed while it was copied`;
      throw memfileError('ERR_RAM_MEMFILE_CHANGING', message, path);
    }
    requireUnused(path, original);
  } catch (error) {
    yield* exchange(path, stage);
    yield* unlink(stage);
    throw error;
  }
  yield* unlink(stage);
}
