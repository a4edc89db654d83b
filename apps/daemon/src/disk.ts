import { Volume } from '@ram/fs-core';
import type { MountOptions, Mounted, UnmountOptions } from '@ram/fuse';
import { mount } from '@ram/fuse';
import type { DiskStatus } from './api.ts';
import { appError } from './app-error.ts';
import { mountWayOf } from './mount-way.ts';
import type { MountWay } from './mount-way.ts';
import { mountAt, mountOf, readMountTable } from './mount-table.ts';
import { Page } from './page/page.ts';
import { volumeEvents } from './page/volume-events.ts';
import { showPath } from './show-path.ts';
import {
  translateMountError,
  translateUnmountError,
  translateVolumeError,
} from './translate-error.ts';

export interface DiskOptions extends MountWay {
  name: string;
  /** Without symbolic links; checked. */
  directory: string;
  maxBytes: number;
  maxFiles?: number;
  swap: boolean;
  readOnly: boolean;
  log: string;
  /** Told when a page fails; the disk goes on. */
  reportPageError?: (error: unknown) => void;
}

/** A Volume and its mount. */
export class Disk {
  readonly options: DiskOptions;
  readonly since = new Date().toISOString();
  /** `major:minor` of the mount. */
  readonly device: string | undefined;
  readonly #volume: Volume;
  readonly #mounted: Mounted;
  readonly #closed: Promise<void>;
  #page: Promise<Page> | undefined;
  #pageLocation: string | null = null;
  #unmounting = false;
  #resolveUnmounted: () => void = () => {};

  private constructor(options: DiskOptions, volume: Volume, mounted: Mounted) {
    this.options = options;
    this.device = mountOf({ directory: options.directory })?.device;
    this.#volume = volume;
    this.#mounted = mounted;
    const unmounted = new Promise<void>((resolve) => (this.#resolveUnmounted = resolve));
    this.#closed = Promise.race([mounted.closed, unmounted]);
  }

  /** Nothing is left over when it throws. */
  static async create(options: DiskOptions): Promise<Disk> {
    const volume = makeVolume(options);
    try {
      const mounted = await mount(volume, options.directory, mountOptions(options));
      return new Disk(options, volume, mounted);
    } catch (error) {
      volume.close();
      throw translateMountError(error, options.directory);
    }
  }

  /** Resolves when it is unmounted, whoever did it, and its memory is given back. */
  async closed(): Promise<void> {
    try {
      await this.#closed;
    } finally {
      await this.#page?.then(
        (page) => page.close(),
        () => {},
      );
      this.#volume.close();
    }
  }

  /** An address that lets one browser in to its page, once. The first one opens the page. */
  async newPageAddress(): Promise<string> {
    this.#page ??= this.#openPage();
    const page = await this.#page;
    return page.newAddress();
  }

  /**
   * @param force Also while files are open; their users get errors.
   * @param timeoutMs How long to wait for files to be closed.
   * @throws ERR_RAM_BUSY, and the disk goes on.
   */
  async unmount(force: boolean, timeoutMs: number): Promise<void> {
    this.#unmounting = true;
    try {
      await this.#unmountOwn({ force, timeoutMs });
      // The kernel may hold a mount that was taken away until its last user is gone.
      this.#resolveUnmounted();
    } catch (error) {
      throw translateUnmountError(error, this.options.directory);
    } finally {
      this.#unmounting = false;
    }
  }

  status(): DiskStatus {
    const { name, directory, swap, readOnly, log } = this.options;
    const { allowOther = isRoot(), suid = false, dev = false, locks = 'kernel' } = this.options;
    const usage = this.#volume.usage();
    const { requests, transport, protocolMinor } = this.#mounted.stats();
    return {
      name,
      directory,
      phase: this.#unmounting ? 'unmounting' : this.#isDetached() ? 'detached' : 'mounted',
      maxBytes: usage.maxBytes,
      usedBytes: usage.usedBytes,
      freeBytes: usage.freeBytes,
      bytes: { ...usage.bytes },
      files: Math.max(0, usage.inodes - 1),
      maxFiles: this.options.maxFiles ?? null,
      swap,
      swappedBytes: usage.swappedBytes,
      backing: this.#volume.backing,
      readOnly,
      allowOther,
      suid,
      dev,
      locks,
      io: this.#mounted.io,
      transport,
      protocol: `7.${protocolMinor}`,
      requests: { ...requests },
      log,
      since: this.since,
      page: this.#pageLocation,
    };
  }

  async #openPage(): Promise<Page> {
    const { name, directory } = this.options;
    const volume = this.#volume;
    try {
      const page = await Page.open({
        name,
        directory,
        fs: volume.fs,
        usage: () => volume.usage(),
        events: (signal) => volumeEvents(volume, signal),
        report: (error) => this.options.reportPageError?.(error),
      });
      this.#pageLocation = page.location;
      return page;
    } catch (error) {
      // The next one who asks may have more luck.
      this.#page = undefined;
      throw error;
    }
  }

  /** As long as files are open nobody else gets the device number. */
  #isDetached(): boolean {
    const { device } = this;
    return device !== undefined && readMountTable().every((entry) => entry.device !== device);
  }

  /** The driver unmounts what is at the directory, whoever mounted that. */
  async #unmountOwn(options: UnmountOptions): Promise<void> {
    const { directory } = this.options;
    const entry = mountAt(directory);
    const isOther = entry !== undefined && entry.device !== (this.device ?? entry.device);
    if (!isOther) return this.#mounted.unmount(options);
    // The kernel ends what is left of a detached one with this process.
    if (this.#isDetached()) return;
    throw appError(
      'ERR_RAM_ALREADY_MOUNTED',
      `${showPath(directory)} is covered by another mount (${entry.type})`,
      'Unmount that first',
    );
  }
}

function makeVolume({ name, maxBytes, maxFiles, swap }: DiskOptions): Volume {
  try {
    return new Volume({
      name,
      maxBytes,
      swap,
      // The root is an inode too.
      ...(maxFiles === undefined ? {} : { maxInodes: maxFiles + 1 }),
    });
  } catch (error) {
    throw translateVolumeError(error);
  }
}

function mountOptions(options: DiskOptions): MountOptions {
  const { name, readOnly } = options;
  return { name, readOnly, ...mountWayOf(options) };
}

function isRoot(): boolean {
  return process.geteuid?.() === 0;
}
