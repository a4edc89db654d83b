import { setTimeout as delay } from 'node:timers/promises';
import { toPlainError } from './app-error.ts';
import { Daemon } from './daemon.ts';
import type { DiskRequest, MountedDisk } from './daemon.ts';
import { openLog } from './log.ts';
import type { Log } from './log.ts';
import { checkDiskName } from './names.ts';
import { ensurePrivateDirectory, findPlaces, logPath } from './places.ts';

export interface ServeEvents {
  /** The disk is mounted. */
  ready(disk: MountedDisk): void;
  /** A signal came while files are open; the disk is unmounted all the same after `graceMs`. */
  busy(graceMs: number): void;
}

export interface ServeOptions {
  /** Ends the server as a signal does. */
  stop?: AbortSignal;
}

/** How long users of a disk have to close their files after a first signal. */
const graceMs = 5_000;
const retryIntervalMs = 100;
const stopSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Mounts one disk and serves it until it is unmounted: through the API, from outside (umount,
 * fusermount3 -u), or by SIGINT, SIGTERM or SIGHUP. A second signal doesn't wait for open files.
 *
 * Takes these signals over for as long as it runs. For a process of its own.
 *
 * @throws when the disk can't be mounted; nothing is left over then.
 */
export async function serveDisk(
  request: DiskRequest,
  events: ServeEvents,
  options: ServeOptions = {},
): Promise<void> {
  const places = findPlaces();
  if (request.name !== undefined) checkDiskName(request.name);
  ensurePrivateDirectory(places.runtime);
  ensurePrivateDirectory(places.logs);
  const log = openLog(logPath(places));
  const daemon = new Daemon(places.runtime, log);
  const stop = new StopRequests(log, options.stop);
  try {
    await daemon.listen();
    const disk = await daemon.mount(request);
    const { name } = disk.status;
    const gone = daemon.diskGone(name);
    events.ready(disk);
    await Promise.race([gone, stop.first]);
    if (stop.count > 0) await unmountForStop(daemon, name, stop, events, log);
    await gone;
  } finally {
    await daemon.close();
    stop.dispose();
    log.close();
  }
}

/** Politely for a while, then by force. */
async function unmountForStop(
  daemon: Daemon,
  name: string,
  stop: StopRequests,
  events: ServeEvents,
  log: Log,
): Promise<void> {
  const end = performance.now() + graceMs;
  for (let told = false; stop.count < 2 && performance.now() < end;) {
    try {
      return await daemon.unmount(name, false);
    } catch (error) {
      const { code } = toPlainError(error);
      if (code === 'ERR_RAM_NOT_A_DISK') return;
      if (code !== 'ERR_RAM_BUSY') break;
      if (!told) events.busy(graceMs);
      told = true;
    }
    await Promise.race([delay(retryIntervalMs), stop.second]);
  }
  log.write('warning', 'unmounting by force', { name });
  await daemon.unmount(name, true).catch((error: unknown) => {
    // Nothing more can be done; the kernel ends the connection with this process.
    log.write('error', 'forced unmount failed', { name, error: toPlainError(error) });
    process.exit(1);
  });
}

/** Counts what asks the server to end. */
class StopRequests {
  count = 0;
  readonly first: Promise<void>;
  readonly second: Promise<void>;
  readonly #log: Log;
  readonly #resolve: (() => void)[] = [];
  readonly #abort: AbortSignal | undefined;

  constructor(log: Log, abort: AbortSignal | undefined) {
    this.#log = log;
    this.#abort = abort;
    this.first = new Promise((resolve) => this.#resolve.push(resolve));
    this.second = new Promise((resolve) => this.#resolve.push(resolve));
    for (const signal of stopSignals) process.on(signal, this.#add);
    if (abort?.aborted) this.#add('abort');
    abort?.addEventListener('abort', this.#onAbort);
  }

  dispose(): void {
    for (const signal of stopSignals) process.off(signal, this.#add);
    this.#abort?.removeEventListener('abort', this.#onAbort);
  }

  readonly #onAbort = (): void => this.#add('abort');

  readonly #add = (signal: string): void => {
    this.#log.write('info', 'asked to stop', { signal });
    this.#resolve[this.count]?.();
    this.count += 1;
  };
}
