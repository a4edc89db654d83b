// The FUSE wire protocol as Linux speaks it on /dev/fuse: 7.31 (Linux 5.10) to 7.45 (6.18).
//
// Our own description, because system headers are often older than the kernel. Numbers are in the
// machine's byte order; every struct is padded to 8 bytes. A request is an InHeader, the struct of
// its operation, then names (each with its NUL) or data, then extensions; a reply is an OutHeader
// and the operation's reply struct or data.
//
//   request  | InHeader 40 | operation's struct | name\0 … or data | extensions (8-byte units) |
//   reply    | OutHeader 16 | struct or data |
//   notice   | OutHeader 16, unique 0, error = Notice | struct | name\0 |
#pragma once

#include <cstdint>

namespace ram::fuse {

inline constexpr uint32_t kMajor = 7;
inline constexpr uint32_t kMinor = 45;        // the newest minor that this file describes
inline constexpr uint32_t kOldestMinor = 31;  // Linux 5.10

enum Opcode : uint32_t {
  kLookup = 1,
  kForget = 2,  // no reply
  kGetattr = 3,
  kSetattr = 4,
  kReadlink = 5,
  kSymlink = 6,
  kMknod = 8,
  kMkdir = 9,
  kUnlink = 10,
  kRmdir = 11,
  kRename = 12,
  kLink = 13,
  kOpen = 14,
  kRead = 15,
  kWrite = 16,
  kStatfs = 17,
  kRelease = 18,
  kFsync = 20,
  kSetxattr = 21,
  kGetxattr = 22,
  kListxattr = 23,
  kRemovexattr = 24,
  kFlush = 25,
  kInit = 26,
  kOpendir = 27,
  kReaddir = 28,
  kReleasedir = 29,
  kFsyncdir = 30,
  kGetlk = 31,
  kSetlk = 32,
  kSetlkw = 33,
  kAccess = 34,
  kCreate = 35,
  kInterrupt = 36,  // no reply
  kBmap = 37,
  kDestroy = 38,
  kIoctl = 39,
  kPoll = 40,
  kNotifyReply = 41,  // no reply
  kBatchForget = 42,  // no reply
  kFallocate = 43,
  kReaddirplus = 44,
  kRename2 = 45,
  kLseek = 46,
  kCopyFileRange = 47,
  kSetupmapping = 48,
  kRemovemapping = 49,
  kSyncfs = 50,
  kTmpfile = 51,
  kStatx = 52,
  kCopyFileRange64 = 53,
  kOpcodeCount = 54,
};

// What the kernel sends after a call has returned.
constexpr bool isForget(uint32_t opcode) { return opcode == kForget || opcode == kBatchForget; }
constexpr bool isAfterwards(uint32_t opcode) {
  return isForget(opcode) || opcode == kRelease || opcode == kReleasedir;
}

enum class Notice : int32_t {
  kPoll = 1,
  kInvalidateInode = 2,
  kInvalidateEntry = 3,
  kStore = 4,
  kRetrieve = 5,
  kDelete = 6,
  kResend = 7,
  kIncrementEpoch = 8,
};

// What INIT negotiates; bits from 32 up travel in flags2.
enum InitFlag : uint64_t {
  kAsyncRead = 1ull << 0,
  kPosixLocks = 1ull << 1,
  kAtomicOpenTruncate = 1ull << 3,
  kExportSupport = 1ull << 4,
  kBigWrites = 1ull << 5,
  kDontMask = 1ull << 6,
  kSpliceWrite = 1ull << 7,
  kSpliceMove = 1ull << 8,
  kSpliceRead = 1ull << 9,
  kFlockLocks = 1ull << 10,
  kIoctlDirectories = 1ull << 11,
  kAutoInvalidateData = 1ull << 12,
  kDoReaddirplus = 1ull << 13,
  kReaddirplusAuto = 1ull << 14,
  kAsyncDirectIo = 1ull << 15,
  kWritebackCache = 1ull << 16,
  kNoOpenSupport = 1ull << 17,
  kParallelDirectoryOps = 1ull << 18,
  kHandleKillPrivileges = 1ull << 19,
  kPosixAcl = 1ull << 20,
  kAbortError = 1ull << 21,
  kMaxPages = 1ull << 22,
  kCacheSymlinks = 1ull << 23,
  kNoOpendirSupport = 1ull << 24,
  kExplicitInvalidateData = 1ull << 25,
  kMapAlignment = 1ull << 26,
  kSubmounts = 1ull << 27,
  kHandleKillPrivilegesV2 = 1ull << 28,
  kSetxattrExtended = 1ull << 29,
  kInitExtended = 1ull << 30,
  kSecurityContext = 1ull << 32,
  kInodeDax = 1ull << 33,
  kCreateSupplementaryGroup = 1ull << 34,
  kExpireOnly = 1ull << 35,
  kDirectIoAllowMmap = 1ull << 36,
  kPassthrough = 1ull << 37,
  kNoExportSupport = 1ull << 38,
  kHasResend = 1ull << 39,
  kAllowIdmap = 1ull << 40,
  kOverIoUring = 1ull << 41,
  kRequestTimeout = 1ull << 42,
};

enum OpenReplyFlag : uint32_t {
  kOpenDirectIo = 1u << 0,
  kOpenKeepCache = 1u << 1,
  kOpenNonSeekable = 1u << 2,
  kOpenCacheDirectory = 1u << 3,
  kOpenStream = 1u << 4,
  kOpenNoFlush = 1u << 5,
  kOpenParallelDirectWrites = 1u << 6,
  kOpenPassthrough = 1u << 7,
};

enum SetattrValid : uint32_t {
  kValidMode = 1u << 0,
  kValidUid = 1u << 1,
  kValidGid = 1u << 2,
  kValidSize = 1u << 3,
  kValidAtime = 1u << 4,
  kValidMtime = 1u << 5,
  kValidHandle = 1u << 6,
  kValidAtimeNow = 1u << 7,
  kValidMtimeNow = 1u << 8,
  kValidLockOwner = 1u << 9,
  kValidCtime = 1u << 10,
  kValidKillPrivileges = 1u << 11,
};

inline constexpr uint32_t kOpenKillPrivileges = 1u << 0;    // OpenIn.openFlags
inline constexpr uint32_t kWriteFromCache = 1u << 0;        // WriteIn.writeFlags
inline constexpr uint32_t kWriteKillsPrivileges = 1u << 2;  // WriteIn.writeFlags
inline constexpr uint32_t kLockFlock = 1u << 0;             // LockIn.flags
inline constexpr uint32_t kFsyncDataOnly = 1u << 0;         // FsyncIn.flags
inline constexpr uint32_t kExtensionGroups = 32;            // ExtensionHeader.type

struct InHeader {
  uint32_t length;  // of the whole request, this header included
  uint32_t opcode;
  uint64_t unique;
  uint64_t node;
  uint32_t uid;
  uint32_t gid;
  uint32_t pid;
  uint16_t extensionLength;  // units of 8 bytes, at the end of the request
  uint16_t padding;
};

struct OutHeader {
  uint32_t length;
  int32_t error;
  uint64_t unique;
};

// --- over io_uring: the commands of an IORING_OP_URING_CMD, and the memory of an entry -----------
enum UringCommand : uint32_t {
  kUringRegister = 1,        // this memory is an entry of this queue from now on
  kUringCommitAndFetch = 2,  // takes the reply; completes with the next request
};

struct UringCommandBody {
  uint64_t flags;
  uint64_t commitId;  // of the request that is answered
  uint16_t queue;     // a queue belongs to the CPU of this number
  uint8_t padding[6];
};

struct UringEntryHeader {
  uint64_t flags;
  uint64_t commitId;
  uint32_t payloadSize;  // bytes
  uint32_t padding;
  uint64_t reserved;
};

struct UringHeader {
  uint8_t inOut[128];      // InHeader, then OutHeader
  uint8_t operation[128];  // the operation's struct
  UringEntryHeader entry;
};

struct ExtensionHeader {
  uint32_t size;  // with this header
  uint32_t type;
};

struct SupplementaryGroups {
  uint32_t count;
  // uint32_t groups[count]
};

struct WireAttributes {
  uint64_t inode, size, blocks;
  uint64_t atime, mtime, ctime;
  uint32_t atimeNs, mtimeNs, ctimeNs;
  uint32_t mode, links, uid, gid, device, blockSize, flags;
};

struct EntryOut {
  uint64_t node;  // 0: no such name, and that may be remembered
  uint64_t generation;
  uint64_t entryValid;  // seconds
  uint64_t attributesValid;
  uint32_t entryValidNs;
  uint32_t attributesValidNs;
  WireAttributes attributes;
};

struct ForgetIn {
  uint64_t count;
};
struct ForgetOne {
  uint64_t node;
  uint64_t count;
};
struct BatchForgetIn {
  uint32_t count;
  uint32_t padding;
};

struct GetattrIn {
  uint32_t flags;
  uint32_t padding;
  uint64_t handle;
};
struct AttributesOut {
  uint64_t valid;
  uint32_t validNs;
  uint32_t padding;
  WireAttributes attributes;
};

struct WireTime {
  int64_t seconds;
  uint32_t nanoseconds;
  int32_t reserved;
};
struct StatxIn {
  uint32_t getattrFlags;
  uint32_t reserved;
  uint64_t handle;
  uint32_t flags;
  uint32_t mask;
};
struct WireStatx {
  uint32_t mask, blockSize;
  uint64_t attributes;
  uint32_t links, uid, gid;
  uint16_t mode, spare0;
  uint64_t inode, size, blocks, attributesMask;
  WireTime atime, btime, ctime, mtime;
  uint32_t deviceMajor, deviceMinor, ownDeviceMajor, ownDeviceMinor;
  uint64_t spare[14];
};
struct StatxOut {
  uint64_t valid;
  uint32_t validNs;
  uint32_t flags;
  uint64_t spare[2];
  WireStatx stat;
};

struct MknodIn {
  uint32_t mode, device, umask, padding;
};
struct MkdirIn {
  uint32_t mode, umask;
};
struct RenameIn {
  uint64_t newParent;
};
struct Rename2In {
  uint64_t newParent;
  uint32_t flags, padding;
};
struct LinkIn {
  uint64_t node;
};

struct SetattrIn {
  uint32_t valid, padding;
  uint64_t handle, size, lockOwner;
  uint64_t atime, mtime, ctime;
  uint32_t atimeNs, mtimeNs, ctimeNs;
  uint32_t mode, unused4, uid, gid, unused5;
};

struct OpenIn {
  uint32_t flags, openFlags;
};
struct CreateIn {
  uint32_t flags, mode, umask, openFlags;
};
struct OpenOut {
  uint64_t handle;
  uint32_t flags;
  int32_t backing;
};
struct ReleaseIn {
  uint64_t handle;
  uint32_t flags, releaseFlags;
  uint64_t lockOwner;
};
struct FlushIn {
  uint64_t handle;
  uint32_t unused, padding;
  uint64_t lockOwner;
};
struct ReadIn {
  uint64_t handle, offset;
  uint32_t size, readFlags;
  uint64_t lockOwner;
  uint32_t flags, padding;
};
struct WriteIn {
  uint64_t handle, offset;
  uint32_t size, writeFlags;
  uint64_t lockOwner;
  uint32_t flags, padding;
};
struct WriteOut {
  uint32_t size, padding;
};
struct FsyncIn {
  uint64_t handle;
  uint32_t flags, padding;
};

struct StatfsOut {
  uint64_t blocks, blocksFree, blocksAvailable, files, filesFree;
  uint32_t blockSize, nameLength, fragmentSize, padding;
  uint32_t spare[6];
};

struct SetxattrIn {
  uint32_t size, flags;
  uint32_t extendedFlags, padding;  // only with kSetxattrExtended
};
inline constexpr uint32_t kSetxattrInOldSize = 8;
struct GetxattrIn {
  uint32_t size, padding;
};
struct GetxattrOut {
  uint32_t size, padding;
};

struct WireLock {
  uint64_t start, end;  // end is inclusive, INT64_MAX: to the end of the file
  uint32_t type, pid;
};
struct LockIn {
  uint64_t handle, owner;
  WireLock lock;
  uint32_t flags, padding;
};
struct LockOut {
  WireLock lock;
};

struct AccessIn {
  uint32_t mask, padding;
};
struct InterruptIn {
  uint64_t unique;
};

struct InitIn {
  uint32_t major, minor, maxReadahead, flags;
  uint32_t flags2;  // from here on only with kInitExtended
  uint32_t unused[11];
};
inline constexpr uint32_t kInitInOldSize = 16;
struct InitOut {
  uint32_t major, minor, maxReadahead, flags;
  uint16_t maxBackground, congestionThreshold;
  uint32_t maxWrite, timeGranularity;
  uint16_t maxPages, mapAlignment;
  uint32_t flags2, maxStackDepth;
  uint16_t requestTimeout, unused[11];
};

struct FallocateIn {
  uint64_t handle, offset, length;
  uint32_t mode, padding;
};
struct LseekIn {
  uint64_t handle, offset;
  uint32_t whence, padding;
};
struct LseekOut {
  uint64_t offset;
};
struct CopyFileRangeIn {
  uint64_t handle, offset, toNode, toHandle, toOffset, length, flags;
};
struct CopyFileRangeOut {
  uint64_t length;
};

struct WireEntry {
  uint64_t inode, cookie;
  uint32_t nameLength, type;
  // char name[nameLength], zeros up to a multiple of 8
};

struct InvalidateInodeOut {
  uint64_t node;
  int64_t offset;  // negative: attributes only
  int64_t length;  // 0 or less: to the end
};
struct RetrieveOut {
  uint64_t unique;  // of the request that brings it
  uint64_t node, offset;
  uint32_t size, padding;
};
struct InvalidateEntryOut {
  uint64_t parent;
  uint32_t nameLength, flags;
};

// The argument of the ioctl that makes a file known for passthrough.
struct BackingMap {
  int32_t fd;
  uint32_t flags;
  uint64_t padding;
};

static_assert(sizeof(BackingMap) == 16);
static_assert(sizeof(InHeader) == 40 && sizeof(OutHeader) == 16);
static_assert(sizeof(WireAttributes) == 88 && sizeof(EntryOut) == 128);
static_assert(sizeof(AttributesOut) == 104 && sizeof(GetattrIn) == 16);
static_assert(sizeof(StatxIn) == 24 && sizeof(WireStatx) == 256 && sizeof(StatxOut) == 288);
static_assert(sizeof(MknodIn) == 16 && sizeof(MkdirIn) == 8 && sizeof(Rename2In) == 16);
static_assert(sizeof(SetattrIn) == 88 && sizeof(OpenIn) == 8 && sizeof(CreateIn) == 16);
static_assert(sizeof(OpenOut) == 16 && sizeof(ReleaseIn) == 24 && sizeof(FlushIn) == 24);
static_assert(sizeof(ReadIn) == 40 && sizeof(WriteIn) == 40 && sizeof(WriteOut) == 8);
static_assert(sizeof(FsyncIn) == 16 && sizeof(StatfsOut) == 80 && sizeof(SetxattrIn) == 16);
static_assert(sizeof(LockIn) == 48 && sizeof(LockOut) == 24 && sizeof(InterruptIn) == 8);
static_assert(sizeof(InitIn) == 64 && sizeof(InitOut) == 64 && sizeof(AccessIn) == 8);
static_assert(sizeof(FallocateIn) == 32 && sizeof(LseekIn) == 24);
static_assert(sizeof(CopyFileRangeIn) == 56 && sizeof(WireEntry) == 24);
static_assert(sizeof(RetrieveOut) == 32);
static_assert(sizeof(InvalidateInodeOut) == 24 && sizeof(InvalidateEntryOut) == 16);

}  // namespace ram::fuse
