// A new link in one call of the addon, in the order of docs/decisions/memfile-records.md. What goes
// wrong is undone, and left to the long way to find again and to tell.
import { constants, promises } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { isMainThread } from 'node:worker_threads';
import type { ByteString } from './byte-string.ts';
import { baseOf, join, toFsPath } from './byte-string.ts';
import { makeContentName, recordOf } from './content-name.ts';
import { quickFlags } from './known-content.ts';
import { realLinkPath } from './link-path.ts';
import { native } from './native.ts';
import type { OpenRequest, OpenedContent } from './open-steps.ts';
import { knownDevice } from './ram-directory.ts';
import { removeContent, removeSteps } from './remove-steps.ts';
import { writeRecord } from './record.ts';
import { runAsync } from './steps.ts';

const { O_CREAT, O_EXCL, O_TRUNC, O_NOFOLLOW } = constants;
const ownerMayUse = 0o600;

/** Undefined: it takes the long way, and nothing has changed. */
export function makeAtOnce(request: OpenRequest): OpenedContent<number> | undefined {
  const made = make(request, request.path);
  if (made === undefined) return undefined;
  return { handle: made.fd, content: made.content, made: true };
}

/**
 * The same in one turn of the thread pool: record and content are made at once, which is in memory,
 * then the FileHandle is opened and the link made side by side.
 */
export async function makeLater(
  request: OpenRequest,
): Promise<OpenedContent<FileHandle> | undefined> {
  const { path, flags, mode } = request;
  // It could not be opened a second time.
  if ((mode & ownerMayUse) !== ownerMayUse) return undefined;
  const made = make(request, undefined);
  if (made === undefined) return undefined;
  const { fd, content } = made;
  const plain = (flags & ~(O_CREAT | O_EXCL | O_TRUNC)) | O_NOFOLLOW;
  const [opened, linked] = await Promise.allSettled([
    promises.open(toFsPath(content), plain),
    promises.symlink(toFsPath(content), toFsPath(path)),
  ]);
  const isLinked = linked.status === 'fulfilled';
  if (opened.status === 'fulfilled' && isLinked) {
    native().closeDescriptor(fd);
    return { handle: opened.value, content, made: true };
  }
  try {
    await runAsync(isLinked ? removeSteps(path, content) : removeContent(content));
  } finally {
    native().closeDescriptor(fd);
    if (opened.status === 'fulfilled') await opened.value.close();
  }
  return undefined;
}

interface Made {
  fd: number;
  content: ByteString;
}

/** In a worker Node warns of descriptors that it didn't open itself. */
function make(request: OpenRequest, link: ByteString | undefined): Made | undefined {
  const { path, flags, mode, directory } = request;
  if (!isMainThread || (flags & O_CREAT) === 0) return undefined;
  if ((flags & ~(quickFlags | O_EXCL)) !== 0) return undefined;
  const device = knownDevice(directory);
  if (device === undefined || realLinkPath(path) !== path) return undefined;
  const content = join(directory, makeContentName(baseOf(path)));
  const text = writeRecord(path);
  const fd = native().makeContent(content, recordOf(content), text, flags, mode, device, link);
  return fd < 0 ? undefined : { fd, content };
}
