import { randomFillSync } from 'node:crypto';
import { ramError } from '@ram/errno';
import { callError } from '../call-error.ts';
import type { NativePath, NativeVolume } from '../native.ts';
import { toMode, toPath } from './arguments.ts';
import { encode, isUtf8, toOptions } from './options.ts';
import type { VolumeFs } from './volume-fs.ts';

const EEXIST = -17;
const temporaryNameAttempts = 100;
const temporaryNameLetters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';

type NameCalls = Pick<
  VolumeFs,
  'unlinkSync' | 'renameSync' | 'linkSync' | 'symlinkSync' | 'readlinkSync' | 'mkdtempSync'
>;

/** Names of files: what removes, moves and adds them. */
export function nameCalls(volume: NativeVolume): NameCalls {
  return {
    unlinkSync(pathArgument) {
      const path = toPath(pathArgument);
      const result = volume.unlink(path);
      if (result < 0) throw callError(result, 'unlink', path);
    },

    renameSync(oldPath, newPath) {
      const from = toPath(oldPath, 'oldPath');
      const to = toPath(newPath, 'newPath');
      const result = volume.rename(from, to, 0);
      if (result < 0) throw callError(result, 'rename', from, to);
    },

    linkSync(existingPath, newPath) {
      const existing = toPath(existingPath, 'existingPath');
      const path = toPath(newPath, 'newPath');
      const result = volume.link(existing, path);
      if (result < 0) throw callError(result, 'link', existing, path);
    },

    symlinkSync(targetArgument, pathArgument, type) {
      const target = toPath(targetArgument, 'target');
      const path = toPath(pathArgument);
      checkSymlinkType(type);
      const result = volume.symlink(target, path);
      if (result < 0) throw callError(result, 'symlink', target, path);
    },

    readlinkSync: ((pathArgument: unknown, optionsArgument?: unknown): string | Buffer => {
      const { encoding } = toOptions(optionsArgument);
      const path = toPath(pathArgument, 'oldPath');
      const target = volume.readlink(path, !isUtf8(encoding));
      if (typeof target === 'number') throw callError(target, 'readlink', path);
      return typeof target === 'string' ? target : encode(target, encoding);
    }) as VolumeFs['readlinkSync'],

    mkdtempSync: ((prefixArgument: unknown, optionsArgument?: unknown): string | Buffer => {
      const { encoding } = toOptions(optionsArgument);
      const prefix = toPath(prefixArgument, 'prefix');
      const path = makeTemporaryDirectory(volume, prefix);
      if (typeof path === 'string' && isUtf8(encoding)) return path;
      return encode(Buffer.from(path as string), encoding);
    }) as VolumeFs['mkdtempSync'],
  };
}

function checkSymlinkType(type: unknown): void {
  if (typeof type !== 'string' || ['dir', 'file', 'junction'].includes(type)) return;
  const message = `Symlink type must be one of "dir", "file", or "junction". Received "${type}"`;
  // Node's own code, in Node's own class.
  throw Object.assign(ramError('ERR_RAM_', message), { code: 'ERR_FS_INVALID_SYMLINK_TYPE' });
}

function makeTemporaryDirectory(volume: NativeVolume, prefix: NativePath): NativePath {
  let result = EEXIST;
  for (let attempt = 0; result === EEXIST && attempt < temporaryNameAttempts; attempt += 1) {
    const path = join(prefix, temporarySuffix());
    result = volume.mkdir(path, toMode(0o700));
    if (result === 0) return path;
  }
  throw callError(result, 'mkdtemp', join(prefix, 'XXXXXX'));
}

function join(prefix: NativePath, suffix: string): NativePath {
  if (typeof prefix === 'string') return prefix + suffix;
  return Buffer.concat([prefix, Buffer.from(suffix)]);
}

function temporarySuffix(): string {
  const bytes = randomFillSync(new Uint8Array(6));
  return Array.from(bytes, (byte) => temporaryNameLetters[byte % 62]).join('');
}
