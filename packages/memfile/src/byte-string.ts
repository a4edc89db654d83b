import { fileURLToPath } from 'node:url';
import { isUtf8 } from 'node:buffer';
import { invalidArgument, invalidValue } from '@ram/errno';
import type { PathArgument } from '@ram/errno';

const slash = 0x2f;

/**
 * Bytes as a string, one character (0 to 255) for each: what paths are inside this package, since
 * names need not be UTF-8 and strings are cheaper to take apart than Buffers.
 */
export type ByteString = string;

/** A path as it is given to programs: a Buffer only where it isn't UTF-8. */
export type MemoryPath = string | Buffer;

/** What a path that a caller gave means, as bytes. @throws as `node:fs` does */
export function toByteString(path: PathArgument, name = 'path'): ByteString {
  const given = path instanceof URL ? fileURLToPath(path) : path;
  if (typeof given !== 'string' && !(given instanceof Uint8Array)) {
    throw invalidArgument(name, ['string', 'Buffer', 'URL'], given);
  }
  const bytes = typeof given === 'string' ? fromText(given) : latin1(given);
  if (bytes.includes('\0')) {
    throw invalidValue(name, given, 'must be a string, Uint8Array, or URL without null bytes');
  }
  return bytes;
}

/** Relative to the working directory of this moment, as the kernel would take it. */
export function toAbsolute(path: ByteString): ByteString {
  if (path.startsWith('/')) return path;
  const directory = fromText(process.cwd());
  const rest = path.replace(/^(?:\.\/+)+/, '');
  if (rest === '.' || (rest === '' && path !== '')) return directory;
  return directory === '/' ? `/${rest}` : `${directory}/${rest}`;
}

/** For calls of `node:fs`. */
export function toFsPath(bytes: ByteString): string | Buffer {
  return isAscii(bytes) ? bytes : Buffer.from(bytes, 'latin1');
}

/** For callers. */
export function toMemoryPath(bytes: ByteString): MemoryPath {
  if (isAscii(bytes)) return bytes;
  const buffer = Buffer.from(bytes, 'latin1');
  return isUtf8(buffer) ? buffer.toString() : buffer;
}

/** For messages: bytes that aren't UTF-8 become replacement characters. */
export function toText(bytes: ByteString): string {
  return isAscii(bytes) ? bytes : Buffer.from(bytes, 'latin1').toString();
}

export function fromText(text: string): ByteString {
  return isAscii(text) ? text : Buffer.from(text).toString('latin1');
}

/** `/a` for `/a/b` and `/a/b/`, `/` for `/a`. Of absolute paths. */
export function directoryOf(path: ByteString): ByteString {
  const name = withoutSlashes(path);
  return withoutSlashes(name.slice(0, name.lastIndexOf('/'))) || '/';
}

/** `b` for `/a/b`, nothing for `/a/b/` and `/`. */
export function baseOf(path: ByteString): ByteString {
  return path.slice(path.lastIndexOf('/') + 1);
}

export function join(directory: ByteString, name: ByteString): ByteString {
  return directory.endsWith('/') ? directory + name : `${directory}/${name}`;
}

/** Without those at the end. */
function withoutSlashes(path: ByteString): ByteString {
  let end = path.length;
  while (end > 0 && path.charCodeAt(end - 1) === slash) end--;
  return end === path.length ? path : path.slice(0, end);
}

function latin1(bytes: Uint8Array): ByteString {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

function isAscii(text: string): boolean {
  return !/[^\u0001-\u007f]/.test(text) || text === '';
}
