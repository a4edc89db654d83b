// The kernel's structures on x64 and arm64, as far as the calls need them.
import type {
  DirectoryEntry,
  FileStatus,
  FileSystemStatus,
  FileType,
  LockRange,
  LockType,
  Time,
} from './file-calls.ts';

const types: Readonly<Record<number, FileType>> = {
  0o01: 'fifo',
  0o02: 'character',
  0o04: 'directory',
  0o06: 'block',
  0o10: 'file',
  0o12: 'symlink',
  0o14: 'socket',
};

/** The type in st_mode, or in d_type of a directory entry when shifted by 12. */
function fileType(mode: number): FileType {
  return types[(mode & 0o170000) >> 12] ?? 'file';
}

export const statxSize = 256;

/** struct statx */
export function parseStatx(bytes: Buffer): FileStatus {
  const time = (at: number) =>
    bytes.readBigInt64LE(at) * 1_000_000_000n + BigInt(bytes.readUInt32LE(at + 8));
  const device = (at: number) => (bytes.readUInt32LE(at) << 8) | bytes.readUInt32LE(at + 4);
  const mode = bytes.readUInt16LE(28);
  return {
    type: fileType(mode),
    mode: mode & 0o7777,
    nlink: bytes.readUInt32LE(16),
    uid: bytes.readUInt32LE(20),
    gid: bytes.readUInt32LE(24),
    size: Number(bytes.readBigUInt64LE(40)),
    blocks: Number(bytes.readBigUInt64LE(48)),
    blksize: bytes.readUInt32LE(4),
    ino: bytes.readBigUInt64LE(32),
    dev: BigInt(device(136)),
    rdev: device(128),
    atime: time(64),
    btime: time(80),
    ctime: time(96),
    mtime: time(112),
  };
}

/** struct linux_dirent64, as many as getdents64(2) has returned. */
export function parseEntries(bytes: Buffer): DirectoryEntry[] {
  const entries: DirectoryEntry[] = [];
  for (let at = 0; at < bytes.length; at += bytes.readUInt16LE(at + 16)) {
    const start = at + 19;
    const name = bytes.subarray(start, bytes.indexOf(0, start));
    const type = types[bytes.readUInt8(at + 18)] ?? 'file';
    entries.push({ name: name.toString(), bytes: name, type, ino: bytes.readBigUInt64LE(at) });
  }
  return entries;
}

export const statfsSize = 120;

/** struct statfs */
export function parseStatfs(bytes: Buffer): FileSystemStatus {
  const word = (index: number) => Number(bytes.readBigUInt64LE(index * 8));
  return {
    blockSize: word(1),
    blocks: word(2),
    blocksFree: word(3),
    blocksAvailable: word(4),
    files: word(5),
    filesFree: word(6),
    nameMax: word(8),
  };
}

const specialTimes = { now: 0x3fffffffn, omit: 0x3ffffffen };

/** struct timespec[2] */
export function timespecs(times: readonly Time[]): Buffer {
  const bytes = Buffer.alloc(16 * times.length);
  times.forEach((time, index) => {
    const special = typeof time === 'string';
    const within = special ? 0n : ((time % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
    bytes.writeBigInt64LE(special ? 0n : (time - within) / 1_000_000_000n, index * 16);
    bytes.writeBigInt64LE(special ? specialTimes[time] : within, index * 16 + 8);
  });
  return bytes;
}

const lockTypes: readonly LockType[] = ['read', 'write', 'none'];

/** struct flock */
export function flockOf(type: LockType, { start = 0, length = 0 }: LockRange): Buffer {
  const bytes = Buffer.alloc(32);
  bytes.writeInt16LE(lockTypes.indexOf(type), 0);
  bytes.writeBigInt64LE(BigInt(start), 8);
  bytes.writeBigInt64LE(BigInt(length), 16);
  return bytes;
}

export function lockTypeOf(flock: Buffer): LockType {
  return lockTypes[flock.readInt16LE(0)] ?? 'none';
}

/** Little-endian words of 64 bits. */
export function words(...values: (number | bigint)[]): Buffer {
  const bytes = Buffer.alloc(8 * values.length);
  values.forEach((value, index) =>
    bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)), index * 8),
  );
  return bytes;
}
