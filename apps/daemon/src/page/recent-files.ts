import type { PageFile } from '@ram/viewer';

/** What changed since a version that a reader has seen. */
export interface FileChanges {
  version: number;
  files: PageFile[];
  removed: string[];
}

interface Entry {
  file: PageFile;
  version: number;
}

/**
 * The newest files of a disk, so many and no more, with a version for each change: a reader asks
 * for what is new since the version it has seen, and one that fell behind takes all of it.
 */
export class RecentFiles {
  /** Whether files went out of the list because newer ones came. */
  hasDropped = false;
  readonly #max: number;
  readonly #entries = new Map<string, Entry>();
  readonly #removals: { path: string; version: number }[] = [];
  #version = 0;
  /** Removals up to this version are forgotten. */
  #forgotten = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#entries.size;
  }

  get version(): number {
    return this.#version;
  }

  has(path: string): boolean {
    return this.#entries.has(path);
  }

  get(path: string): PageFile | undefined {
    return this.#entries.get(path)?.file;
  }

  put(file: PageFile): void {
    this.#version += 1;
    this.#entries.set(file.path, { file, version: this.#version });
    // Sorted now and then only.
    if (this.#entries.size >= this.#max * 2) this.#dropOldest();
  }

  remove(path: string): void {
    if (!this.#entries.delete(path)) return;
    this.#version += 1;
    this.#removals.push({ path, version: this.#version });
    if (this.#removals.length > this.#max * 2) {
      const gone = this.#removals.splice(0, this.#max);
      this.#forgotten = gone.at(-1)?.version ?? this.#forgotten;
    }
  }

  /** Takes a new list over, but for what changed since `version`. */
  replace(files: readonly PageFile[], version: number, isGone: (path: string) => boolean): void {
    const newer = [...this.#entries.values()].filter((entry) => entry.version > version);
    this.#entries.clear();
    this.#version += 1;
    this.#removals.length = 0;
    this.#forgotten = this.#version;
    for (const file of files) if (!isGone(file.path)) this.put(file);
    for (const { file } of newer) this.put(file);
  }

  /** The newest, in no order. */
  all(): PageFile[] {
    this.#dropOldest();
    return [...this.#entries.values()].map(({ file }) => file);
  }

  /** Undefined when too much has happened: take `all()`. */
  changesSince(version: number): FileChanges | undefined {
    if (version < this.#forgotten) return undefined;
    const files = [...this.#entries.values()]
      .filter((entry) => entry.version > version)
      .map(({ file }) => file);
    if (files.length > this.#max) return undefined;
    const removed = new Set(
      this.#removals.filter((one) => one.version > version).map(({ path }) => path),
    );
    for (const { path } of files) removed.delete(path);
    return { version: this.#version, files, removed: [...removed] };
  }

  #dropOldest(): void {
    if (this.#entries.size <= this.#max) return;
    const oldestFirst = [...this.#entries.values()].toSorted(
      (a, b) => a.file.changedAt - b.file.changedAt,
    );
    for (const { file } of oldestFirst.slice(0, -this.#max)) this.#entries.delete(file.path);
    this.hasDropped = true;
  }
}
