import type { ByteString } from './byte-string.ts';
import { baseOf, toFsPath, toText } from './byte-string.ts';
import { memfileError } from './errors.ts';
import { lookAtDescriptor } from './facts.ts';
import type { ResolvedOptions } from './open-options.ts';

/**
 * Checks that a content which was made or opened through the mount is in the Volume, and tells the
 * Volume from which size on it goes to disk.
 *
 * @throws `ERR_RAM_MEMFILE_WRONG_MOUNT`
 */
export function settleInVolume(
  { content }: { content: ByteString },
  fd: number,
  { volume, spill }: ResolvedOptions,
): void {
  if (volume === undefined) return;
  const inside = toFsPath(`/${baseOf(content)}`);
  const found = volume.fs.lstatSync(inside, { throwIfNoEntry: false });
  if (found === undefined || found.ino !== lookAtDescriptor(fd).inode) {
    const message = `${toText(content)} does not lie in the Volume: another one is mounted there`;
    throw memfileError('ERR_RAM_MEMFILE_WRONG_MOUNT', message, content);
  }
  if (spill === undefined) return;
  volume.spill(inside, { beyondBytes: spill.bytes, directory: toFsPath(spill.directory) });
}
