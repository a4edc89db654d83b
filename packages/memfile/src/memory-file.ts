import { promises } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import type { PathArgument } from '@ram/errno';
import {
  baseOf,
  directoryOf,
  join,
  toAbsolute,
  toByteString,
  toMemoryPath,
} from './byte-string.ts';
import type { ByteString, MemoryPath } from './byte-string.ts';
import { makeContentName } from './content-name.ts';
import { copyToNewFile, persistSteps, persistToSteps } from './persist-steps.ts';
import { removeSteps } from './remove-steps.ts';
import { addSeals, readSeals } from './seals.ts';
import type { Seal } from './seals.ts';
import { runAsync } from './steps.ts';

/** A FileHandle of Node on a content in memory. */
export interface MemoryFileHandle extends FileHandle {
  /** Where the link is, absolute. */
  readonly path: MemoryPath;
  /** Where the content is. */
  readonly target: MemoryPath;
  /**
   * Removes link, content and record, in every mode. The handle goes on; the memory is free when
   * the last one is closed. What another program put in the place of the link stays.
   */
  unlink(): Promise<void>;
  /**
   * Moves the content to disk: to the place of the link, in one step, or to `to`, which must not be
   * there, and then the link goes. The handle then is one of the file, at the same position.
   * Nothing may be in flight on it; other handles go on with memory that is lost.
   *
   * @throws EEXIST, ENOSPC …; `ERR_RAM_MEMFILE_CHANGING`, `ERR_RAM_MEMFILE_ATTRIBUTES`,
   *   `ERR_RAM_MEMFILE_NO_EXCHANGE`
   */
  persist(to?: PathArgument): Promise<void>;
}

/** A FileHandle of Node on memory that has no name. */
export interface AnonymousFileHandle extends FileHandle {
  /** `/proc/PID/fd/N`, for programs of the same user, while it is open. */
  readonly target: string;
  /** Does nothing: the memory is free when the last descriptor is closed. */
  unlink(): Promise<void>;
  /** Copies it to `to`, which must not be there; the handle then is one of that file. */
  persist(to: PathArgument): Promise<void>;
  /** @throws EBUSY, EPERM, `ERR_RAM_MEMFILE_SEALS` */
  seal(...seals: Seal[]): void;
  seals(): Seal[];
}

interface LinkedFile {
  path: ByteString;
  content: ByteString;
  temporary: boolean;
}

export function linkedFile(
  handle: FileHandle,
  { path, content, temporary }: LinkedFile,
): MemoryFileHandle {
  const unlink = (): Promise<void> => runAsync(removeSteps(path, content));
  const persist = async (to?: PathArgument): Promise<void> => {
    const request = { only: content, handle: handle.fd, force: true };
    const target = to === undefined ? path : toAbsolute(toByteString(to, 'to'));
    await runAsync(
      target === path ? persistSteps(path, request) : persistToSteps(path, target, request),
    );
    persisted = true;
  };
  let persisted = false;
  const file = Object.assign(handle, { unlink, persist }) as FileHandle & MemoryFileHandle;
  define(file, 'path', toMemoryPath(path));
  define(file, 'target', toMemoryPath(content));
  if (temporary) {
    const close = handle.close.bind(handle);
    file.close = async () => {
      await close();
      if (!persisted) await unlink();
    };
  }
  return file;
}

export function anonymousFile(handle: FileHandle): AnonymousFileHandle {
  const persist = async (to: PathArgument): Promise<void> => {
    const target = toAbsolute(toByteString(to, 'to'));
    const stage = join(directoryOf(target), `.${makeContentName(baseOf(target))}.out`);
    const source = await promises.open(`/proc/self/fd/${handle.fd}`, 'r');
    try {
      await runAsync(copyToNewFile(source.fd, target, stage, handle.fd));
    } finally {
      await source.close();
    }
  };
  const file = Object.assign(handle, {
    unlink: async () => {},
    persist,
    seal: (...seals: Seal[]) => addSeals(handle, seals),
    seals: () => readSeals(handle),
  }) as FileHandle & AnonymousFileHandle;
  define(file, 'target', `/proc/${process.pid}/fd/${handle.fd}`);
  return file;
}

function define(file: FileHandle, name: string, value: unknown): void {
  Object.defineProperty(file, name, { value, enumerable: true });
}
