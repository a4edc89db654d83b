// A store in memory that fails exactly as node:fs does.
import { errnoNumber, invalidArgument, ramError, systemError } from '@ram/errno';

const ENOENT = errnoNumber('ENOENT') ?? 0;
const files = new Map([['/hello.txt', 'hello']]);
let closed = false;

export function readTextSync(path: string): string {
  if (typeof path !== 'string') throw invalidArgument('path', 'string', path);
  if (closed) throw ramError('ERR_RAM_CLOSED', 'The store is closed');
  const text = files.get(path);
  if (text === undefined) throw systemError(ENOENT, 'open', path);
  return text;
}

export function close(): void {
  closed = true;
}
