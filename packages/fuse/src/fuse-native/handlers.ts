import { constants } from 'node:fs';
import type { CallbackArguments, CallbackName, FuseNativeAddon, Handler } from './addon.ts';
import type { RequestRecord } from './addon.ts';
import { Refusal, isSystemError, toErrno } from './errno.ts';
import type { Operations } from './operations.ts';
import type { Attributes } from './words.ts';
import { attributeWords, fromWords, statfsWords, writeAttributes, writeStatfs } from './words.ts';

/** What the requests of a mount have come to. */
export interface RequestCounts {
  requests: Record<string, number>;
  errors: number;
}

type Handlers = Partial<Record<CallbackName, Handler>>;
type Work<Name extends CallbackName, Result> = (...args: CallbackArguments[Name]) => Result;

// Offsets in fuse_thread_locals_t on 64-bit Linux; see #mtime below.
const recordAtime = 104;
const recordMtime = 112;
const unknownInode = 0xff_ff_ff_ff; // libfuse's FUSE_UNKNOWN_INO
const xattrSizeMax = 65_536;

/**
 * Takes requests apart and replies to them. Every request gets exactly one reply, whatever the
 * served object does: without one its client would wait for ever.
 */
export class HandlerTable {
  readonly counts: RequestCounts = { requests: {}, errors: 0 };
  readonly #addon: FuseNativeAddon;
  readonly #onMistake: (error: unknown) => void;
  readonly #handlers: Handlers = {};
  // Copied by the reply before it returns, so one of each is enough.
  readonly #attributes = new Uint32Array(attributeWords);
  readonly #statfs = new Uint32Array(statfsWords);
  readonly #types = new Map<number, Uint32Array>();

  /** @param onMistake Hears of errors that say nothing in the system's terms; replied to as EIO. */
  constructor(
    addon: FuseNativeAddon,
    operations: Operations,
    { xattrs }: { xattrs: boolean },
    onMistake: (error: unknown) => void,
  ) {
    this.#addon = addon;
    this.#onMistake = onMistake;
    this.#attributeHandlers(operations);
    this.#contentHandlers(operations);
    this.#nameHandlers(operations);
    if (xattrs) this.#xattrHandlers(operations);
  }

