// What the calls of a served object return, checked: it may be anybody's. What they can't return is
// a mistake of theirs, a TypeError, which the kernel is told as EIO.
import type { Dirent } from 'node:fs';
import { inspect } from 'node:util';

/** A number of bytes, at most `most`. */
export function countOf(call: string, value: unknown, most: number): number {
  if (Number.isInteger(value) && Number(value) >= 0 && Number(value) <= most) return Number(value);
  throw mistake(call, value, `a number of bytes up to ${most}`);
}

export function integerOf(call: string, value: unknown): number {
  if (Number.isInteger(value)) return Number(value);
  throw mistake(call, value, 'an integer');
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
export function entriesOf(call: string, value: unknown): Dirent[] {
  if (!Array.isArray(value)) throw mistake(call, value, 'an array');
  const wrong = value.find((entry) => !isName(entry?.name));
  if (wrong !== undefined || value.includes(undefined)) throw mistake(call, wrong, 'Dirents');
  return value;
}

function isName(name: unknown): boolean {
  return typeof name === 'string' && /^[^/\0]+$/.test(name);
}

function mistake(call: string, value: unknown, due: string): TypeError {
  return new TypeError(`${call}() returned ${inspect(value, { depth: 0 })}; due was ${due}`);
}
