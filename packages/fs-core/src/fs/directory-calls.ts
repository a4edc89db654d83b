import { Dirent } from 'node:fs';
import { posix } from 'node:path';
import { invalidArgument } from '@ram/errno';
import { callError } from '../call-error.ts';
import type { NativePath, NativeVolume } from '../native.ts';
import { toBoolean, toInteger, toMode, toPath } from './arguments.ts';
import { encode, isUtf8, toOptions } from './options.ts';
import type { Options } from './options.ts';
import { isDirectoryError } from './rm-error.ts';
import type { VolumeFs } from './volume-fs.ts';

const ENOENT = -2;
const EEXIST = -17;
const ENOTDIR = -20;
const ENOTEMPTY = -39;
const fileTypeMask = 0o170000;
const directoryType = 0o040000;
const slash = '/'.codePointAt(0);

// Public, but for its arguments.
const NodeDirent = Dirent as unknown as {
  new (name: string | Buffer, type: number, path: string): Dirent;
};

interface RmOptions {
  force?: unknown;
  recursive?: unknown;
  maxRetries?: unknown;
  retryDelay?: unknown;
}

type DirectoryCalls = Pick<VolumeFs, 'mkdirSync' | 'rmdirSync' | 'rmSync' | 'readdirSync'>;

/** Directories and trees. `modeOf` is lstat's or stat's mode, or a negative errno. */
export function directoryCalls(
  volume: NativeVolume,
  modeOf: (path: NativePath, follow: boolean) => number,
): DirectoryCalls {
  const list = (path: NativePath, options: Options, withTypes: boolean) => {
    const found = volume.readdir(path, !isUtf8(options.encoding), withTypes);
    if (typeof found === 'number') throw callError(found, 'scandir', path);
    return found;
  };

  const names = (path: NativePath, options: Options): (string | Buffer)[] => {
    const found = list(path, options, false) as (string | Buffer)[];
    if (isUtf8(options.encoding) || options.encoding === 'buffer') return found;
    return found.map((name) => encode(name as Buffer, options.encoding));
  };

  const entries = (path: NativePath, options: Options): Dirent[] => {
    const [found, types] = list(path, options, true) as [(string | Buffer)[], number[]];
    const raw = isUtf8(options.encoding) || options.encoding === 'buffer';
    return found.map((name, i) => {
      const shown = raw ? name : encode(name as Buffer, options.encoding);
      return new NodeDirent(shown, types[i] ?? 0, path as string);
    });
  };

  const readTree = (base: string, options: Options): (string | Buffer | Dirent)[] => {
    const all: (string | Buffer | Dirent)[] = [];
    const queue = [base];
    for (const directory of queue) {
      if (options.withFileTypes) {
        for (const entry of entries(directory, options)) {
          all.push(entry);
          if (entry.isDirectory()) queue.push(posix.join(directory, entry.name));
        }
        continue;
      }
      for (const name of names(directory, options) as string[]) {
        const path = posix.join(directory, name);
        all.push(posix.relative(base, path));
        if ((modeOf(path, true) & fileTypeMask) === directoryType) queue.push(path);
      }
    }
    return all;
  };

  return {
    mkdirSync: ((pathArgument: unknown, options?: unknown): string | undefined => {
      const { mode, recursive } = mkdirOptions(options);
      const path = toPath(pathArgument);
      const recurse = toBoolean(recursive, 'options.recursive');
      const bits = toMode(mode);
      if (recurse) return makePath(volume, path, bits, modeOf);
      const result = volume.mkdir(path, bits);
      if (result < 0) throw callError(result, 'mkdir', path);
      return undefined;
    }) as VolumeFs['mkdirSync'],

    rmdirSync(pathArgument, optionsArgument) {
      const path = toPath(pathArgument);
      const { recursive } = toRmOptions(optionsArgument);
      if (recursive && (modeOf(path, false) & fileTypeMask) === directoryType) {
        return removeTree(volume, path, modeOf);
      }
      const result = volume.rmdir(path);
      if (result < 0) throw callError(result, 'rmdir', path);
    },

    rmSync(pathArgument, optionsArgument) {
      const path = toPath(pathArgument);
      const { force, recursive } = toRmOptions(optionsArgument);
      toBoolean(force ?? false, 'options.force');
      const mode = modeOf(path, false);
      if (mode < 0) {
        if (mode === ENOENT && force) return;
        if (!force || !recursive) throw callError(mode, 'lstat', path);
      }
      if (isDirectoryMode(mode) && !recursive) throw isDirectoryError(path);
      removeTree(volume, path, modeOf);
    },

    readdirSync: ((pathArgument: unknown, optionsArgument?: unknown) => {
      const options = toOptions(optionsArgument);
      const path = toPath(pathArgument);
      const { recursive, withFileTypes } = options;
      if (recursive !== undefined && recursive !== null) toBoolean(recursive, 'options.recursive');
      if (recursive) {
        if (typeof path !== 'string') throw invalidArgument('path', 'string', path);
        return readTree(path, options);
      }
      return withFileTypes ? entries(path, options) : names(path, options);
    }) as VolumeFs['readdirSync'],
  };
}

