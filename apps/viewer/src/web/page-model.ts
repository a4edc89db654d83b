import type {
  PageChanges,
  PageDisk,
  PageEvent,
  PageFile,
  PageImages,
  PageSnapshot,
} from '../protocol.ts';

const eventsMax = 100;

/** What the page knows, from what it was sent; bounded as the server's list is. */
export class PageModel {
  disk: PageDisk | undefined;
  images: PageImages = { image: null, refused: null };
  /** Newest first. */
  events: PageEvent[] = [];
  readonly #files = new Map<string, PageFile>();
  /** Newest first; undefined when it must be sorted anew. */
  #sorted: PageFile[] | undefined;

  takeSnapshot({ disk, files, events, image, refused }: PageSnapshot): void {
    this.disk = disk;
    this.images = { image, refused };
    this.events = events.toReversed().slice(0, eventsMax);
    this.#files.clear();
    this.#put(files);
  }

  takeChanges({ disk, files, removed, events }: PageChanges): void {
    this.disk = disk;
    this.events = [...events.toReversed(), ...this.events].slice(0, eventsMax);
    for (const path of removed) this.#files.delete(path);
    this.#put(files);
  }

  /** Newest first; of the same time the last by name, which is the newest of numbered frames. */
  files(): readonly PageFile[] {
    this.#sorted ??= [...this.#files.values()].toSorted(newestFirst);
    return this.#sorted;
  }

  /** Whether the disk has files that the page was not told of. Directories count as well there. */
  get isPartial(): boolean {
    return this.disk !== undefined && this.#files.size >= this.disk.filesMax;
  }

  #put(files: readonly PageFile[]): void {
    for (const file of files) this.#files.set(file.path, file);
    this.#sorted = undefined;
    const max = this.disk?.filesMax ?? Infinity;
    if (this.#files.size <= max) return;
    for (const { path } of this.files().slice(max)) this.#files.delete(path);
    this.#sorted = undefined;
  }
}

function newestFirst(a: PageFile, b: PageFile): number {
  if (a.changedAt !== b.changedAt) return b.changedAt - a.changedAt;
  return a.path > b.path ? -1 : 1;
}
