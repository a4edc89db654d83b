import { constants } from 'node:fs';
import type { Volume } from '@ram/fs-core';
import type { ByteString } from './byte-string.ts';
import { baseOf, toByteString, toFsPath, toText } from './byte-string.ts';
import type { Opener } from './calls.ts';
import { isErrno, memfileError } from './errors.ts';
import { lookAtDescriptor } from './facts.ts';
import type { ResolvedOptions } from './open-options.ts';

const { O_CREAT, O_EXCL, O_TRUNC } = constants;

/**
 * Checks that a content which was made or opened through the mount is in the Volume.
 *
 * @throws `ERR_RAM_MEMFILE_WRONG_MOUNT`
 */
export function settleInVolume(
  { content }: { content: ByteString },
  fd: number,
  { volume }: ResolvedOptions,
): void {
  if (volume === undefined) return;
  const found = volume.fs.lstatSync(toFsPath(`/${baseOf(content)}`), { throwIfNoEntry: false });
  if (found === undefined || found.ino !== lookAtDescriptor(fd).inode) throw wrongMount(content);
}

/**
 * Tells the Volume from which size on a content goes to disk before it is opened through the mount:
 * a file that the kernel reads and writes by itself (passthrough) can't move.
 */
export function spillingOpener<H>(opener: Opener<H>, options: ResolvedOptions): Opener<H> {
  const { volume, spill } = options;
  if (volume === undefined || spill === undefined) return opener;
  const { open, openLater, ...rest } = opener;
  const rule = { beyondBytes: spill.bytes, directory: toFsPath(spill.directory) };
  const prepare = (path: string | Buffer, flags: number, mode: number) =>
    prepareContent(volume, rule, { content: toByteString(path), flags, mode });
  const later = async (path: string | Buffer, flags: number, mode: number): Promise<H> => {
    const { plain, failed } = prepare(path, flags, mode);
    try {
      return await (openLater ?? open)(path, plain, mode);
    } catch (error) {
      throw failed(error);
    }
  };
  return {
    ...rest,
    open: (path, flags, mode) => {
      const { plain, failed } = prepare(path, flags, mode);
      try {
        return open(path, plain, mode);
      } catch (error) {
        throw failed(error);
      }
    },
    ...(openLater === undefined ? {} : { openLater: later }),
  };
}

interface Wanted {
  content: ByteString;
  flags: number;
  mode: number;
}

interface Prepared {
  /** For opening what is there by then. */
  plain: number;
  /** Takes back what was made, and gives the error to throw. */
  failed(error: unknown): unknown;
}

type SpillRule = Parameters<Volume['spill']>[1];

function prepareContent(
  volume: Volume,
  rule: SpillRule,
  { content, flags, mode }: Wanted,
): Prepared {
  const inside = toFsPath(`/${baseOf(content)}`);
  const isNew = (flags & O_CREAT) !== 0;
  const failed = (error: unknown): unknown => {
    if (isNew) volume.fs.unlinkSync(inside);
    return isNew && isErrno(error, 'ENOENT') ? wrongMount(content) : error;
  };
  if (isNew) volume.fs.closeSync(volume.fs.openSync(inside, 'wx', mode));
  // Elsewhere: settleInVolume refuses it.
  else if (!volume.fs.existsSync(inside)) return { plain: flags, failed };
  try {
    volume.spill(inside, rule);
  } catch (error) {
    if (!isErrno(error, 'EBUSY')) throw failed(error);
    const message = `${toText(content)} is open through a mount that passes it to the kernel`;
    throw memfileError('ERR_RAM_MEMFILE_IN_USE', `${message}; it can't move to disk`, content);
  }
  return { plain: flags & ~(isNew ? O_CREAT | O_EXCL | O_TRUNC : 0), failed };
}

function wrongMount(content: ByteString): Error {
  const message = `${toText(content)} does not lie in the Volume: another one is mounted there`;
  return memfileError('ERR_RAM_MEMFILE_WRONG_MOUNT', message, content);
}
