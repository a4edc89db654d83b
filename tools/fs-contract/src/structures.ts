// The kernel's structures on x64 and arm64, as far as the calls need them.
import type {
  DirectoryEntry,
  FileStatus,
  FileSystemStatus,
  FileType,
  LockInTheWay,
  LockRange,
  LockType,
  Path,
  StatxAnswer,
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

/** What else struct statx tells. */
export function parseStatxAnswer(bytes: Buffer): StatxAnswer {
  return {
    ...parseStatx(bytes),
    mask: bytes.readUInt32LE(0),
    attributes: bytes.readBigUInt64LE(8),
    attributesMask: bytes.readBigUInt64LE(56),
    mountId: bytes.readBigUInt64LE(144),
  };
}

/** struct linux_dirent64, as many as getdents64(2) has returned. */
export function parseEntries(bytes: Buffer): DirectoryEntry[] {
  const entries: DirectoryEntry[] = [];
  for (let at = 0; at < bytes.length; at += bytes.readUInt16LE(at + 16)) {
    const start = at + 19;
    const name = bytes.subarray(start, bytes.indexOf(0, start));
    const type = types[bytes.readUInt8(at + 18)] ?? 'file';
    const [ino, offset] = [bytes.readBigUInt64LE(at), bytes.readBigInt64LE(at + 8)];
    entries.push({ name: name.toString(), bytes: name, type, ino, offset });
  }
  return entries;
}

export const statfsSize = 120;

/** struct statfs */
export function parseStatfs(bytes: Buffer): FileSystemStatus {
  const word = (index: number) => Number(bytes.readBigUInt64LE(index * 8));
  return {
    type: word(0),
    blockSize: word(1),
    blocks: word(2),
    blocksFree: word(3),
    blocksAvailable: word(4),
    files: word(5),
    filesFree: word(6),
    id: bytes.readBigUInt64LE(56),
    nameMax: word(8),
    fragmentSize: word(9),
    flags: word(10),
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

export function parseFlock(flock: Buffer): LockInTheWay {
  return {
    type: lockTypes[flock.readInt16LE(0)] ?? 'none',
    start: Number(flock.readBigInt64LE(8)),
    length: Number(flock.readBigInt64LE(16)),
    pid: flock.readInt32LE(24),
  };
}

/** struct sockaddr_un */
export function unixAddress(path: Path): Buffer {
  const [family, bytes] = [1, Buffer.from(path as string)];
  return Buffer.concat([Buffer.from([family, 0]), bytes, Buffer.alloc(1)]);
}

/** Little-endian words of 64 bits. */
export function words(...values: (number | bigint)[]): Buffer {
  const bytes = Buffer.alloc(8 * values.length);
  values.forEach((value, index) =>
    bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)), index * 8),
  );
  return bytes;
}
