import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { ramError } from '@ram/errno';

/** The addon. What returns a number returns a result >= 0 or a negative errno; nothing throws. */
export interface Native {
  pageBytes: number;
  /** `maker` is an index of `makers`. */
  makeMirror(maker: number, bytes: number, directory: string): ArrayBuffer | NativeFailure;
  /** Detaches and frees at once; -EINVAL when that was done before. */
  freeMemory(buffer: ArrayBuffer): number;
}

export type NativeFailure = [errno: number, syscall: string];

let loaded: Native | undefined;

/**
 * Loads the addon, once per thread.
 * @throws `ERR_RAM_UNSUPPORTED_PLATFORM` where there is none for this system.
 */
export function native(): Native {
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

function load(): Native {
  const system = `${process.platform} ${process.arch}`;
  if (process.platform !== 'linux') {
    throw ramError(
      'ERR_RAM_UNSUPPORTED_PLATFORM',
      `@ram/ringbuffer needs Linux; this is ${system}`,
    );
  }
  const require = createRequire(import.meta.url);
  const nodeGypBuild = require('node-gyp-build') as (directory: string) => Native;
  try {
    return nodeGypBuild(fileURLToPath(new URL('..', import.meta.url)));
  } catch (cause) {
    const message = `The addon of @ram/ringbuffer does not load on this system (${system})`;
    throw ramError('ERR_RAM_UNSUPPORTED_PLATFORM', message, { cause });
  }
}
