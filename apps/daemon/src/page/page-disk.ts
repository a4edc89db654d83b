import type { Volume } from '@ram/fs-core';

/** What happens on a disk, as a page hears of it: the fields of fs-core's events that it uses. */
export interface DiskEvent {
  readonly type: string;
  readonly path?: string | undefined;
  readonly fromPath?: string | undefined;
  readonly inode?: bigint | number | undefined;
  readonly sizeBytes?: number | undefined;
  readonly pid?: number | undefined;
  readonly written?: boolean | undefined;
  readonly lost?: number | undefined;
  /** A descriptor of the disk's `fs` for exactly that inode. */
  open(flags?: string): number;
}

/** The disk behind a page. */
export interface PageDiskSource {
  readonly name: string;
  readonly directory: string;
  readonly fs: Volume['fs'];
  usage(): { maxBytes: number; usedBytes: number; inodes: number };
  /** Until the signal is aborted, or the disk is no more. */
  events(signal: AbortSignal): AsyncIterable<DiskEvent>;
  /** What went wrong with the page: the disk goes on. */
  report(error: unknown): void;
}
