// What the calls of a served object return, checked: it may be anybody's. What they can't return is
// a mistake of theirs, a TypeError, which the kernel is told as EIO.
import { constants } from 'node:fs';
import type { Dirent } from 'node:fs';
import { inspect } from 'node:util';

/** A name in a directory, and the type of what it names: S_IFMT's part of a mode, or 0. */
export interface Entry {
  name: string;
  type: number;
}

const nameBytesMax = 1024; // FUSE_NAME_MAX: memfs has names beyond 255

/** A number of bytes, at most `most`. */
export function countOf(call: string, value: unknown, most: number): number {
  if (Number.isInteger(value) && Number(value) >= 0 && Number(value) <= most) return Number(value);
  throw mistake(call, value, `a number of bytes up to ${most}`);
}

export function descriptorOf(call: string, value: unknown): number {
  if (Number.isInteger(value) && Number(value) >= 0) return Number(value);
  throw mistake(call, value, 'a file descriptor');
}

export function textOf(call: string, value: unknown): string {
  if (typeof value === 'string') return value;
  throw mistake(call, value, 'a string');
}

export function bytesOf(call: string, value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  throw mistake(call, value, 'bytes');
}

/** The entries of a directory, with names that a directory can have. */
export function entriesOf(call: string, value: unknown): Entry[] {
  if (!Array.isArray(value)) throw mistake(call, value, 'an array');
  return Array.from(value, (entry: Dirent | null | undefined) => {
    const name: unknown = entry?.name; // once: the next answer of a getter may be another
    if (!entry || !isName(name)) throw mistake(call, entry, 'Dirents with names of files');
    return { name, type: typeOf(entry) };
  });
}

function isName(name: unknown): name is string {
  if (typeof name !== 'string' || name === '.' || name === '..') return false;
  return /^[^/\0]+$/.test(name) && Buffer.byteLength(name) <= nameBytesMax;
}

function typeOf(entry: Dirent): number {
  if (entry.isFile()) return constants.S_IFREG;
  if (entry.isDirectory()) return constants.S_IFDIR;
  if (entry.isSymbolicLink()) return constants.S_IFLNK;
  if (entry.isFIFO()) return constants.S_IFIFO;
  if (entry.isSocket()) return constants.S_IFSOCK;
  if (entry.isBlockDevice()) return constants.S_IFBLK;
  return entry.isCharacterDevice() ? constants.S_IFCHR : 0;
}

function mistake(call: string, value: unknown, due: string): TypeError {
  return new TypeError(`${call}() returned ${inspect(value, { depth: 0 })}; due was ${due}`);
}
