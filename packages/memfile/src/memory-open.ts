import { closeSync, promises } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { invalidValue } from '@ram/errno';
import type { PathArgument } from '@ram/errno';
import { anonymousSteps } from './anonymous.ts';
import type { AnonymousRequest } from './anonymous.ts';
import { toAbsolute, toByteString } from './byte-string.ts';
import type { ByteString } from './byte-string.ts';
import { descriptorOpener } from './calls.ts';
import type { Opener } from './calls.ts';
import { callError } from './errors.ts';
import { openKnownContent, openKnownLater } from './known-content.ts';
import { anonymousFile, linkedFile } from './memory-file.ts';
import type { AnonymousFileHandle, MemoryFileHandle } from './memory-file.ts';
import { makeAtOnce, makeLater } from './new-content.ts';
import { toOpenFlags } from './open-mode.ts';
import type { OpenMode } from './open-mode.ts';
import { resolveOptions } from './open-options.ts';
import type { MemoryOpenOptions, ResolvedOptions } from './open-options.ts';
import { openSteps } from './open-steps.ts';
import type { OpenRequest, OpenedContent } from './open-steps.ts';
import { removeSteps } from './remove-steps.ts';
import { runAsync, runSync } from './steps.ts';
import type { Steps } from './steps.ts';
import { settleInVolume, spillingOpener } from './volume-content.ts';

const ENOENT = 2;
const anyExecute = 0o111;

const handleOpener: Opener<FileHandle> = {
  open: () => {
    throw new Error('a FileHandle is opened asynchronously');
  },
  openLater: (path, flags, mode) => promises.open(path, flags, mode),
  close: () => {
    throw new Error('a FileHandle is closed asynchronously');
  },
  closeLater: (handle) => handle.close(),
};

/**
 * `fs.promises.open`, but the content lives in memory and `path` is a symbolic link to it. What it
 * gives is a FileHandle of Node, with `unlink()`, `persist()` and `target`; reading and writing go
 * straight to the kernel.
 *
 * A link of ours at `path` is opened, or given a new content where that is gone and the flags
 * create. Anything else at `path` is refused. Modes that only read create nothing.
 *
 * ```ts
 * await using file = await memoryOpen('notes.txt', 'w');
 * await file.write('hello');
 * ```
 *
 * @param flags Of Node, default `'r'`; also the modes of Python's `open`. The README has a table.
 * @param options Or the permissions of a new content alone, default 0o600.
 * @throws Node's errors about `path` (ENOENT, EEXIST, EACCES, ENOSPC, ENAMETOOLONG …), and the
 *   codes `ERR_RAM_MEMFILE_…` that the README lists
 * @see open(2), memfd_create(2), tmpfs(5)
 */
export function memoryOpen(
  path: PathArgument,
  flags: OpenMode | undefined | null,
  options: MemoryOpenOptions & { anonymous: true },
): Promise<AnonymousFileHandle>;
export function memoryOpen(
  path: PathArgument,
  flags?: OpenMode | null,
  options?: (MemoryOpenOptions & { anonymous?: false }) | number | string | null,
): Promise<MemoryFileHandle>;
export function memoryOpen(
  path: PathArgument,
  flags?: OpenMode | null,
  options?: MemoryOpenOptions | number | string | null,
): Promise<MemoryFileHandle | AnonymousFileHandle>;
export async function memoryOpen(
  path: PathArgument,
  flags?: OpenMode | null,
  options?: MemoryOpenOptions | number | string | null,
): Promise<MemoryFileHandle | AnonymousFileHandle> {
  const wanted = prepare(path, flags, options);
  if (wanted.options.anonymous) {
    return anonymousFile(await runAsync(anonymousSteps(toAnonymous(wanted), handleOpener)));
  }
  const opened = await openLater(wanted);
  try {
    settleInVolume(opened, opened.handle.fd, wanted.options);
  } catch (error) {
    await opened.handle.close();
    await runAsync(undo(wanted.path, opened));
    throw error;
  }
  return linkedFile(opened.handle, {
    path: wanted.path,
    content: opened.content,
    temporary: wanted.options.temporary,
  });
}

/**
 * The same for a descriptor that all of `node:fs` takes; `closeSync` closes it, and `removeSync`
 * removes the file. `temporary` needs a FileHandle and is refused.
 *
 * @throws as `memoryOpen`
 */
export function memoryOpenSync(
  path: PathArgument,
  flags?: OpenMode | null,
  options?: MemoryOpenOptions | number | string | null,
): number {
  const wanted = prepare(path, flags, options);
  if (wanted.options.temporary) {
    const reason = 'needs a FileHandle: nothing sees closeSync';
    throw invalidValue('options.temporary', true, reason);
  }
  if (wanted.options.anonymous) {
    return runSync(anonymousSteps(toAnonymous(wanted), descriptorOpener));
  }
  const opened = openNow(wanted);
  try {
    settleInVolume(opened, opened.handle, wanted.options);
  } catch (error) {
    closeSync(opened.handle);
    runSync(undo(wanted.path, opened));
    throw error;
  }
  return opened.handle;
}

interface Wanted {
  path: ByteString;
  flags: number;
  options: ResolvedOptions;
}

function prepare(path: PathArgument, flags: OpenMode | undefined | null, options: unknown): Wanted {
  const given = toByteString(path);
  const resolved = resolveOptions(options as MemoryOpenOptions);
  const wanted = { path: toAbsolute(given), flags: toOpenFlags(flags), options: resolved };
  if (given === '') throw callError(ENOENT, 'open', given);
  return wanted;
}

function toRequest({ path, flags, options: { mode, directory } }: Wanted): OpenRequest {
  return { path, flags, mode, directory };
}

function toAnonymous({ path, flags, options }: Wanted): AnonymousRequest {
  const { seals, maxBytes, mode } = options;
  return { path, flags, seals, maxBytes, executable: (mode & anyExecute) !== 0 };
}

function openNow(wanted: Wanted): OpenedContent<number> {
  const request = toRequest(wanted);
  if (wanted.options.volume === undefined) {
    const quick = openKnownContent(wanted.path, wanted.flags) ?? makeAtOnce(request);
    if (quick !== undefined) return quick;
  }
  return runSync(openSteps(request, spillingOpener(descriptorOpener, wanted.options)));
}

async function openLater(wanted: Wanted): Promise<OpenedContent<FileHandle>> {
  const request = toRequest(wanted);
  if (wanted.options.volume === undefined) {
    const quick = (await openKnownLater(wanted.path, wanted.flags)) ?? (await makeLater(request));
    if (quick !== undefined) return quick;
  }
  return runAsync(openSteps(request, spillingOpener(handleOpener, wanted.options)));
}

/** What this call made goes; what was there before stays. */
function undo<H>(path: ByteString, { content, made }: OpenedContent<H>): Steps<void> {
  return made ? removeSteps(path, content) : nothing();
}

function* nothing(): Steps<void> {}
