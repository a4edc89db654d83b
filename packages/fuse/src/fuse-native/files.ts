import type * as nodeFs from 'node:fs';

/** The calls of `node:fs` that the driver cannot do without. */
type Needed = Pick<
  typeof nodeFs,
  | 'chmodSync'
  | 'closeSync'
  | 'fchmodSync'
  | 'fstatSync'
  | 'fsyncSync'
  | 'ftruncateSync'
  | 'lchownSync'
  | 'linkSync'
  | 'lstatSync'
  | 'lutimesSync'
  | 'mkdirSync'
  | 'openSync'
  | 'readSync'
  | 'readdirSync'
  | 'readlinkSync'
  | 'renameSync'
  | 'rmdirSync'
  | 'symlinkSync'
  | 'truncateSync'
  | 'unlinkSync'
  | 'writeSync'
>;

/** Those that it uses when they are there. */
type Optional = Pick<typeof nodeFs, 'fchownSync' | 'fdatasyncSync' | 'futimesSync' | 'statfsSync'>;

/** Extended attributes, as a Volume of @ram/fs-core has them. */
export interface FilesXattr {
  get(path: string, name: string, options: { follow: boolean }): Uint8Array;
  set(
    path: string,
    name: string,
    value: Uint8Array,
    options: { follow: boolean; mode?: 'create' | 'replace' },
  ): void;
  list(path: string, options: { follow: boolean }): string[];
  remove(path: string, name: string, options: { follow: boolean }): void;
}

/**
 * What the driver serves: an object shaped like `node:fs`, such as `node:fs` itself, a Volume's
 * `fs`, or memfs. Only synchronous calls are used: each request is one step that nothing can come
 * between, as on a file system of the kernel's.
 */
export type Files = Needed & Partial<Optional>;

const needed: readonly (keyof Needed)[] = [
  'chmodSync',
  'closeSync',
  'fchmodSync',
  'fstatSync',
  'fsyncSync',
  'ftruncateSync',
  'lchownSync',
  'linkSync',
  'lstatSync',
  'lutimesSync',
  'mkdirSync',
  'openSync',
  'readSync',
  'readdirSync',
  'readlinkSync',
  'renameSync',
  'rmdirSync',
  'symlinkSync',
  'truncateSync',
  'unlinkSync',
  'writeSync',
];

/** The calls that `value` lacks; none when it can be served. */
export function missingCalls(value: object): string[] {
  return needed.filter((name) => typeof (value as Record<string, unknown>)[name] !== 'function');
}
