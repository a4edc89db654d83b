import { setImmediate as nextTurn } from 'node:timers/promises';
import type { PageDisk, PageEventType } from '@ram/viewer';
import { EventFeed } from './event-feed.ts';
import { NewestImage } from './newest-image.ts';
import type { DiskEvent, PageDiskSource } from './page-disk.ts';
import { RecentFiles } from './recent-files.ts';
import { isEmptyDirectory, lookAt, scanFiles } from './scan-files.ts';

/** Who is told that there is something new. Called often: see to it that little is done. */
export interface WatchListener {
  imageChanged(): void;
  listChanged(): void;
  /** All of the list is another one. */
  listReplaced(): void;
  /** No event follows. */
  ended(): void;
}

/** So many files are kept, the newest. */
const filesMax = 1_000;
const eventsMax = 200;
/** Files that are looked at again when a reader asks; older ones are found by a scan. */
const dirtyMax = 2 * filesMax;
/** Files that are being written, whose growth a reader sees. */
const growingMax = 64;
/** Between two walks through the disk, and how many times as long as the walk itself. */
const scanPauseMs = 2_000;
const scanPauseFactor = 10;
/** Other work gets its turn, however fast events come. */
const turnMs = 5;
const lookedForImageMax = 200;

/** What a page knows of a disk, from its events; memory is bounded whatever happens there. */
export class DiskWatch {
  readonly files = new RecentFiles(filesMax);
  readonly feed = new EventFeed(eventsMax);
  readonly image: NewestImage;
  readonly #source: PageDiskSource;
  readonly #listener: WatchListener;
  readonly #end = new AbortController();
  /** Paths to be looked at, latest last, with their bytes where they are no UTF-8. */
  readonly #dirty = new Map<string, Buffer | undefined>();
  readonly #growing = new Set<string>();
  /** What went away during a scan. */
  #removedMeanwhile: Set<string> | undefined;
  #mustScan: boolean;
  #mustVerify = false;
  #nextScanAt = Number.NEGATIVE_INFINITY;
  #scanTimer: NodeJS.Timeout | undefined;

  constructor(source: PageDiskSource, listener: WatchListener) {
    this.#source = source;
    this.#listener = listener;
    this.image = new NewestImage(source.fs);
    // The root is an inode.
    this.#mustScan = source.usage().inodes > 1;
    void this.#listen();
  }

  close(): void {
    this.#end.abort();
    clearTimeout(this.#scanTimer);
  }

  disk(): PageDisk {
    const { name, directory } = this.#source;
    const { maxBytes, usedBytes, inodes } = this.#source.usage();
    return { name, directory, maxBytes, usedBytes, entries: Math.max(0, inodes - 1), filesMax };
  }

  /** Whether files are being written that may have grown since. */
  get isGrowing(): boolean {
    return this.#growing.size > 0;
  }

  /** Brings the list up to date; for a reader, a few times a second. */
  refresh(): void {
    if (this.#end.signal.aborted) return;
    for (const path of this.#growing) if (!this.#dirty.has(path)) this.#look(path);
    for (const [path, bytes] of this.#dirty) {
      if (this.#look(path, bytes) === 'directory') this.#findIn(bytes ?? path);
    }
    this.#dirty.clear();
    if (this.#mustVerify) {
      this.#mustVerify = false;
      for (const { path } of this.files.all()) this.#look(path);
    }
    const { hasDropped, size } = this.files;
    // There is room for files that were once too old.
    if (this.#mustScan || (hasDropped && size < filesMax)) this.#scanSoon();
  }

  async #listen(): Promise<void> {
    const { signal } = this.#end;
    let turnEnd = performance.now() + turnMs;
    try {
      for await (const event of this.#source.events(signal)) {
        this.#take(event);
        if (performance.now() < turnEnd) continue;
        await nextTurn();
        turnEnd = performance.now() + turnMs;
      }
    } catch (error) {
      if (!signal.aborted) this.#source.report(error);
    } finally {
      this.close();
      this.#listener.ended();
    }
  }

  #take(event: DiskEvent): void {
    const at = Date.now();
    const { type, path = '', inode } = event;
    switch (type) {
      case 'created':
        this.#touch(event);
        if (path !== '' && this.#growing.size < growingMax) this.#growing.add(path);
        break;
      case 'truncated':
        this.#touch(event);
        break;
      case 'attributes':
        return this.#touch(event);
      case 'closed':
        return this.#takeClosed(event, at);
      case 'renamed':
        this.#rename(event);
        if (this.image.renamed(inode, path)) this.#listener.imageChanged();
        break;
      case 'removed':
        this.#forget(path);
        if (this.image.removed(inode, path)) this.#listener.imageChanged();
        break;
      case 'overflow':
        this.#mustScan = true;
        break;
      case 'mounted':
      case 'unmounted':
        break;
      default:
        return;
    }
    this.#tell(event, type, at);
  }

  #takeClosed(event: DiskEvent, at: number): void {
    const { path, sizeBytes } = event;
    if (path === undefined) return;
    const isWritten = event.written === true;
    // Made and left empty. All others were only read, maybe while somebody else writes to them.
    const isEmpty = sizeBytes === 0 && this.#growing.has(path);
    if (!isWritten && !isEmpty) return;
    this.#growing.delete(path);
    this.#touch(event);
    if (this.image.take(event, at)) this.#listener.imageChanged();
    if (isWritten) this.#tell(event, event.type, at);
  }

  #tell({ path = '', fromPath, sizeBytes, pid, lost }: DiskEvent, type: string, at: number): void {
    const shown = type === 'overflow' ? lost : sizeBytes;
    this.feed.add({
      at,
      type: type as PageEventType,
      path,
      ...(fromPath === undefined ? {} : { fromPath }),
      ...(shown === undefined ? {} : { sizeBytes: shown }),
      ...(pid === undefined ? {} : { pid }),
    });
    this.#listener.listChanged();
  }

  #touch({ path, pathBytes }: DiskEvent): void {
    // A file without a name is in no list.
    if (path === undefined) return;
    // Moved to the end.
    this.#dirty.delete(path);
    this.#dirty.set(path, pathBytes);
    if (this.#dirty.size > dirtyMax) {
      const [oldest = ''] = this.#dirty.keys();
      this.#dirty.delete(oldest);
      this.files.hasDropped = true;
    }
    this.#listener.listChanged();
  }

  #rename(event: DiskEvent): void {
    const { fromPath = '' } = event;
    // One that isn't known may be a directory with known files.
    if (!this.files.has(fromPath) && !this.#dirty.has(fromPath)) this.#mustVerify = true;
    this.#forget(fromPath);
    this.#touch(event);
  }

  #forget(path: string): void {
    this.files.remove(path);
    this.#dirty.delete(path);
    this.#growing.delete(path);
    this.#removedMeanwhile?.add(path);
  }

