import { appError, showPath } from '@ram/daemon';

const hints: Record<string, string> = {
  ERR_RAM_MEMFILE_REGULAR_FILE: 'Move it into memory: ram file memorize FILE',
  ERR_RAM_MEMFILE_STALE: 'Write it anew: ram file put FILE, or remove the link: ram file rm FILE',
  ERR_RAM_MEMFILE_IN_USE: 'End the program first; for persist there is --force',
  ERR_RAM_MEMFILE_NOT_RAM: 'See what is in memory: df -t tmpfs, ram status',
};

/** An error of a memory file in words that say what to do. */
export function explainFileError(error: unknown): unknown {
  const { code = '', path } = error as NodeJS.ErrnoException;
  const { message } = error as Error;
  switch (code) {
    case 'ENOENT': {
      const name = path === undefined ? 'the file' : showPath(path);
      return appError('ERR_RAM_NO_FILE', `there is no ${name}`, undefined, error);
    }
    case 'EEXIST': {
      const name = path === undefined ? 'the file' : showPath(path);
      return appError('ERR_RAM_NAME_TAKEN', `${name} is there already`, undefined, error);
    }
    case 'EACCES':
    case 'EPERM':
      return appError('ERR_RAM_NOT_PERMITTED', message, undefined, error);
    case 'ERR_RAM_INVALID_SIZE':
    case 'ERR_INVALID_ARG_VALUE':
      return appError('ERR_RAM_USAGE', message, undefined, error);
    default:
      return code in hints ? Object.assign(error as Error, { hint: hints[code] }) : error;
  }
}
