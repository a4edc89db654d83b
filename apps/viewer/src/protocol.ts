/**
 * What ramd tells the page, as JSON in server-sent events:
 *
 * | event      | data           | when                                                       |
 * | ---------- | -------------- | ---------------------------------------------------------- |
 * | `snapshot` | `PageSnapshot` | first, and after the listener or the page lost events      |
 * | `changes`  | `PageChanges`  | while anything changes, a few times a second               |
 * | `image`    | `PageImages`   | at once when an image is closed; always the newest         |
 * | `end`      | `{}`           | the disk is unmounted; nothing follows                     |
 *
 * Paths are text for people: bytes that are no UTF-8 have become U+FFFD. Times are milliseconds
 * since 1970.
 */
export interface PageSnapshot extends PageImages {
  disk: PageDisk;
  /** The newest, in no order. */
  files: PageFile[];
  /** The latest, oldest first. */
  events: PageEvent[];
}

export interface PageChanges {
  disk: PageDisk;
  /** New or changed ones. */
  files: PageFile[];
  /** Paths that are gone. */
  removed: string[];
  /** The latest, oldest first; a gap in their numbers are those that are not told. */
  events: PageEvent[];
}

export interface PageImages {
  image: PageImage | null;
  /** What was closed since and isn't shown, or null. */
  refused: RefusedImage | null;
}

export interface PageDisk {
  name: string;
  directory: string;
  maxBytes: number;
  usedBytes: number;
  /** Files, directories and links, without the root. */
  entries: number;
  /** How many files a page is told of; those are the newest. */
  filesMax: number;
}

export interface PageFile {
  path: string;
  kind: 'file' | 'link' | 'other';
  sizeBytes: number;
  /** When its bytes, name or attributes last changed. */
  changedAt: number;
}

export interface PageEvent {
  /** Rising. */
  id: number;
  at: number;
  type: PageEventType;
  path: string;
  /** Where it was, when renamed. */
  fromPath?: string;
  sizeBytes?: number;
  /** Who did it. */
  pid?: number;
}

export type PageEventType =
  | 'created'
  | 'closed'
  | 'truncated'
  | 'renamed'
  | 'removed'
  | 'mounted'
  | 'unmounted'
  | 'overflow';

export type ImageType =
  | 'image/avif'
  | 'image/bmp'
  | 'image/gif'
  | 'image/jpeg'
  | 'image/png'
  | 'image/webp';

export interface PageImage {
  /** Rising; its bytes are at `/image/ID`. */
  id: number;
  path: string;
  type: ImageType;
  width: number;
  height: number;
  sizeBytes: number;
  closedAt: number;
  /** The file went away since. */
  removed: boolean;
}

/**
 * - `empty`: no bytes, and a name that promises an image.
 * - `no-image`: other bytes than its name promises.
 * - `incomplete`: it ends in the middle.
 * - `too-many-pixels`, `too-many-bytes`: more than a page should have to bear.
 */
export type RefusalReason =
  | 'empty'
  | 'no-image'
  | 'incomplete'
  | 'too-many-pixels'
  | 'too-many-bytes';

export interface RefusedImage {
  path: string;
  reason: RefusalReason;
  sizeBytes: number;
  /** 0 when it isn't known. */
  width: number;
  height: number;
  closedAt: number;
}
