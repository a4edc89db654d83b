import { appError } from '@ram/daemon';

/** An error of a ring in words that say what to do. */
export function explainRingError(error: unknown, name: string): unknown {
  const { code, syscall } = error as NodeJS.ErrnoException;
  switch (code) {
    case 'EEXIST':
      return appError('ERR_RAM_NAME_TAKEN', `there is a ring ${name} already`, undefined, error);
    case 'ENOENT': {
      const hint = `Make it: ram ring create ${name}; or see those there are: ram ring ls`;
      return appError('ERR_RAM_NO_RING', `there is no ring ${name}`, hint, error);
    }
    case 'ERR_RAM_INVALID_SIZE':
    case 'ERR_INVALID_ARG_VALUE':
    case 'ERR_OUT_OF_RANGE':
      return appError('ERR_RAM_USAGE', (error as Error).message, undefined, error);
    case 'ERR_RAM_RING_OWNER':
      return appError(
        'ERR_RAM_NOT_PERMITTED',
        `the ring ${name} is of another user`,
        undefined,
        error,
      );
    case 'ERR_RAM_RING_BUSY': {
      const hint = `See who is there: ram ring stat ${name}`;
      return appError('ERR_RAM_BUSY', (error as Error).message, hint, error);
    }
    case 'ENOSPC': {
      const message = `/dev/shm has no room for ${name} (df -h /dev/shm); a smaller one: --size`;
      return Object.assign(new Error(message, { cause: error }), { code });
    }
    case 'EPIPE': {
      if (syscall !== 'write') return error;
      const message = 'the reader of the ring has left, or the ring has ended';
      return Object.assign(new Error(message, { cause: error }), { code });
    }
    default:
      return error;
  }
}
