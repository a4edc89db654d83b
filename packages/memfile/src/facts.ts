import { constants } from 'node:fs';
import type { ByteString } from './byte-string.ts';
import { contentMarker, recordSuffix } from './content-name.ts';
import { callError } from './errors.ts';
import { native } from './native.ts';

const { S_IFMT, S_IFREG, S_IFDIR, S_IFLNK } = constants;

/** What lstat(2) says, as far as this package asks. */
export interface FileFacts {
  mode: number;
  uid: number;
  device: number;
  inode: number;
  links: number;
  sizeBytes: number;
  allocatedBytes: number;
  /** Nanoseconds since 1970. */
  modified: bigint;
  changed: bigint;
}

export interface LinkFacts extends FileFacts {
  /** Of a symbolic link. */
  target: ByteString | undefined;
}

export interface DirectoryFacts extends FileFacts {
  /** Of the file system: statfs(2). */
  type: number;
  totalBytes: number;
  freeBytes: number;
}

export const isRegular = ({ mode }: { mode: number }): boolean => (mode & S_IFMT) === S_IFREG;
export const isDirectory = ({ mode }: { mode: number }): boolean => (mode & S_IFMT) === S_IFDIR;
export const isLink = ({ mode }: { mode: number }): boolean => (mode & S_IFMT) === S_IFLNK;

const EAGAIN = -11;

/** Doesn't follow a link at the end. Undefined when nothing is there. */
export function lookAtName(path: ByteString): LinkFacts | undefined {
  const addon = native();
  let found = addon.lookAtName(path);
  // It changed between two system calls.
  while (found === EAGAIN) found = addon.lookAtName(path);
  if (typeof found === 'string') return Object.assign(readFields(), { target: found });
  if (found < 0) throw callError(found, 'lstat', path);
  const facts = readFields();
  return facts.mode === 0 ? undefined : Object.assign(facts, { target: undefined });
}

export function lookAtDescriptor(fd: number): FileFacts {
  const result = native().lookAtDescriptor(fd);
  if (result < 0) throw callError(result, 'fstat');
  return readFields();
}

/** A link, what it leads to, and what its record says. */
export interface QuickLook {
  uid: number;
  target: ByteString;
  /** Undefined when the content is gone. */
  content: ContentFacts | undefined;
  record: ByteString | undefined;
}

export type ContentFacts = Pick<FileFacts, 'mode' | 'uid' | 'device'>;

/** In one call, for what is opened again and again. Facts of the path itself when it is no link. */
export function lookAtLink(path: ByteString): QuickLook | LinkFacts | undefined {
  const addon = native();
  let found = addon.lookAtLink(path, contentMarker, recordSuffix);
  while (found === EAGAIN) found = addon.lookAtLink(path, contentMarker, recordSuffix);
  if (typeof found === 'number') {
    if (found < 0) throw callError(found, 'lstat', path);
    const facts = readFields();
    return facts.mode === 0 ? undefined : Object.assign(facts, { target: undefined });
  }
  const uid = addon.numbers[1] ?? 0;
  return { uid, target: found[0], content: readContentFields(), record: found[1] };
}

function readContentFields(): ContentFacts | undefined {
  const { numbers } = native();
  const [mode = 0, uid = 0, device = 0] = [numbers[7], numbers[8], numbers[9]];
  return mode === 0 ? undefined : { mode, uid, device };
}

/** Follows links. */
export function lookAtDirectory(path: ByteString): DirectoryFacts {
  const { lookAtDirectory, numbers } = native();
  const result = lookAtDirectory(path);
  if (result < 0) throw callError(result, 'stat', path);
  const [type = 0, totalBytes = 0, freeBytes = 0] = numbers.subarray(7);
  return Object.assign(readFields(), { type, totalBytes, freeBytes });
}

function readFields(): FileFacts {
  const { numbers, times } = native();
  return {
    mode: numbers[0] ?? 0,
    uid: numbers[1] ?? 0,
    device: numbers[2] ?? 0,
    inode: numbers[3] ?? 0,
    links: numbers[4] ?? 0,
    sizeBytes: numbers[5] ?? 0,
    allocatedBytes: numbers[6] ?? 0,
    modified: times[0] ?? 0n,
    changed: times[1] ?? 0n,
  };
}
