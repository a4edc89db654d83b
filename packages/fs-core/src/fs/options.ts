// The options of node:fs: an object, or an encoding in its place.
import { constants } from 'node:fs';
import { invalidArgument, invalidValue } from '@ram/errno';
import { toInteger } from './arguments.ts';

const { O_APPEND, O_CREAT, O_EXCL, O_RDONLY, O_RDWR, O_SYNC, O_TRUNC, O_WRONLY } = constants;

const flagWords: Readonly<Record<string, number>> = {
  r: O_RDONLY,
  rs: O_RDONLY | O_SYNC,
  'r+': O_RDWR,
  'rs+': O_RDWR | O_SYNC,
  w: O_TRUNC | O_CREAT | O_WRONLY,
  wx: O_TRUNC | O_CREAT | O_WRONLY | O_EXCL,
  'w+': O_TRUNC | O_CREAT | O_RDWR,
  'wx+': O_TRUNC | O_CREAT | O_RDWR | O_EXCL,
  a: O_APPEND | O_CREAT | O_WRONLY,
  ax: O_APPEND | O_CREAT | O_WRONLY | O_EXCL,
  as: O_APPEND | O_CREAT | O_WRONLY | O_SYNC,
  'a+': O_APPEND | O_CREAT | O_RDWR,
  'ax+': O_APPEND | O_CREAT | O_RDWR | O_EXCL,
  'as+': O_APPEND | O_CREAT | O_RDWR | O_SYNC,
};
const flagsByWord = new Map(Object.entries(flagWords));
// Either order of the letters: 'xw+' is 'wx+'.
for (const [word, flags] of Object.entries(flagWords)) {
  if (/^[a-z]{2}/.test(word)) flagsByWord.set(`${word[1]}${word[0]}${word.slice(2)}`, flags);
}

/** Flags of open: a number, or a word such as 'wx+'. */
export function toFlags(flags: unknown): number {
  if (typeof flags === 'number') return toInteger(flags, 'flags', -(2 ** 31), 2 ** 31 - 1);
  if (flags === undefined || flags === null) return O_RDONLY;
  const found = typeof flags === 'string' ? flagsByWord.get(flags) : undefined;
  if (found === undefined) throw invalidValue('flags', flags);
  return found;
}

/** Any options object of node:fs, unchecked but for its encoding. */
export interface Options {
  encoding?: string | null;
  flag?: unknown;
  mode?: unknown;
  flush?: unknown;
  withFileTypes?: unknown;
  recursive?: unknown;
}

export function toOptions(options: unknown, defaults: Options = {}): Options {
  if (options === undefined || options === null || typeof options === 'function') return defaults;
  if (typeof options === 'string') {
    checkEncoding(options);
    return { ...defaults, encoding: options };
  }
  if (typeof options !== 'object') throw invalidArgument('options', ['string', 'Object'], options);
  const given = options as Options;
  checkEncoding(given.encoding);
  return given;
}

function checkEncoding(encoding: unknown): void {
  if (!encoding || encoding === 'buffer') return;
  if (typeof encoding !== 'string' || !Buffer.isEncoding(encoding)) {
    throw invalidValue('encoding', encoding, 'is invalid encoding');
  }
}

/** Bytes in the encoding that options ask for; as a Buffer with 'buffer'. */
export function encode(bytes: Buffer, encoding: string | null | undefined): string | Buffer {
  if (encoding === 'buffer') return bytes;
  return bytes.toString((encoding ?? 'utf8') as BufferEncoding);
}

/** Whether C++ makes the strings itself. */
export function isUtf8(encoding: string | null | undefined): boolean {
  return !encoding || encoding === 'utf8' || encoding === 'utf-8';
}
