export { appError, exitCodeOf, fromPlainError, toPlainError } from './app-error.ts';
export type { AppError, AppErrorCode, PlainError } from './app-error.ts';
export type {
  DaemonStatus,
  DiskStatus,
  PageReply,
  PageRequest,
  UnmountReply,
  UnmountRequest,
} from './api.ts';
export { removeStaleStates } from './claim.ts';
export { requestPage, requestStatus, requestUnmount } from './client.ts';
export type { DiskRequest, MountedDisk } from './daemon.ts';
export { listDiskStates, removeLeftOvers } from './disk-state.ts';
export type { DiskState } from './disk-state.ts';
export { formatBytes } from './format-bytes.ts';
export { withLock } from './lock.ts';
export { openLogFile } from './log.ts';
export { readMemory } from './memory.ts';
export type { MachineMemory } from './memory.ts';
export { resolveMountPoint } from './mount-point.ts';
export { isRamMount, mountAt, mountOf, mountsBelow, readMountTable } from './mount-table.ts';
export type { MountEntry } from './mount-table.ts';
export { isDiskName } from './names.ts';
export { checkPrivateDirectory, ensurePrivateDirectory, findPlaces, logPath } from './places.ts';
export type { Places } from './places.ts';
export { probeServer } from './probe-server.ts';
export type { ServerCondition, ServerProbe } from './probe-server.ts';
export { conditionOf, kill } from './process-identity.ts';
export type { ProcessCondition, ProcessIdentity } from './process-identity.ts';
export { parseMountWay } from './mount-way.ts';
export type { MountWayFlags } from './mount-way.ts';
export { parseMaxFiles, ramdArguments, runRamd } from './ramd.ts';
export type { RamdMessage } from './ramd.ts';
export { ramdPath } from './ramd-path.ts';
export { serveDisk } from './serve.ts';
export type { ServeEvents } from './serve.ts';
export { showPath } from './show-path.ts';
export { busyError } from './translate-error.ts';
export { version } from './version.ts';
