import type { IoInForce } from '@ram/fuse';
import type { PlainError } from './app-error.ts';

/**
 * The HTTP API of ramd, JSON over its unix socket.
 *
 * | request          | body                             | answer                     |
 * | ---------------- | -------------------------------- | -------------------------- |
 * | `GET /status`    |                                  | `DaemonStatus`             |
 * | `POST /unmount`  | `{ "name": …, "force": false }`  | `{ "name", "directory" }`  |
 * | `POST /page`     | `{ "name": … }`                  | `{ "name", "address" }`    |
 *
 * Errors are `{ "error": { "code", "message", "hint" } }`, with status 4xx or 500.
 */
export interface DaemonStatus {
  version: string;
  pid: number;
  disks: DiskStatus[];
}

export interface DiskStatus {
  name: string;
  directory: string;
  /** `detached`: taken out of the tree (umount -l), and goes when its last file is closed. */
  phase: 'mounting' | 'mounted' | 'detached' | 'unmounting';
  maxBytes: number;
  usedBytes: number;
  freeBytes: number;
  /** By kind of content. */
  bytes: Record<string, number>;
  /** Files, directories, links and all else, without the root. */
  files: number;
  /** How many there may be, as it was asked for; null: as many as fit into its memory. */
  maxFiles: number | null;
  /** Whether the kernel may move content out to swap. */
  swap: boolean;
  swappedBytes: number;
  backing: string;
  readOnly: boolean;
  allowOther: boolean;
  /** Whether set-id bits and file capabilities count, and device nodes. */
  suid: boolean;
  dev: boolean;
  /** Whether file locks are the kernel's, per mount, or the disk's. */
  locks: 'kernel' | 'volume';
  /** Who moves the bytes of files, and why that is not what was asked for. */
  io: IoInForce;
  /** How requests come in. */
  transport: 'device' | 'io_uring';
  /** The version of FUSE that was agreed on, such as `7.45`. */
  protocol: string;
  /** Requests of the kernel since it was mounted, by name. */
  requests: Record<string, number>;
  log: string;
  /** ISO 8601. */
  since: string;
  /** Where its page is, without what lets a browser in; null when it has none. */
  page: string | null;
}

export interface UnmountRequest {
  name: string;
  force?: boolean;
}

export interface UnmountReply {
  name: string;
  directory: string;
}

export interface PageRequest {
  name: string;
}

export interface PageReply {
  name: string;
  /** Lets one browser in, once. */
  address: string;
}

export interface ErrorReply {
  error: PlainError;
}