  /** Puts a file into the list as it is now, or takes it out. */
  #look(path: string, bytes?: Buffer): 'directory' | 'file' | 'none' {
    const found = lookAt(this.#source.fs, path, bytes);
    if (found === 'directory' || found === undefined) {
      this.#growing.delete(path);
      // Without its bytes this name can't be looked for.
      if (bytes !== undefined || !path.includes('\u{fffd}')) this.files.remove(path);
      return found ?? 'none';
    }
    if (found.kind !== 'file') this.#growing.delete(path);
    const known = this.files.get(path);
    const { changedAt, sizeBytes } = found;
    if (known?.changedAt !== changedAt || known.sizeBytes !== sizeBytes) this.files.put(found);
    return 'file';
  }

  /** A directory that came with all that is in it. */
  #findIn(directory: string | Buffer): void {
    if (!isEmptyDirectory(this.#source.fs, directory)) this.#mustScan = true;
  }

  #scanSoon(): void {
    if (this.#scanTimer !== undefined) return;
    const waitMs = Math.max(0, this.#nextScanAt - performance.now());
    this.#scanTimer = setTimeout(() => void this.#scan(), waitMs);
  }

  async #scan(): Promise<void> {
    const { version } = this.files;
    const removed = new Set<string>();
    const start = performance.now();
    this.#removedMeanwhile = removed;
    this.#mustScan = false;
    try {
      const found = await scanFiles(this.#source.fs, filesMax, this.#end.signal);
      if (found === undefined) return;
      this.files.replace(found.files, version, (path) => removed.has(path));
      this.files.hasDropped = found.total > filesMax;
      if (this.#findImage()) this.#listener.imageChanged();
      this.#listener.listReplaced();
    } catch (error) {
      // The disk was closed meanwhile.
      if (!this.#end.signal.aborted) this.#source.report(error);
    } finally {
      this.#removedMeanwhile = undefined;
      const end = performance.now();
      this.#nextScanAt = end + Math.max(scanPauseMs, scanPauseFactor * (end - start));
      this.#scanTimer = undefined;
    }
  }

  /** The newest image among files whose events nobody saw. */
  #findImage(): boolean {
    const { fs } = this.#source;
    const seen = this.image.images().image?.closedAt ?? 0;
    const candidates = this.files
      .all()
      .filter(({ kind, changedAt }) => kind === 'file' && changedAt > seen)
      .toSorted((a, b) => b.changedAt - a.changedAt)
      .slice(0, lookedForImageMax);
    return candidates.some(({ path, changedAt }) => {
      const open = (): number => fs.openSync(path, 'r');
      return this.image.take({ type: 'closed', path, open }, changedAt, 'whole');
    });
  }
}
