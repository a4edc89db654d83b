import { constants, promises } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { isMainThread } from 'node:worker_threads';
import type { ByteString } from './byte-string.ts';
import { toFsPath } from './byte-string.ts';
import { native } from './native.ts';
import type { OpenedContent } from './open-steps.ts';

const { O_WRONLY, O_RDWR, O_CREAT, O_TRUNC, O_APPEND, O_SYNC, O_NOFOLLOW, O_NONBLOCK } = constants;

/** All else takes the long way: O_EXCL, and what node:fs has no letter for. */
export const quickFlags = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_SYNC;

/**
 * Links whose record was seen to lead back to them, whose content is this user's own and lies in a
 * directory that was found safe. While that stays so they are opened without looking at all of it.
 */
const known = new Map<ByteString, { content: ByteString; device: number }>();
const knownMax = 1000;

export function rememberContent(path: ByteString, content: ByteString, device: number): void {
  if (known.size >= knownMax) known.clear();
  known.set(path, { content, device });
}

/**
 * Undefined when something is not as it was, or the kernel refuses: look then. Also
 * in a worker, where Node warns of descriptors that it didn't open itself, and doesn't close them
 * when the worker ends.
 */
export function openKnownContent(
  path: ByteString,
  flags: number,
): OpenedContent<number> | undefined {
  if (!isMainThread) return undefined;
  const found = findKnown(path, flags);
  if (found === undefined) return undefined;
  const { content, device } = found;
  const fd = native().openKnown(path, content, flags & ~O_CREAT, device);
  if (fd >= 0) return { handle: fd, content, made: false };
  known.delete(path);
  return undefined;
}

/** The same in one turn of the thread pool: link and content are looked at side by side. */
export async function openKnownLater(
  path: ByteString,
  flags: number,
): Promise<OpenedContent<FileHandle> | undefined> {
  const found = findKnown(path, flags);
  if (found === undefined) return undefined;
  const careful = (flags & ~(O_CREAT | O_TRUNC)) | O_NOFOLLOW | O_NONBLOCK;
  const [target, handle] = await Promise.all([
    promises.readlink(toFsPath(path), 'latin1').catch(() => undefined),
    promises.open(toFsPath(found.content), careful).catch(() => undefined),
  ]);
  const isSame = target === found.content && handle !== undefined;
  if (isSame && native().settleKnown(handle.fd, flags & ~O_CREAT, found.device) === 0) {
    return { handle, content: found.content, made: false };
  }
  known.delete(path);
  await handle?.close();
  return undefined;
}

function findKnown(path: ByteString, flags: number) {
  if ((flags & ~quickFlags) !== 0) return undefined;
  // ftruncate(2) can't do what O_TRUNC does here.
  if ((flags & O_TRUNC) !== 0 && (flags & (O_WRONLY | O_RDWR)) === 0) return undefined;
  return known.get(path);
}
