// Moving a content to disk, and a file into memory. A path changes what it is by one exchange of
// two names, and what comes out of it is looked at before it is removed.
import { closeSync, constants, openSync } from 'node:fs';
import type { ByteString } from './byte-string.ts';
import { directoryOf, toFsPath, toText } from './byte-string.ts';
import { copyContent, exchange, look, sync, unlink } from './calls.ts';
import { stagePath } from './content-name.ts';
import { aboutPath, callError, checked, isErrno, memfileError } from './errors.ts';
import { lookAtDescriptor } from './facts.ts';
import type { FileFacts } from './facts.ts';
import { isInUse } from './in-use.ts';
import { native } from './native.ts';
import { linksTo, refusal, requireOwnContent, requireRecord, staleError } from './path-state.ts';
import { removeContent, takeLink } from './remove-steps.ts';
import { requireRamDirectory } from './ram-directory.ts';
import { perform } from './steps.ts';
import type { Steps } from './steps.ts';

const { O_RDONLY, O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW, O_DIRECTORY, O_NONBLOCK, O_NOATIME } =
  constants;

/** Without a name; Node doesn't list it. @see open(2) */
const O_TMPFILE = 0o20_000_000 | O_DIRECTORY;

/** Each turn, another program wrote while it was copied. */
const turnsMax = 8;

export interface PersistRequest {
  /** The content that the path must lead to. */
  only?: ByteString;
  /** An open descriptor of the content, which becomes one of the file. */
  handle?: number;
  /** Also while programs have the content open, which go on with memory that is lost. */
  force?: boolean;
}

/**
 * The link at `path` becomes a file on its disk with the content's bytes, mode, owner, times and
 * extended attributes.
 */
export function* persistSteps(path: ByteString, request: PersistRequest = {}): Steps<void> {
  const { only, handle } = request;
  const content = yield* findContent(path, only);
  const source = openForCopy(content);
  try {
    if (request.force !== true) requireUnused(path, source);
    for (let turn = 0; turn < turnsMax; turn++) {
      const out = stagePath(path, content, 'out');
      const fd = yield* writeCopy(source, path, out);
      try {
        if (yield* swapIn(path, content, out, source, fd)) {
          yield* syncDirectory(directoryOf(path));
          redirect(handle, fd);
          yield* unlink(out);
          return yield* removeContent(content);
        }
      } finally {
        closeSync(fd);
      }
    }
  } finally {
    closeSync(source);
  }
  throw changing(path);
}

/** Who has it open would go on with a file that is about to go. @throws `ERR_RAM_MEMFILE_IN_USE` */
export function requireUnused(path: ByteString, fd: number): void {
  if (!isInUse(fd)) return;
  const message = `${toText(path)} is open in a program; end that first`;
  throw memfileError('ERR_RAM_MEMFILE_IN_USE', message, path);
}

/** The content's bytes become the file `to`, which must not be there; link and content go. */
export function* persistToSteps(
  path: ByteString,
  to: ByteString,
  request: PersistRequest = {},
): Steps<void> {
  const { only, handle } = request;
  const content = yield* findContent(path, only);
  const source = openForCopy(content);
  try {
    if (request.force !== true) requireUnused(path, source);
    yield* copyToNewFile(source, to, stagePath(to, content, 'out'), handle);
  } finally {
    closeSync(source);
  }
  while (linksTo(path, content) && !(yield* takeLink(path, content)));
  yield* removeContent(content);
}

/** A new file with the bytes and attributes of `source`; EEXIST when `to` is there. */
export function* copyToNewFile(
  source: number,
  to: ByteString,
  stage: ByteString,
  handle?: number,
): Steps<void> {
  for (let turn = 0; turn < turnsMax; turn++) {
    const fd = openNew(to, stage);
    try {
      const before = lookAtDescriptor(source);
      yield* fill(source, fd.number, to);
      if (!isSame(before, lookAtDescriptor(source))) continue;
      yield* nameCopy(fd, stage, to);
      yield* syncDirectory(directoryOf(to));
      redirect(handle, fd.number);
      return;
    } finally {
      closeSync(fd.number);
    }
  }
  throw changing(to);
}

function* findContent(path: ByteString, only: ByteString | undefined): Steps<ByteString> {
  const state = yield* look(path);
  if (state.kind !== 'memfile') throw refusal(path, state);
  const { content, facts, record } = state;
  if (only !== undefined && content !== only) {
    const message = `${toText(path)} leads to another content by now`;
    throw memfileError('ERR_RAM_MEMFILE_NOT_A_MEMFILE', message, path);
  }
  requireRecord(content, record);
  if (facts === undefined) throw staleError(path, content);
  requireOwnContent(content, facts, record);
  requireRamDirectory(directoryOf(content));
  return content;
}

