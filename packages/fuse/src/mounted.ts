import { unmountOptions } from './arguments.ts';
import type { NativeSession } from './native.ts';
import { adviceError, codeOf } from './errors.ts';
import { ioInForce } from './io-in-force.ts';
import type { IoInForce } from './io-in-force.ts';
import type { IoMode } from './options.ts';
import { placeOf } from './mount-table.ts';
import type { MountIdentity } from './mount-table.ts';
import { detachMount, endConnection, unmountLive } from './unmount.ts';
import type { UnmountOptions } from './unmount.ts';

/** What a mount has done so far; the counts never go back. */
export interface MountStats {
  /** Requests of the kernel by their protocol name; only those that came. */
  requests: Record<string, number>;
  /** Requests that ended with an error, without "no such name". */
  errors: number;
  /** Requests that this driver does not know, or could not take apart. */
  unknown: number;
  malformed: number;
  /** Invalidations sent to the kernel. */
  notifications: number;
  /** Threads that exist now, and the most that there were. */
  threads: number;
  threadsPeak: number;
  /** Over /dev/fuse, while two clients at the same time had a reader each: the requests that the
   * clients waited for, by the reader that served them. */
  sharedRequests: [first: number, second: number];
  /** How requests come in. */
  transport: 'device' | 'io_uring';
  /** The minor version of FUSE 7 that was agreed on. */
  protocolMinor: number;
  /** The INIT flags that were agreed on, 64 bits in hexadecimal: `'0x40ff7ffffb'`; JSON has no
   * numbers that large. @see linux/fuse.h, FUSE_INIT flags */
  initFlags: string;
  /** The largest data of one write request. */
  maxWriteBytes: number;
}

// After the unmount the kernel tells the end at once, unless another mount namespace has a copy of
// the mount; then its connection is ended from this side.
const endTimeoutMs = 1000;
const ebusy = 16;

/** What serves a mount. */
export type MountSession = Pick<NativeSession, 'stop' | 'stats' | 'ref' | 'unref'>;

/** A Volume at a directory; made by `mount()`. Keeps the process alive until it is unmounted. */
export class Mounted {
  /** The absolute path, without symlinks. */
  readonly directory: string;
  /** Resolves when the mount is over, whoever ended it. Never rejects. */
  readonly closed: Promise<void>;
  readonly #session: MountSession;
  readonly #io: IoMode | undefined;
  readonly #mount: MountIdentity;
  #finish: () => void = () => {};

  /** @internal */
  constructor(
    mount: MountIdentity,
    session: MountSession,
    ended: Promise<void>,
    io: IoMode | undefined,
  ) {
    this.#io = io;
    this.directory = mount.directory;
    this.#mount = mount;
    this.#session = session;
    this.closed = new Promise((resolve) => {
      this.#finish = () => {
        session.stop();
        resolve();
      };
    });
    void ended.then(this.#finish);
  }

  /**
   * Unmounts; resolves when nothing of the mount is left. Does nothing when it is over already.
   * What others have mounted over it, or in its place, stays.
   * @throws EBUSY when it stays in use for `timeoutMs`, or another mount covers it, and `force` is
   * not set.
   */
  async unmount(options: UnmountOptions = {}): Promise<void> {
    const { force, timeoutMs } = unmountOptions(options);
    if (await this.#isOver(0)) return;
    try {
      await unmountLive(this.#mount, timeoutMs);
    } catch (error) {
      if (await this.#isOver(0)) return;
      if (codeOf(error) === 'EBUSY' && force) await this.#force();
      else if (codeOf(error) !== 'EINVAL') throw error;
      // EINVAL: somebody else took it away, and its end has not been told yet, or covered it.
      else if (!force) await this.#refuseCovered();
    }
    if (!(await this.#isOver(endTimeoutMs))) this.#finish();
  }

  /** Requests by opcode and other counts. JSON can take it. */
  stats(): MountStats {
    const { initFlags, passthrough: _, ...stats } = this.#session.stats();
    return { ...stats, initFlags: `0x${initFlags.toString(16)}` };
  }

  /** Who moves the bytes of files here, which may be less than was asked for. */
  get io(): IoInForce {
    return ioInForce(this.#io, this.#session.stats().passthrough ?? 0);
  }

  /** Let the mount keep the process alive; the default. */
  ref(): this {
    this.#session.ref();
    return this;
  }

  /** Let the process end while the mount exists; it is unmounted then. */
  unref(): this {
    this.#session.unref();
    return this;
  }

  /** Unmounts, with force after the usual wait. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.unmount({ force: true });
  }

  async #force(): Promise<void> {
    await endConnection(this.#mount);
    if ((await placeOf(this.#mount)) === 'topmost') await detachMount(this.#mount);
  }

  async #refuseCovered(): Promise<void> {
    if ((await placeOf(this.#mount)) !== 'covered') return;
    const advice = 'another mount covers it: unmount that first';
    throw adviceError(ebusy, 'umount', this.directory, advice);
  }

  async #isOver(waitMs: number): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const waited = new Promise<false>((resolve) => {
      timer = setTimeout(() => resolve(false), waitMs);
    });
    const over = await Promise.race([this.closed.then(() => true as const), waited]);
    clearTimeout(timer);
    return over;
  }
}
