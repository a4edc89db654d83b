import { join } from 'node:path';
import { parseSize } from '@ram/fs-core';
import type { DaemonStatus, DiskStatus } from './api.ts';
import { startApiServer } from './api-server.ts';
import type { ApiServer } from './api-server.ts';
import { appError, toPlainError } from './app-error.ts';
import { claimDisk } from './claim.ts';
import { removeDiskState, writeDiskState } from './disk-state.ts';
import type { DiskState } from './disk-state.ts';
import { Disk } from './disk.ts';
import type { Log } from './log.ts';
import { readMemory } from './memory.ts';
import { checkMountRights, mountWayOf } from './mount-way.ts';
import type { MountWay } from './mount-way.ts';
import { prepareMountPoint } from './prepare-mount-point.ts';
import { decideSize } from './size-policy.ts';
import { version } from './version.ts';

/** What `ram mount` asks for. */
export interface DiskRequest extends MountWay {
  directory: string;
  /** Default: from the directory's name. */
  name?: string;
  /** As typed, such as `2G` or `50%`. */
  size?: string;
  maxFiles?: number;
  /** Default true. */
  swap?: boolean;
  readOnly?: boolean;
  /** Whether it gets a page at once; without it when one is asked for. Default false. */
  page?: boolean;
}

export interface MountedDisk {
  status: DiskStatus;
  /** A one-time address of its page, if it was asked for. */
  pageAddress?: string;
  /** What a person should know, a line each. */
  notices: string[];
}

/** How long an unmount waits for files that are just being closed. */
const settleMs = 500;

/**
 * Holds disks and answers the API. For now a process holds one, as `ram mount` starts a process for
 * each; nothing here depends on that.
 */
export class Daemon {
  readonly socket: string;
  readonly #runtime: string;
  readonly #log: Log;
  readonly #disks = new Map<string, Disk>();
  readonly #gone = new Map<string, Promise<void>>();
  #server: ApiServer | undefined;

  /** @param runtime A private directory for the socket and the states. */
  constructor(runtime: string, log: Log) {
    this.#runtime = runtime;
    this.#log = log;
    this.socket = join(runtime, `ramd-${process.pid}.sock`);
  }

  async listen(): Promise<void> {
    this.#server = await startApiServer(this.socket, {
      status: () => this.status(),
      unmount: async ({ name, force = false }) => {
        const { directory } = this.#find(name).options;
        await this.unmount(name, force);
        return { name, directory };
      },
      page: async ({ name }) => ({ name, address: await this.#find(name).newPageAddress() }),
    });
  }

  /** Stops answering. Disks stay. */
  async close(): Promise<void> {
    await this.#server?.close();
  }

  status(): DaemonStatus {
    const disks = [...this.#disks.values()].map((disk) => disk.status());
    return { version, pid: process.pid, disks };
  }

  /** Mounts a disk; when it throws nothing is mounted and no state is left. */
  async mount(request: DiskRequest): Promise<MountedDisk> {
    const { swap = true, readOnly = false, nonempty = false, maxFiles } = request;
    checkMountRights(request);
    const prepared = await prepareMountPoint(request.directory, this.#runtime, nonempty);
    const { directory, notices } = prepared;
    const { memoryBytes, swapBytes } = readMemory();
    const state = await claimDisk(this.#runtime, {
      name: request.name,
      directory,
      socket: this.socket,
      log: this.#log.path,
      decideSize: (promisedBytes) => {
        const limits = { memoryBytes, swapBytes: swap ? swapBytes : 0, promisedBytes };
        const decision = decideSize({ size: request.size, ...limits, parseSize });
        if (decision.warning !== undefined) notices.push(decision.warning);
        return decision.maxBytes;
      },
    });
    try {
      const { name, maxBytes, log } = state;
      const disk = await Disk.create({
        name,
        directory,
        maxBytes,
        swap,
        readOnly,
        log,
        reportPageError: (error) => {
          this.#log.write('error', 'page failed', { name, error: toPlainError(error) });
        },
        ...(maxFiles === undefined ? {} : { maxFiles }),
        ...mountWayOf(request),
      });
      this.#keep(disk, state);
      const { io } = disk.status();
      if (io.reason !== undefined) notices.push(`the disk is ${io.mode}: ${io.reason}`);
      if (request.page !== true) return { status: disk.status(), notices };
      const pageAddress = await this.#openPage(disk);
      return { status: disk.status(), pageAddress, notices };
    } catch (error) {
      this.#log.write('error', 'mount failed', { directory, error: toPlainError(error) });
      removeDiskState(this.#runtime, state.name, process.pid);
      throw error;
    }
  }

  /** Resolves when the disk is unmounted and forgotten. @throws ERR_RAM_BUSY */
  async unmount(name: string, force: boolean): Promise<void> {
    const disk = this.#find(name);
    this.#log.write('info', 'unmount asked for', { name, force });
    try {
      await disk.unmount(force, settleMs);
    } catch (error) {
      this.#log.write('warning', 'unmount failed', { name, error: toPlainError(error) });
      throw error;
    }
    await this.#gone.get(name);
  }

  /** Resolves when that disk is unmounted, whoever did it, and its state removed. */
  async diskGone(name: string): Promise<void> {
    await this.#gone.get(name);
  }

  /** @throws when there can be no page; the disk is gone then. */
  async #openPage(disk: Disk): Promise<string> {
    try {
      return await disk.newPageAddress();
    } catch (error) {
      await this.unmount(disk.options.name, true);
      throw error;
    }
  }

  #keep(disk: Disk, state: DiskState): void {
    const { name, directory, maxBytes, swap } = disk.options;
    this.#disks.set(name, disk);
    this.#gone.set(name, this.#forgetWhenGone(disk));
    writeDiskState(this.#runtime, {
      ...state,
      phase: 'mounted',
      since: disk.since,
      ...(disk.device === undefined ? {} : { device: disk.device }),
    });
    const { backing } = disk.status();
    this.#log.write('info', 'mounted', { name, directory, maxBytes, swap, backing });
  }

  async #forgetWhenGone(disk: Disk): Promise<void> {
    const { name, directory } = disk.options;
    try {
      await disk.closed();
      this.#log.write('info', 'unmounted', { name, directory });
    } catch (error) {
      this.#log.write('error', 'mount ended', { name, directory, error: toPlainError(error) });
    }
    this.#disks.delete(name);
    this.#gone.delete(name);
    removeDiskState(this.#runtime, name, process.pid);
  }

  #find(name: string): Disk {
    const disk = this.#disks.get(name);
    if (disk !== undefined) return disk;
    throw appError('ERR_RAM_NOT_A_DISK', `there is no disk named ${name} here`);
  }
}
