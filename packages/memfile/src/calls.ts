// The system calls of the protocols, as steps.
import {
  closeSync,
  fsync,
  fsyncSync,
  openSync,
  promises,
  renameSync,
  symlinkSync,
  unlinkSync,
} from 'node:fs';
import { promisify } from 'node:util';
import type { ByteString } from './byte-string.ts';
import { toFsPath } from './byte-string.ts';
import { recordOf } from './content-name.ts';
import { checked, isErrno } from './errors.ts';
import { native } from './native.ts';
import { lookAtPath } from './path-state.ts';
import type { PathState } from './path-state.ts';
import { perform } from './steps.ts';
import type { Steps } from './steps.ts';

/** How a run opens contents: a descriptor, or a FileHandle. */
export interface Opener<H> {
  open(path: string | Buffer, flags: number, mode: number): H;
  openLater?(path: string | Buffer, flags: number, mode: number): Promise<H>;
  close(handle: H): void;
  closeLater?(handle: H): Promise<void>;
}

export const descriptorOpener: Opener<number> = { open: openSync, close: closeSync };

/** Looks at the path. On a slow disk the first look waits, and the others find it cached. */
export const look = (path: ByteString): Steps<PathState> =>
  perform({
    name: 'look',
    now: () => lookAtPath(path),
    later: async () => {
      await promises.readlink(toFsPath(path)).catch(() => undefined);
      return lookAtPath(path);
    },
  });

/** In memory, hence never waited for. */
export const makeRecord = (content: ByteString, text: ByteString): Steps<void> =>
  perform({
    name: 'make record',
    now: () => symlinkSync(toFsPath(text), toFsPath(recordOf(content))),
  });

/** In memory. */
export const unlinkInMemory = (path: ByteString): Steps<void> =>
  perform({ name: 'unlink in memory', now: () => unlinkSync(toFsPath(path)) });

/** In memory; also when it is gone already. */
export function* unlinkQuietly(path: ByteString): Steps<void> {
  try {
    yield* unlinkInMemory(path);
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
  }
}

/** In memory. */
export const renameInMemory = (from: ByteString, to: ByteString): Steps<void> =>
  perform({ name: 'rename in memory', now: () => renameSync(toFsPath(from), toFsPath(to)) });

export const makeLink = (target: ByteString, path: ByteString): Steps<void> =>
  perform({
    name: 'make link',
    now: () => symlinkSync(toFsPath(target), toFsPath(path)),
    later: () => promises.symlink(toFsPath(target), toFsPath(path)),
  });

export const unlink = (path: ByteString): Steps<void> =>
  perform({
    name: 'unlink',
    now: () => unlinkSync(toFsPath(path)),
    later: () => promises.unlink(toFsPath(path)),
  });

/** Refuses (EEXIST) when `to` is there. */
export const renameExclusively = (from: ByteString, to: ByteString): Steps<void> =>
  perform({
    name: 'rename exclusively',
    now: () => void checked(native().renameExclusively(from, to, false), 'rename', from, to),
    later: async () =>
      void checked(await native().renameExclusively(from, to, true), 'rename', from, to),
  });

/** Both must be there. */
export const exchange = (one: ByteString, other: ByteString): Steps<void> =>
  perform({
    name: 'exchange',
    now: () => void checked(native().exchange(one, other, false), 'rename', one, other),
    later: async () =>
      void checked(await native().exchange(one, other, true), 'rename', one, other),
  });

export const openContent = <H>(
  opener: Opener<H>,
  path: ByteString,
  flags: number,
  mode: number,
): Steps<H> => {
  const { openLater } = opener;
  return perform({
    name: 'open content',
    now: () => opener.open(toFsPath(path), flags, mode),
    ...(openLater === undefined ? {} : { later: () => openLater(toFsPath(path), flags, mode) }),
  });
};

export const closeHandle = <H>(opener: Opener<H>, handle: H): Steps<void> => {
  const { closeLater } = opener;
  return perform({
    name: 'close',
    now: () => opener.close(handle),
    ...(closeLater === undefined ? {} : { later: () => closeLater(handle) }),
  });
};

export const copyContent = (from: number, to: number, path: ByteString): Steps<void> =>
  perform({
    name: 'copy content',
    now: () => void checked(native().copyContent(from, to, false), 'write', path),
    later: async () => void checked(await native().copyContent(from, to, true), 'write', path),
  });

/** The descriptor's file, or directory, is on the disk when it returns. */
export const sync = (fd: number): Steps<void> =>
  perform({ name: 'sync', now: () => fsyncSync(fd), later: () => promisify(fsync)(fd) });
