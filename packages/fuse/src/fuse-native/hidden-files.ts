import { constants } from 'node:fs';
import { codeOf } from '../errors.ts';
import { descriptorOf } from './answers.ts';
import { Refusal } from './errno.ts';
import type { Files } from './files.ts';

// fuse.c of libfuse 2.9, hidden_name(): inode and a counter in hexadecimal.
const hiddenName = /^\.fuse_hidden[0-9a-f]{16}$/;

/** Whether libfuse asks to keep a file, rather than a user to rename one. */
export function isHidingName(path: string): boolean {
  return hiddenName.test(path.slice(path.lastIndexOf('/') + 1));
}

/**
 * Files that were removed while programs have them open. libfuse renames such a file to
 * `.fuse_hiddenXXXXXXXXYYYYYYYY` and removes that after the last close. Here the name goes at once,
 * as on other file systems, and what is still asked of the hidden name is answered from a
 * descriptor.
 *
 * libfuse also hides the file that a rename is about to replace. So a removal is put off until the
 * next request: if that is the rename, the name never lacks a file.
 */
export class HiddenFiles {
  #files: Files;
  readonly #descriptors = new Map<string, number>();
  #removal: string | undefined;

  constructor(files: Files) {
    this.#files = files;
  }

  /**
   * Takes `path` away; `hidden` stands for it from now on.
   * @returns False, with nothing done, when this process may not open it.
   */
  hide(path: string, hidden: string): boolean {
    const fd = this.#openAnyhow(path);
    if (fd === undefined) return false;
    this.#descriptors.set(hidden, fd);
    this.#removal = path;
    setImmediate(() => this.settle());
    return true;
  }

  /** Before each request: removes what was put off, unless `replaced` is renamed over. */
  settle(replaced?: string): void {
    const path = this.#removal;
    if (path === undefined) return;
    this.#removal = undefined;
    if (path === replaced) return;
    try {
      this.#files.unlinkSync(path);
    } catch {
      // Already gone: the object was changed in process.
    }
  }

  descriptorOf(hidden: string): number | undefined {
    return this.#descriptors.size === 0 ? undefined : this.#descriptors.get(hidden);
  }

  /** After its last close. Returns whether it was one. */
  forget(hidden: string): boolean {
    const fd = this.descriptorOf(hidden);
    if (fd === undefined) return false;
    this.#descriptors.delete(hidden);
    this.#files.closeSync(fd);
    return true;
  }

  /** @throws ENOTEMPTY: libfuse could not find a hidden file of a directory that is gone. */
  refuseInside(directory: string): void {
    for (const hidden of this.#descriptors.keys()) {
      if (hidden.startsWith(`${directory}/`)) throw new Refusal('ENOTEMPTY');
    }
  }

  /** A directory was renamed. */
  move(from: string, to: string): void {
    for (const [hidden, fd] of this.#descriptors) {
      if (!hidden.startsWith(`${from}/`)) continue;
      this.#descriptors.delete(hidden);
      this.#descriptors.set(to + hidden.slice(from.length), fd);
    }
  }

  close(): void {
    this.settle();
    for (const hidden of this.#descriptors.keys()) {
      try {
        this.forget(hidden);
      } catch {
        // The object was closed before its mount.
      }
    }
    this.#files = {} as Files;
  }

  /** For writing if the server's user may: a truncate(2) of another program may follow. */
  #openAnyhow(path: string): number | undefined {
    const { O_RDWR, O_RDONLY, O_WRONLY, O_NOFOLLOW } = constants;
    for (const flags of [O_RDWR, O_RDONLY, O_WRONLY]) {
      try {
        return descriptorOf('openSync', this.#files.openSync(path, flags | O_NOFOLLOW));
      } catch (error) {
        if (codeOf(error) !== 'EACCES') throw error;
      }
    }
    return undefined;
  }
}