/** The file at `out`, complete and on the disk. */
function* writeCopy(source: number, path: ByteString, out: ByteString): Steps<number> {
  const fd = openNew(path, out);
  try {
    yield* fill(source, fd.number, path);
    yield* nameCopy(fd, out, out);
    return fd.number;
  } catch (error) {
    closeSync(fd.number);
    throw error;
  }
}

interface NewFile {
  number: number;
  named: boolean;
}

/**
 * Without a name where the file system can do that, so that a killed process leaves nothing.
 * @param to What it becomes, for errors.
 */
function openNew(to: ByteString, stage: ByteString): NewFile {
  const directory = toFsPath(directoryOf(to));
  try {
    return { number: openSync(directory, O_RDWR | O_TMPFILE, 0o600), named: false };
  } catch (error) {
    if (!isErrno(error, 'ENOTSUP', 'EISDIR', 'EINVAL', 'ENOENT')) throw aboutPath(error, to);
  }
  try {
    const flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW;
    return { number: openSync(toFsPath(stage), flags, 0o600), named: true };
  } catch (error) {
    throw aboutPath(error, to);
  }
}

function* fill(from: number, to: number, path: ByteString): Steps<void> {
  yield* copyContent(from, to, path);
  copyAttributes(from, to, path);
  yield* sync(to);
}

/** @throws `ERR_RAM_MEMFILE_ATTRIBUTES` */
export function copyAttributes(from: number, to: number, path: ByteString): void {
  const addon = native();
  const failed = addon.copyAttributes(from, to);
  if (typeof failed !== 'string') return;
  const cause = callError(addon.numbers[0] ?? -5, failed, path);
  const what = failed === 'fsetxattr' ? 'extended attributes' : 'owner, mode or times';
  const message = `The ${what} of ${toText(path)} can't be kept (${cause.message})`;
  throw memfileError('ERR_RAM_MEMFILE_ATTRIBUTES', message, path, cause);
}

function* nameCopy({ number, named }: NewFile, stage: ByteString, to: ByteString): Steps<void> {
  if (named && stage === to) return;
  if (named) {
    const rename = () => checked(native().renameExclusively(stage, to, false), 'rename', to);
    return void (yield* perform({ name: 'name the copy', now: rename }));
  }
  const name = () => checked(native().giveName(number, to), 'link', to);
  try {
    yield* perform({ name: 'name the copy', now: name });
  } catch (error) {
    // What a killed process left under a name that only this content uses.
    if (stage !== to || !isErrno(error, 'EEXIST')) throw error;
    yield* unlink(stage);
    yield* perform({ name: 'name the copy', now: name });
  }
}

/** False: the content was written to since it was copied; nothing has changed. */
function* swapIn(
  path: ByteString,
  content: ByteString,
  out: ByteString,
  source: number,
  copy: number,
): Steps<boolean> {
  yield* exchangeOrRefuse(path, out);
  // The copy has the content's times: a later write would have changed them.
  const same = isUnmodified(lookAtDescriptor(source), lookAtDescriptor(copy));
  if (same && linksTo(out, content)) return true;
  yield* exchange(path, out);
  yield* unlink(out);
  if (linksTo(path, content)) return false;
  const message = `${toText(path)} was replaced by another program`;
  throw memfileError('ERR_RAM_MEMFILE_CHANGING', message, path);
}

/** @throws `ERR_RAM_MEMFILE_NO_EXCHANGE` */
export function* exchangeOrRefuse(path: ByteString, other: ByteString): Steps<void> {
  try {
    yield* exchange(path, other);
  } catch (error) {
    yield* unlink(other);
    if (!isErrno(error, 'EINVAL', 'ENOSYS')) throw error;
    const message = `The file system of ${toText(path)} can't exchange two names in one step`;
    throw memfileError('ERR_RAM_MEMFILE_NO_EXCHANGE', message, path, error);
  }
}

function* syncDirectory(directory: ByteString): Steps<void> {
  const fd = openSync(toFsPath(directory), O_RDONLY | O_DIRECTORY);
  try {
    yield* sync(fd);
  } catch (error) {
    // Some file systems have nothing to sync in a directory.
    if (!isErrno(error, 'EINVAL')) throw error;
  } finally {
    closeSync(fd);
  }
}

/** Reading it for a copy is no access: its time is kept, and is one of those that are copied. */
export function openForCopy(path: ByteString): number {
  return openSync(toFsPath(path), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOATIME);
}

function redirect(handle: number | undefined, fd: number): void {
  if (handle !== undefined) checked(native().replaceDescriptor(handle, fd), 'dup');
}

export function isUnmodified(one: FileFacts, other: FileFacts): boolean {
  return one.modified === other.modified && one.sizeBytes === other.sizeBytes;
}

function isSame(one: FileFacts, other: FileFacts): boolean {
  return isUnmodified(one, other) && one.changed === other.changed;
}

function changing(path: ByteString): Error {
  const message = `${toText(path)} is written to faster than it can be copied`;
  return memfileError('ERR_RAM_MEMFILE_CHANGING', message, path);
}
