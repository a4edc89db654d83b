import { existsSync } from 'node:fs';
import { appError } from './app-error.ts';
import type { AppError } from './app-error.ts';
import { isRamMount, mountsBelow } from './mount-table.ts';
import type { MountEntry } from './mount-table.ts';
import { showPath } from './show-path.ts';

/** What a person can do about an error of the store. */
export function translateVolumeError(error: unknown): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  switch (code) {
    case 'ERR_RAM_SWAP_NOT_ALLOWED':
      return appError(
        'ERR_RAM_NOT_PERMITTED',
        'the kernel lets only root keep a disk out of swap',
        'Mount as root, or without --no-swap',
        error,
      );
    case 'ERR_RAM_INVALID_SIZE':
      return appError('ERR_RAM_SIZE', message, undefined, error);
    case 'ENOMEM':
    case 'EMFILE':
    case 'ENFILE':
    case 'EPERM':
      return appError(
        'ERR_RAM_NOT_AVAILABLE',
        `the memory for the disk can't be had (${message})`,
        'See what this machine offers: ram doctor',
        error,
      );
    default:
      return error;
  }
}

/** What a person can do about a disk that stays mounted. */
export function translateUnmountError(error: unknown, directory: string): unknown {
  if ((error as NodeJS.ErrnoException).code !== 'EBUSY') return error;
  return busyError(directory, mountsBelow(directory), error);
}

/** @param below What is mounted on the disk, the last one first. */
export function busyError(
  directory: string,
  below: readonly MountEntry[],
  cause: unknown,
): AppError {
  const shown = showPath(directory);
  const [last] = below;
  if (last === undefined) {
    return appError('ERR_RAM_BUSY', `${shown} is in use`, 'Close what is open on it', cause);
  }
  const places = below.map((entry) => showPath(entry.directory)).join(', ');
  const command = isRamMount(last) ? 'ram umount' : 'umount';
  return appError(
    'ERR_RAM_BUSY',
    `${shown} is in use: other file systems are mounted on it, at ${places}`,
    `Unmount them first: ${command} ${showPath(last.directory)}`,
    cause,
  );
}

/** What a person can do about an error of the mount. */
export function translateMountError(error: unknown, directory: string): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  // It was free when it was looked at.
  if (code === 'EBUSY') {
    const found = `another file system is being mounted on ${showPath(directory)}`;
    const hint = 'Take another directory, or unmount that first';
    return appError('ERR_RAM_ALREADY_MOUNTED', found, hint, error);
  }
  if (code === 'ERR_RAM_MOUNT_DENIED' && /allow_?other/i.test(message)) {
    const hint =
      'Have root write the line user_allow_other into /etc/fuse.conf, or mount without ' +
      '--allow-other';
    return appError(code, 'plain users may not let others in here', hint, error);
  }
  if (code === 'ERR_RAM_MOUNT_FAILED' && !existsSync('/dev/fuse')) {
    const hint = 'Load it with sudo modprobe fuse; give it to a container with --device /dev/fuse';
    return appError('ERR_RAM_NO_FUSE', 'there is no /dev/fuse', hint, error);
  }
  if (code === 'ERR_RAM_NO_IO_URING') {
    const hint = 'ram doctor tells what is missing; or mount without --transport io_uring';
    return appError(code, 'FUSE over io_uring is not to be had here', hint, error);
  }
  return error;
}
