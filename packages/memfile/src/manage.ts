import type { PathArgument } from '@ram/errno';
import { toAbsolute, toByteString, toMemoryPath } from './byte-string.ts';
import type { ByteString, MemoryPath } from './byte-string.ts';
import { toDirectory } from './list.ts';
import { memorizeSteps } from './memorize-steps.ts';
import { persistSteps, persistToSteps } from './persist-steps.ts';
import { removeSteps } from './remove-steps.ts';
import { runAsync, runSync } from './steps.ts';

/**
 * Removes the link at `path`, its content and the record, also when the content is gone already.
 * Whoever has it open may go on.
 *
 * @throws ENOENT; the codes of `memoryOpen` for what is no memory file, which stays untouched
 */
export async function remove(path: PathArgument): Promise<void> {
  await runAsync(removeSteps(toPath(path)));
}

/** @throws as `remove` */
export function removeSync(path: PathArgument): void {
  runSync(removeSteps(toPath(path)));
}

export interface PersistOptions {
  /** Where the file is to be, which must not be there. Default: in the place of the link. */
  to?: PathArgument;
  /** Also while programs have it open; what they write from then on is lost. Default false. */
  force?: boolean;
}

/**
 * Moves a memory file to disk: the link becomes a regular file in one step, with the content's
 * mode, owner, times and extended attributes, on the disk when the call returns.
 *
 * @throws `ERR_RAM_MEMFILE_IN_USE`, `ERR_RAM_MEMFILE_STALE`, `ERR_RAM_MEMFILE_CHANGING`,
 *   `ERR_RAM_MEMFILE_ATTRIBUTES`, `ERR_RAM_MEMFILE_NO_EXCHANGE`; EEXIST, ENOSPC …
 */
export async function persist(path: PathArgument, options: PersistOptions = {}): Promise<void> {
  const { to, force = false } = options;
  const from = toPath(path);
  const target = to === undefined ? from : toAbsolute(toByteString(to, 'options.to'));
  const steps =
    target === from ? persistSteps(from, { force }) : persistToSteps(from, target, { force });
  await runAsync(steps);
}

export interface MemorizeOptions {
  /** Where the content lies. Default `/dev/shm`. */
  directory?: PathArgument;
  /**
   * Moves it back to disk when the process ends by itself or by `process.exit()`. No signal handler
   * is installed: a process that a signal ends leaves it in memory. Default false.
   */
  restore?: boolean;
}

/** A file that was moved into memory. */
export interface MemorizedFile {
  readonly path: MemoryPath;
  readonly target: MemoryPath;
  /** Moves it back to disk. @throws as `persist` */
  restore(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

const toRestore = new Set<ByteString>();

/**
 * Moves a regular file into memory, with its mode, owner, times and extended attributes, and leaves
 * a link in its place, in one step.
 *
 * @throws `ERR_RAM_MEMFILE_IN_USE` while a program has it open; `ERR_RAM_MEMFILE_HARD_LINKS`,
 *   `ERR_RAM_MEMFILE_FOREIGN_CONTENT`, `ERR_RAM_MEMFILE_CHANGING`, `ERR_RAM_MEMFILE_ATTRIBUTES`,
 *   `ERR_RAM_MEMFILE_NO_EXCHANGE`; ENOENT, ENOSPC …
 */
export async function memorize(
  path: PathArgument,
  options: MemorizeOptions = {},
): Promise<MemorizedFile> {
  const at = toPath(path);
  const content = await runAsync(memorizeSteps(at, toDirectory(options.directory)));
  if (options.restore === true) restoreAtExit(at);
  const restore = async (): Promise<void> => {
    toRestore.delete(at);
    await runAsync(persistSteps(at, { only: content }));
  };
  return {
    path: toMemoryPath(at),
    target: toMemoryPath(content),
    restore,
    [Symbol.asyncDispose]: restore,
  };
}

function restoreAtExit(path: ByteString): void {
  if (toRestore.size === 0) process.once('exit', restoreAll);
  toRestore.add(path);
}

function restoreAll(): void {
  for (const path of toRestore) {
    try {
      runSync(persistSteps(path, { force: true }));
    } catch (error) {
      process.emitWarning(error as Error);
    }
  }
}

function toPath(path: PathArgument): ByteString {
  return toAbsolute(toByteString(path));
}
