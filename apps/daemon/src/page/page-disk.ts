import type { Volume, VolumeEvent } from '@ram/fs-core';

/** What a page uses of an event. */
export type DiskEvent = Pick<
  VolumeEvent,
  | 'type'
  | 'path'
  | 'pathBytes'
  | 'fromPath'
  | 'inode'
  | 'sizeBytes'
  | 'pid'
  | 'written'
  | 'lost'
  | 'contents'
  | 'open'
>;

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
