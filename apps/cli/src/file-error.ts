import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { appError, showPath } from '@ram/daemon';

/** The commands below `ram file`. */
export type FileCommand = 'ls' | 'put' | 'get' | 'rm' | 'gc' | 'persist' | 'memorize';

interface Words {
  message: string;
  hint?: string | undefined;
}

type Say = (name: string, command: FileCommand, error: Error) => Words;

/** Errors of @ram/memfile in words of the command; the code stays. */
const ours: Record<string, Say> = {
  ERR_RAM_MEMFILE_REGULAR_FILE: (name, command) => ({
    message: `${name} is a file on disk, not in memory`,
    hint: {
      get: `Read it as any file: cat ${name}`,
      rm: `Remove it as any file: rm ${name}`,
      put: `Move it into memory: ram file memorize ${name}`,
    }[command as string],
  }),
  ERR_RAM_MEMFILE_STALE: (name) => ({
    message: `the content of ${name} is gone: the machine was restarted, or someone removed it`,
    hint: `Write it anew: ram file put ${name}, or remove the link: ram file rm ${name}`,
  }),
  ERR_RAM_MEMFILE_IN_USE: (name, command) => ({
    message: `${name} is open in a program`,
    hint:
      command === 'persist'
        ? 'End that first; or --force, and what it writes from then on is lost'
        : 'End that first',
  }),
  ERR_RAM_MEMFILE_RECORD_DAMAGED: (name) => ({
    message: `${name} is damaged`,
    hint: `Remove it: rm ${name}; then do the same again`,
  }),
  ERR_RAM_MEMFILE_NO_EXCHANGE: (name, command, { message }) => ({
    message,
    hint:
      command === 'persist' ? `Move it elsewhere: ram file persist ${name} --to FILE` : undefined,
  }),
};

/** Errors of the system, with a code of the apps where one fits. */
const system: Record<string, (name: string, path: string, command: FileCommand) => Error> = {
  ENOENT: (name, path) => {
    const above = dirname(path);
    const what = path === '' || existsSync(above) ? name : `directory ${showPath(above)}`;
    return appError('ERR_RAM_NO_FILE', `there is no ${what}`);
  },
  ENOTDIR: (name) =>
    appError('ERR_RAM_NO_FILE', `there is no ${name}: a part of its path is no directory`),
  EEXIST: (name) => appError('ERR_RAM_NAME_TAKEN', `${name} is there already`),
  ENAMETOOLONG: (name) =>
    appError('ERR_RAM_PATH_TOO_LONG', `names have at most 255 bytes; too long is ${name}`),
  EISDIR: (name) => appError('ERR_RAM_NAME_TAKEN', `${name} is a directory`),
  ENOSPC: (name, _, command) => {
    const hint =
      command === 'put' || command === 'memorize'
        ? 'See what takes it: ram file ls; free what was lost: ram file gc'
        : undefined;
    return Object.assign(new Error(`there is no room for ${name}`), { code: 'ENOSPC', hint });
  },
};

/** An error of a memory file in words that say what to do. */
export function explainFileError(error: unknown, command: FileCommand): unknown {
  const { code = '', path = '' } = error as NodeJS.ErrnoException;
  const { message } = error as Error;
  const name = showPath(path);
  const say = ours[code];
  if (say !== undefined) return Object.assign(error as Error, say(name, command, error as Error));
  const explain = system[code];
  if (explain !== undefined) return Object.assign(explain(name, path, command), { cause: error });
  switch (code) {
    case 'EACCES':
    case 'EPERM':
      return appError('ERR_RAM_NOT_PERMITTED', message, undefined, error);
    case 'ERR_RAM_INVALID_SIZE':
    case 'ERR_INVALID_ARG_VALUE':
      return appError('ERR_RAM_USAGE', message, undefined, error);
    default:
      return error;
  }
}
