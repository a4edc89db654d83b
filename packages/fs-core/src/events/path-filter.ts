import { posix } from 'node:path';
import { toPath } from '../fs/arguments.ts';
import type { FileEvent } from './volume-event.ts';

/** A path, and everything below it. */
export class PathFilter {
  /** As C++ takes it: absolute, without a slash at the end. */
  readonly bytes: Buffer;
  readonly #text: string;
  readonly #isUtf8: boolean;

  private constructor(text: string, bytes: Buffer) {
    this.#text = text;
    this.bytes = bytes;
    this.#isUtf8 = bytes.equals(Buffer.from(text));
  }

  /**
   * Undefined for the root, below which everything is. `.` and `..` are resolved, links are not.
   * @throws TypeErrors as the calls of `node:fs`
   */
  static of(path: unknown, name: string): PathFilter | undefined {
    const given = Buffer.from(toPath(path, name) as string);
    // Every byte is a character here.
    const normal = posix.resolve('/', given.toString('latin1'));
    if (normal === '/') return undefined;
    const bytes = Buffer.from(normal, 'latin1');
    return new PathFilter(bytes.toString('utf8'), bytes);
  }

  /** Events about no path (mounted, unmounted) pass. */
  passes(event: FileEvent): boolean {
    if (event.inode === undefined) return true;
    return this.#has(event.path, event.pathBytes) || this.#has(event.fromPath, event.fromPathBytes);
  }

  #has(path: string | undefined, pathBytes: Buffer | undefined): boolean {
    if (path === undefined) return false;
    if (this.#isUtf8) return isBelow(path, this.#text);
    return isBelow(
      (pathBytes ?? Buffer.from(path)).toString('latin1'),
      this.bytes.toString('latin1'),
    );
  }
}

function isBelow(path: string, parent: string): boolean {
  return path.startsWith(parent) && (path.length === parent.length || path[parent.length] === '/');
}