function mkdirOptions(options: unknown): { mode: unknown; recursive: unknown } {
  if (typeof options === 'number' || typeof options === 'string') {
    return { mode: options, recursive: false };
  }
  const given = (options ?? {}) as { mode?: unknown; recursive?: unknown };
  return { mode: given.mode ?? 0o777, recursive: given.recursive ?? false };
}

function toRmOptions(options: unknown): RmOptions {
  if (options === undefined) return {};
  if (options === null || typeof options !== 'object' || Array.isArray(options)) {
    throw invalidArgument('options', 'Object', options);
  }
  const given = options as RmOptions;
  toBoolean(given.recursive ?? false, 'options.recursive');
  toInteger(given.retryDelay ?? 0, 'options.retryDelay', 0, 2 ** 31 - 1);
  toInteger(given.maxRetries ?? 0, 'options.maxRetries', 0, 2 ** 32 - 1);
  return given;
}

/**
 * Makes a directory and those above it. Returns the first one that it made.
 * Walks up from the path to what is there, then down: a deep path costs no more than is missing.
 */
function makePath(
  volume: NativeVolume,
  path: NativePath,
  mode: number,
  modeOf: (path: NativePath, follow: boolean) => number,
): string | undefined {
  const text = typeof path === 'string' ? path : Buffer.from(path).toString('latin1');
  const toNative = (part: string): NativePath =>
    typeof path === 'string' ? part : Buffer.from(part, 'latin1');
  const missing = [text];
  let first: string | undefined;
  for (let next = missing.at(-1); next !== undefined; next = missing.at(-1)) {
    const result = volume.mkdir(toNative(next), mode);
    const parent = posix.dirname(next);
    if (result === 0) {
      first ??= next;
      missing.pop();
    } else if (result === ENOENT && parent !== next) {
      missing.push(parent);
    } else {
      const found = result === EEXIST ? modeOf(toNative(next), true) : result;
      if (!isDirectoryMode(found)) throw callError(whyNot(found, missing.length), 'mkdir', path);
      missing.pop();
    }
  }
  if (first === undefined) return undefined;
  return typeof path === 'string' ? first : Buffer.from(first, 'latin1').toString();
}

/** The errno when there is something that is no directory: in the way, or at the end of it. */
function whyNot(found: number, depth: number): number {
  if (found < 0) return found;
  return depth > 1 ? ENOTDIR : EEXIST;
}

function isDirectoryMode(mode: number): boolean {
  return mode >= 0 && (mode & fileTypeMask) === directoryType;
}

/** Removes what a path names, with all below it. What has gone meanwhile is as good as removed. */
function removeTree(
  volume: NativeVolume,
  path: NativePath,
  modeOf: (path: NativePath, follow: boolean) => number,
): void {
  const mode = modeOf(path, false);
  if (!isDirectoryMode(mode)) {
    check(volume.unlink(path), 'unlink', path);
    return;
  }
  // Directories from the outside in; `found` says whether what is in them was dealt with.
  const stack = [{ path, found: false }];
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const result = top.found ? ENOTEMPTY : volume.rmdir(top.path);
    if (result !== ENOTEMPTY) {
      check(result, 'rmdir', top.path);
      stack.pop();
      continue;
    }
    if (top.found) {
      check(volume.rmdir(top.path), 'rmdir', top.path);
      stack.pop();
      continue;
    }
    top.found = true;
    const listed = volume.readdir(top.path, true, true);
    if (typeof listed === 'number') {
      check(listed, 'scandir', top.path);
      continue;
    }
    const [names, types] = listed as [Buffer[], number[]];
    for (const [i, name] of names.entries()) {
      const child = joinBytes(top.path, name);
      if (types[i] === 2) stack.push({ path: child, found: false });
      else check(volume.unlink(child), 'unlink', child);
    }
  }
}

function check(result: number, syscall: string, path: NativePath): void {
  if (result < 0 && result !== ENOENT) throw callError(result, syscall, path);
}

function joinBytes(directory: NativePath, name: Buffer): Buffer {
  const parent = Buffer.from(directory as string);
  const separator = parent.at(-1) === slash ? '' : '/';
  return Buffer.concat([parent, Buffer.from(separator), name]);
}
