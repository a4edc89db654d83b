import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { parseMountTable } from '../mount-table.ts';
import type { MountSession } from '../mounted.ts';
import { native } from '../native.ts';
import type { NativeStats } from '../native.ts';
import type { FuseNativeAddon } from './addon.ts';
import { HandlerTable } from './handlers.ts';
import { Operations } from './operations.ts';
import type { Served } from './operations.ts';

const lookEveryMs = 250;
const lookSoonMs = 2;
const lookSoonTimes = 500;
const unknownDevice = -1;
const maxWriteBytes = 131_072;

/**
 * One mount that is served by callbacks. libfuse does not tell when a mount ends, so its device is
 * looked at: libfuse closes it then.
 */
export class FuseNativeSession implements MountSession {
  /** Resolves when the kernel and libfuse have agreed, and the mount can be used. */
  readonly ready: Promise<void>;
  /** Resolves when libfuse has ended. */
  readonly ended: Promise<void>;
  readonly #addon: FuseNativeAddon;
  readonly #operations: Operations;
  readonly #handlers: HandlerTable;
  #becomeReady: () => void = () => {};
  #end: () => void = () => {};
  #timer: NodeJS.Timeout | undefined;
  #device = unknownDevice;
  #directory = '';
  #threads = 0;
  #warned = false;
  #kept = true;

  constructor(addon: FuseNativeAddon, served: Served, { xattrs }: { xattrs: boolean }) {
    this.#addon = addon;
    this.#operations = new Operations(served);
    const onMistake = (error: unknown) => this.#warn(error);
    this.#handlers = new HandlerTable(addon, this.#operations, { xattrs }, onMistake);
    this.ready = new Promise((resolve) => (this.#becomeReady = resolve));
    this.ended = new Promise((resolve) => (this.#end = resolve));
  }

  /**
   * Makes the mount and starts libfuse's threads.
   * @throws What fuse-native throws; it says why on standard error.
   */
  attach(directory: string, options: string): void {
    const before = fuseDescriptors();
    const { handlers, implemented } = this.#handlers.list(() => this.#becomeReady());
    // libfuse's threads work in this memory for as long as they live.
    const thread = Buffer.alloc(this.#addon.sizeof_fuse_thread_t);
    const keep: Buffer[] = [thread];
    const allocate = (bytes: number) => {
      this.#threads++;
      const memory = Buffer.alloc(bytes);
      keep.push(memory);
      return memory;
    };
    const self = { keep };
    this.#addon.fuse_native_mount(
      directory,
      options,
      thread,
      self,
      allocate,
      handlers,
      implemented,
    );
    this.#addon.fuse_native_unmount(directory, thread);
    const opened = fuseDescriptors().filter((fd) => !before.includes(fd));
    // libfuse leaves it open to programs that this process starts: they would hold the mount, and
    // could answer in its name.
    for (const fd of opened) native().closeOnExec(fd);
    if (opened.length === 1) this.#device = opened[0] ?? unknownDevice;
    this.#directory = directory;
    this.#look(lookEveryMs);
  }

  /** The end is near: notice it soon. */
  hurry(): void {
    let left = lookSoonTimes;
    this.#look(lookSoonMs, () => {
      if (left-- === 0) this.#look(lookEveryMs);
    });
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#operations.close();
    this.#end();
  }

  stats(): NativeStats {
    const { requests, errors } = this.#handlers.counts;
    return {
      requests: { ...requests },
      errors,
      unknown: 0,
      malformed: 0,
      notifications: 0,
      threads: this.#threads,
      threadsPeak: this.#threads,
      sharedRequests: [0, 0],
      transport: 'device',
      protocolMinor: 0,
      initFlags: 0n,
      maxWriteBytes,
    };
  }

  ref(): void {
    this.#kept = true;
    this.#timer?.ref();
  }

  unref(): void {
    this.#kept = false;
    this.#timer?.unref();
  }

  #look(everyMs: number, each?: () => void): void {
    clearInterval(this.#timer);
    this.#timer = setInterval(() => {
      each?.();
      if (this.#isAlive()) return;
      clearInterval(this.#timer);
      this.#end();
    }, everyMs);
    if (!this.#kept) this.#timer.unref();
  }

  /** Whether libfuse still has its connection to the kernel. */
  #isAlive(): boolean {
    if (this.#device !== unknownDevice) return isFuseDevice(this.#device);
    // The driver 'kernel' opened one in the same moment: what can be seen is the mount.
    const table = parseMountTable(readFileSync('/proc/self/mountinfo', 'latin1'));
    return table.some(({ directory }) => directory === this.#directory);
  }

  /** Once: an object that throws what isn't a system error is broken, and EIO doesn't say how. */
  #warn(error: unknown): void {
    if (this.#warned) return;
    this.#warned = true;
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    process.emitWarning(`A request failed with EIO because of: ${text}`, 'FuseNativeWarning');
  }
}

function fuseDescriptors(): number[] {
  return readdirSync('/proc/self/fd').map(Number).filter(isFuseDevice);
}

function isFuseDevice(fd: number): boolean {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`) === '/dev/fuse';
  } catch {
    return false;
  }
}
