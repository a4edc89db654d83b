import { existsSync } from 'node:fs';
import { appError } from './app-error.ts';
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

/** What a person can do about an error of the mount. */
export function translateMountError(error: unknown, directory: string): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'EBUSY') {
    const message = `${showPath(directory)} is in use`;
    return appError('ERR_RAM_BUSY', message, 'Close what is open on it', error);
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