  /** By the numbers of the addon. What isn't there is answered by libfuse, mostly as ENOSYS. */
  list(onInit: () => void): { handlers: Handler[]; implemented: Uint32Array } {
    const handlers: Handler[] = [];
    const implemented = new Uint32Array(35); // as fuse-native's own index.js
    const init: Handler = (request) => {
      onInit();
      this.#addon.fuse_native_signal_init(request, 0);
    };
    for (const [name, handler] of Object.entries({ ...this.#handlers, init })) {
      const op = this.#addon[`op_${name as CallbackName}`];
      handlers[op] = handler;
      implemented[op] = 1;
    }
    // The addon makes a reference of each, and knows no holes.
    for (let op = 0; op < implemented.length; op++) handlers[op] ??= init;
    return { handlers, implemented };
  }

  #attributeHandlers(operations: Operations): void {
    this.#stat('getattr', (path) => operations.getattr(path));
    this.#stat('fgetattr', (_, handle) => operations.fgetattr(handle));
    this.#plain('chmod', (path, mode) => operations.chmod(path, mode));
    this.#plain('chown', (path, uid, gid) => operations.chown(path, uid, gid));
    this.#plain('truncate', (path, low, high) => operations.truncate(path, fromWords(low, high)));
    this.#plain('ftruncate', (_, handle, low, high) =>
      operations.ftruncate(handle, fromWords(low, high)),
    );
    this.#define<'utimens'>('utimens', (request, _, path, ...words) => {
      const [atime, mtime] = readTimes(request, words);
      const result = this.#attempt('utimens', () => operations.utimens(path, atime, mtime));
      this.#addon.fuse_native_signal_utimens(request, result);
    });
    const words = this.#statfs;
    this.#define<'statfs'>('statfs', (request) => {
      const result = this.#attempt('statfs', () => writeStatfs(words, operations.statfs()));
      this.#addon.fuse_native_signal_statfs(request, result, words);
    });
  }

  #contentHandlers(operations: Operations): void {
    this.#opening('open', (path, flags) => operations.open(path, flags));
    this.#opening('create', (path, mode) => operations.create(path, mode));
    this.#plain('release', (_, handle) => operations.release(handle));
    this.#plain('fsync', (_, dataOnly, handle) => operations.fsync(handle, dataOnly !== 0));
    this.#plain('fsyncdir', (path) => operations.fsyncdir(path));
    this.#transfer('read', (_, handle, buffer, length, low, high) =>
      operations.read(handle, buffer, length, fromWords(low, high)),
    );
    this.#transfer('write', (path, handle, buffer, length, low, high) =>
      operations.write(path, handle, buffer, length, fromWords(low, high)),
    );
  }

  #nameHandlers(operations: Operations): void {
    this.#plain('mknod', (path, mode) => operations.mknod(path, mode));
    this.#plain('mkdir', (path, mode) => operations.mkdir(path, mode));
    this.#plain('unlink', (path) => operations.unlink(path));
    this.#plain('rmdir', (path) => operations.rmdir(path));
    this.#plain('rename', (from, to) => operations.rename(from, to));
    this.#plain('link', (from, to) => operations.link(from, to));
    this.#plain('symlink', (target, path) => operations.symlink(target, path));
    this.#define<'readlink'>('readlink', (request, _, path) => {
      let target = '';
      const result = this.#attempt('readlink', () => {
        target = operations.readlink(path);
      });
      this.#addon.fuse_native_signal_readlink(request, result, target);
    });
    this.#define<'readdir'>('readdir', (request, _, path) => {
      const directory = this.#typeOf(constants.S_IFDIR);
      const names = ['.', '..'];
      const types = [directory, directory];
      const result = this.#attempt('readdir', () => {
        for (const { name, type } of operations.readdir(path)) {
          names.push(name);
          types.push(this.#typeOf(type));
        }
      });
      this.#addon.fuse_native_signal_readdir(request, result, names, types);
    });
  }

  #xattrHandlers(operations: Operations): void {
    this.#plain('removexattr', (path, name) => operations.removexattr(path, name));
    this.#buffer('setxattr', 2, (path, name, value, _, flags) => {
      operations.setxattr(path, name, value, flags);
    });
    this.#buffer('getxattr', 2, (path, name, space) =>
      fillOrMeasure(space, operations.getxattr(path, name)),
    );
    this.#buffer('listxattr', 1, (path, space) => {
      const names = operations.listxattr(path).map((name) => `${name}\0`);
      return fillOrMeasure(space, Buffer.from(names.join('')));
    });
  }

  /** Does the work and counts it. Returns the result for the kernel: >= 0 or a negative errno. */
  #attempt(name: CallbackName, work: () => number | void): number {
    const { counts } = this;
    counts.requests[name] = (counts.requests[name] ?? 0) + 1;
    try {
      return work() ?? 0;
    } catch (error) {
      const errno = toErrno(error);
      if (errno !== enoent) counts.errors++;
      if (!isSystemError(error)) this.#onMistake(error);
      return errno;
    }
  }

  #plain<Name extends CallbackName>(name: Name, work: Work<Name, void>): void {
    this.#answer(name, work, () => []);
  }

  #stat<Name extends CallbackName>(name: Name, work: Work<Name, Attributes>): void {
    const words = this.#attributes;
    this.#answer(
      name,
      (...args) => writeAttributes(words, work(...args)),
      () => [words],
    );
  }

  #opening<Name extends CallbackName>(name: Name, work: Work<Name, number>): void {
    const reply = this.#addon[`fuse_native_signal_${name}`];
    this.#define<Name>(name, (request, _, ...args) => {
      const result = this.#attempt(name, () => work(...args));
      reply(request, Math.min(result, 0), Math.max(result, 0));
    });
  }

  #transfer<Name extends 'read' | 'write'>(name: Name, work: Work<Name, number>): void {
    // The addon detaches the memory, which is libfuse's.
    this.#answer(name, work, (args) => [0, args[2].buffer]);
  }

  #buffer<Name extends 'setxattr' | 'getxattr' | 'listxattr'>(
    name: Name,
    index: number,
    work: Work<Name, number | void>,
  ): void {
    this.#answer(name, work, (args) => [(args[index] as Buffer).buffer]);
  }

  /** @param more What the addon's reply takes after the result. */
  #answer<Name extends CallbackName>(
    name: Name,
    work: Work<Name, number | void>,
    more: (args: CallbackArguments[Name]) => unknown[],
  ): void {
    const reply = this.#addon[`fuse_native_signal_${name}`];
    this.#define<Name>(name, (request, _, ...args) => {
      const result = this.#attempt(name, () => work(...args));
      reply(request, result, ...more(args));
    });
  }

  #define<Name extends CallbackName>(
    name: Name,
    handler: (request: RequestRecord, op: number, ...args: CallbackArguments[Name]) => void,
  ): void {
    this.#handlers[name] = handler as unknown as Handler;
  }

  #typeOf(mode: number): Uint32Array {
    let words = this.#types.get(mode);
    if (words === undefined) {
      words = new Uint32Array(attributeWords);
      words[0] = mode;
      words[7] = unknownInode;
      this.#types.set(mode, words);
    }
    return words;
  }
}

const enoent = -2;

/** An answer for a caller that gives `space` bytes, or asks with none how many there are. */
function fillOrMeasure(space: Buffer, value: Uint8Array): number {
  if (value.length > xattrSizeMax) throw new Refusal('E2BIG');
  if (space.length === 0) return value.length;
  if (value.length > space.length) throw new Refusal('ERANGE');
  space.set(value);
  return value.length;
}

/**
 * fuse-native 2.2.6 passes the access time twice. The modification time is taken from its record of
 * the request; where that isn't laid out as expected, the access time is used as it does.
 */
function readTimes(request: RequestRecord, words: readonly number[]): [number, number] {
  const [low = 0, high = 0] = words;
  const given = (BigInt(high) << 32n) | BigInt(low);
  const isExpected =
    request.length >= recordMtime + 8 && request.readBigUInt64LE(recordAtime) === given;
  const atime = Number(BigInt.asIntN(64, given));
  const mtime = isExpected ? Number(request.readBigInt64LE(recordMtime)) : atime;
  return [atime, mtime];
}
