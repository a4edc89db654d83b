import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { ramError } from '@ram/errno';
import type { ByteString } from './byte-string.ts';

type Later<T, Flag extends boolean> = Flag extends true ? Promise<T> : T;

/** The addon. Numbers are results >= 0 or a negative errno; nothing throws. */
export interface Native {
  /** The target of a symbolic link; else 0, also when nothing is there. Leaves facts. */
  lookAtName(path: ByteString): ByteString | number;
  /**
   * As `lookAtName`, but a link gives its target and, where that has `marker` in it, the target of
   * the link whose name has `suffix` added; numbers 7 to 9 are then mode, uid and device of what
   * the link leads to.
   */
  lookAtLink(
    path: ByteString,
    marker: string,
    suffix: string,
  ): [target: ByteString, beside: ByteString | undefined] | number;
  /** Leaves facts. */
  lookAtDescriptor(fd: number): number;
  /** Follows links. Leaves facts, those of the file system included. */
  lookAtDirectory(path: ByteString): number;
  /** 1 when the file is open or mapped anywhere but here. */
  isOpenElsewhere(fd: number): number;
  realDirectory(path: ByteString): ByteString | number;
  exchange<Flag extends boolean>(
    one: ByteString,
    other: ByteString,
    later: Flag,
  ): Later<number, Flag>;
  renameExclusively<Flag extends boolean>(
    from: ByteString,
    to: ByteString,
    later: Flag,
  ): Later<number, Flag>;
  /** A descriptor, when the link still has this target, a regular file of this user on `device`. */
  openKnown(path: ByteString, target: ByteString, flags: number, device: number): number;
  /** Its second half: `fd` was opened with O_NOFOLLOW and O_NONBLOCK, without O_TRUNC. */
  settleKnown(fd: number, flags: number, device: number): number;
  /**
   * Makes record, content and link, and gives a descriptor of the content; or changes nothing. The
   * content must come to lie on `device`. Without `link` the caller makes that.
   */
  makeContent(
    content: ByteString,
    record: ByteString,
    text: ByteString,
    flags: number,
    mode: number,
    device: number,
    link: ByteString | undefined,
  ): number;
  giveName(fd: number, path: ByteString): number;
  copyContent<Flag extends boolean>(from: number, to: number, later: Flag): Later<number, Flag>;
  /** 0, or the system call that failed, with its negative errno in `numbers[0]`. */
  copyAttributes(from: number, to: number): string | number;
  createMemfd(name: ByteString, size: number, executable: boolean): number;
  addSeals(fd: number, seals: number): number;
  readSeals(fd: number): number;
  /** `fd` becomes `other`, with the flags and the position that `fd` had. */
  replaceDescriptor(fd: number, other: number): number;
  /** `to` becomes what `from` is, and `from` is closed. */
  moveDescriptor(from: number, to: number): number;
  /** Of what the addon opened: Node warns in workers when `closeSync` closes such a descriptor. */
  closeDescriptor(fd: number): number;
  sendDescriptor(socket: number, fd: number): number;
  receiveDescriptor(path: ByteString, timeoutMs: number): Promise<number>;
}

/** What looking at something leaves; to be read before the next look. */
export interface Fields {
  /** mode, uid, device, inode, links, size, allocated; of directories type, total, free. */
  numbers: Float64Array;
  /** modified, changed: nanoseconds since 1970. */
  times: BigInt64Array;
}

let loaded: (Native & Fields) | undefined;

/**
 * Loads the addon, once per thread.
 * @throws `ERR_RAM_UNSUPPORTED_PLATFORM` where there is none for this system.
 */
export function native(): Native & Fields {
  loaded ??= load();
  return loaded;
}

/** Whether this system has what it takes: Linux, and an addon that loads. Never throws. */
export function isSupported(): boolean {
  try {
    native();
    return true;
  } catch {
    return false;
  }
}

function load(): Native & Fields {
  const system = `${process.platform} ${process.arch}`;
  if (process.platform !== 'linux') {
    throw ramError('ERR_RAM_UNSUPPORTED_PLATFORM', `@ram/memfile needs Linux; this is ${system}`);
  }
  const require = createRequire(import.meta.url);
  const nodeGypBuild = require('node-gyp-build') as (
    directory: string,
  ) => Native & { fields: ArrayBuffer };
  try {
    const addon = nodeGypBuild(fileURLToPath(new URL('..', import.meta.url)));
    return {
      ...addon,
      numbers: new Float64Array(addon.fields, 0, 10),
      times: new BigInt64Array(addon.fields, 80, 2),
    };
  } catch (cause) {
    const message = `The addon of @ram/memfile does not load on this system (${system})`;
    throw ramError('ERR_RAM_UNSUPPORTED_PLATFORM', message, { cause });
  }
}
