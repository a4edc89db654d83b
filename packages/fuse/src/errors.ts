import { ramError, systemError } from '@ram/errno';

/** A system error that also says what to do: `EBUSY: …, mount '/mnt': unmount it first`. */
export function adviceError(errno: number, syscall: string, directory: string, advice: string) {
  const error = systemError(errno, syscall, directory);
  error.message += `: ${advice}`;
  Error.captureStackTrace(error, adviceError);
  return error;
}

/** The codes of this package; README.md lists them. */
export type FuseErrorCode =
  | 'ERR_RAM_NO_FUSE'
  | 'ERR_RAM_NO_FUSERMOUNT'
  | 'ERR_RAM_MOUNT_DENIED'
  | 'ERR_RAM_MOUNT_FAILED'
  | 'ERR_RAM_NOT_A_FUSE_MOUNT'
  | 'ERR_RAM_NO_FUSECTL'
  | 'ERR_RAM_NO_IO_URING'
  | 'ERR_RAM_MAIN_THREAD_ONLY'
  | 'ERR_RAM_NO_FUSE_NATIVE'
  | 'ERR_RAM_NO_LIBFUSE';

export function fuseError(code: FuseErrorCode, message: string, cause?: unknown) {
  return ramError(code, message, cause === undefined ? {} : { cause });
}

export function noFuse(cause?: unknown) {
  const message =
    'There is no /dev/fuse: load the module with `modprobe fuse`, or give the ' +
    'container the device with `--device /dev/fuse`';
  return fuseError('ERR_RAM_NO_FUSE', message, cause);
}

export function noIoUring() {
  const message =
    'FUSE over io_uring is not to be had here: it needs Linux 6.14 or newer with ' +
    'CONFIG_FUSE_IO_URING, io_uring itself (kernel.io_uring_disabled=0), and, by root: ' +
    "echo Y > /sys/module/fuse/parameters/enable_uring; with locks 'volume' also the right " +
    'to run on every CPU';
  return fuseError('ERR_RAM_NO_IO_URING', message);
}

/** The code of an error of Node's or ours, if it has one. */
export function codeOf(error: unknown): string | undefined {
  return (error as { code?: string } | undefined)?.code;
}
