// Removing: the link first, so that whatever stops it leaves at most a content that gc() frees.
import type { ByteString } from './byte-string.ts';
import { directoryOf, toText } from './byte-string.ts';
import { look, renameExclusively, unlink, unlinkQuietly } from './calls.ts';
import { recordOf, stagePath } from './content-name.ts';
import { aboutPath, isErrno, memfileError } from './errors.ts';
import { linksTo, refusal, requireOwnContent, requireRecord } from './path-state.ts';
import { requireRamDirectory } from './ram-directory.ts';
import type { Steps } from './steps.ts';

const turnsMax = 1000;

/**
 * Takes the link, its content and the record away.
 * @param only Of this content: a path that leads elsewhere by now is left alone.
 */
export function* removeSteps(path: ByteString, only?: ByteString): Steps<void> {
  for (let turn = 0; turn < turnsMax; turn++) {
    const state = yield* look(path);
    const elsewhere = state.kind !== 'memfile' || state.content !== only;
    if (only !== undefined && elsewhere) return yield* removeContent(only);
    if (state.kind !== 'memfile') throw refusal(path, state);
    const { content, facts, record } = state;
    requireRecord(content, record);
    if (facts !== undefined) {
      requireOwnContent(content, facts, record);
      requireRamDirectory(directoryOf(content));
    }
    if (yield* takeLink(path, content)) return yield* removeContent(content);
  }
  const message = `${toText(path)} changes faster than it can be removed`;
  throw memfileError('ERR_RAM_MEMFILE_CHANGING', message, path);
}

export function* removeContent(content: ByteString): Steps<void> {
  yield* unlinkQuietly(content);
  yield* unlinkQuietly(recordOf(content));
}

/**
 * Removes the link, and never what another program puts in its place: it is first renamed, and put
 * back if it wasn't ours. False: look again.
 */
export function* takeLink(path: ByteString, content: ByteString): Steps<boolean> {
  const aside = stagePath(path, content, 'rm');
  try {
    yield* renameExclusively(path, aside);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return false;
    // Left by a process that was killed between the two calls.
    if (isErrno(error, 'EEXIST') && linksTo(aside, content)) {
      yield* unlink(aside);
      return false;
    }
    if (!isErrno(error, 'EINVAL', 'ENOSYS')) throw aboutPath(error, path, 'unlink');
    // A file system that can't: between this look and unlink(2) another file may come.
    if (!linksTo(path, content)) return false;
    yield* unlink(path);
    return true;
  }
  if (linksTo(aside, content)) {
    try {
      yield* unlink(aside);
    } catch (error) {
      // gc() found it.
      if (!isErrno(error, 'ENOENT')) throw error;
    }
    return true;
  }
  yield* renameExclusively(aside, path);
  return false;
}
