// The bytes of a Volume's segments. Version 2; recorded in docs/decisions/segment-layout.md.
//
// One sparse file holds five regions. Everything refers to everything by index, so any process
// may map it anywhere. A page is 4096 bytes here, whatever the kernel's page size.
//
//   offset 0        Superblock                      1 page
//                   LogSlot[kLogSlots]              redo log, see journal.h
//                   Outcome[kOutcomes]              results of requests by number
//   handlesOffset   HandleRecord[]                  open files
//   inodesOffset    InodeRecord[]                   index 0 unused, 1 is the root directory
//   lookupsOffset   uint64_t[kMaxMounts][inodes]    kernel references, one array a mount
//   heapOffset      dentries, directory tables, symlink targets, xattrs, content (see heap.h)
//
// What is *not* here can be rebuilt from it: which records, granules and pages are free, counters,
// locks. INVARIANT: an object of the heap is in use exactly if it is reachable from a live inode.
#pragma once

#include <cstdint>

namespace ram {

inline constexpr uint64_t kMagic = 0x31474553'204d4152;  // "RAM SEG1"
inline constexpr uint32_t kLayoutVersion = 2;
inline constexpr uint64_t kPageSize = 4096;
inline constexpr uint32_t kLogSlots = 16;
inline constexpr uint32_t kLogWords = 63;
inline constexpr uint32_t kOutcomes = 512;
inline constexpr uint32_t kMaxMounts = 16;  // numbers 1..15
inline constexpr uint32_t kInitBytes = 128;

struct MountRecord {
  uint32_t attached;  // 1 while the mount lives
  uint32_t initLength;
  uint8_t init[kInitBytes];  // the answer given to FUSE_INIT
};

struct Superblock {
  uint64_t magic;
  uint32_t version;
  uint32_t swap;  // 0: pages are kept in RAM
  uint64_t maxBytes;
  uint64_t maxInodes;
  uint64_t hashKey[2];  // of the directory hash (SipHash), random per Volume
  uint64_t handlesOffset, handlesCapacity;
  uint64_t inodesOffset, inodesCapacity;
  uint64_t lookupsOffset;
  uint64_t heapOffset, heapPages;
  uint64_t nextBlobFile;    // number of the next blob file; only grows
  uint64_t nextGeneration;  // of the next inode; only grows
  uint64_t epoch;           // current dirty epoch, see provider.h
  uint64_t inodesHighWater;  // no inode at or above this index was ever used
  uint64_t handlesHighWater;
  MountRecord mounts[kMaxMounts];
};
static_assert(sizeof(Superblock) <= kPageSize);

struct LogEntry {
  uint64_t offset;  // of an aligned 8-byte word, from the start of the segments
  uint64_t value;
};

// count == 0: nothing to do. count == n: entries[0..n) must be applied; applying twice is harmless.
struct LogSlot {
  uint64_t count;
  uint64_t unused;
  LogEntry entries[kLogWords];
};
static_assert(sizeof(LogSlot) == 1024);

struct Outcome {
  uint64_t unique;
  uint64_t mount;
  int64_t result;
};

enum class ContentKind : uint16_t {
  kNone = 0,      // no bytes: empty files, directories, devices …
  kInline = 1,    // content = heap reference of an InlineContent; at most kInlineMax bytes
  kPages = 2,     // content = heap reference of a PageMap
  kFile = 3,      // content = number of a blob file; its inode is the authority on size and blocks
  kExternal = 4,  // content = index of a descriptor that someone else owns
  kAbsent = 5,    // to be faulted in by the provider; size is true, bytes are elsewhere
};

// 128 bytes, 32 to a page. mode == 0: free. Changed only under the inode's exclusive lock, except
// for the words marked atomic.
struct InodeRecord {
  uint32_t mode;  // S_IF* and permissions
  uint32_t generation;
  uint32_t uid, gid;
  uint32_t links;
  ContentKind kind;
  uint16_t flags;    // InodeFlag
  uint64_t size;     // bytes; directories 20 per entry as tmpfs; kFile: see ContentKind
  uint64_t content;  // see ContentKind; directories: reference of a DirectoryTable, 0 when empty;
                     // symlinks: reference of the target (size bytes); devices: dev_t
  uint32_t xattrs;   // reference of an XattrRecord list, 0: none
  uint32_t parent;   // the directory in which `dentry` is
  int64_t accessed, modified, changed, born;  // seconds since the epoch
  uint32_t accessedNs, modifiedNs, changedNs, bornNs;
  uint64_t lookups;  // atomic: kernel references of all mounts
  uint32_t opens;    // atomic, rebuilt: number of handles
  uint32_t dentry;   // reference of the name it got last, 0: none, or that one was removed
  uint64_t cursor;   // directories: the next cookie; kFile: ctime in ns that the blob file had when
                     // our own times were last settled, so that later kernel writes show; or see
                     // blob_times.h
  uint32_t pages;    // kPages: pages that hold data
  uint32_t epochs;   // reference of an EpochMap, 0: none (no provider, or nothing dirty)
};
static_assert(sizeof(InodeRecord) == 128);

enum InodeFlag : uint16_t {
  kInodeTemporary = 1,  // O_TMPFILE, may still be linked
  kInodeSealed = 2,     // O_TMPFILE | O_EXCL: must not be linked
  kInodeAwaited = 4,    // of this process: counted as waiting for the kernel's FORGET
  kInodeRetained = 8,   // of this process: was kept for listeners after its end, see EventRetention
};

struct HandleRecord {
  uint32_t inode;   // 0: free
  uint32_t flags;   // O_* of open(2)
  uint32_t mount;   // 0: a descriptor of the process, gone when it dies
  uint32_t serial;  // distinguishes reuses; part of the handle number
  uint32_t backing;  // the kernel's id of the file that this open is passed through to, 0: served
  uint32_t unused;
  uint64_t version;  // passed: see PassedVersions, 0: nobody asked when it was opened
};
static_assert(sizeof(HandleRecord) == 32);

// A name in a directory. The first word is replaced in one store.
struct Dentry {
  uint32_t inode;
  uint8_t length;
  uint8_t type;  // DT_*
  uint16_t unused;
  char name[];
};

// slots are in the order of their cookies, behind them the hash index:
//
//   | header 16 | slot 0 | slot 1 | … capacity | index: uint32_t[indexSize] |
//
// An index entry is slot + 1, 0 for empty, kIndexDeleted for removed. A removed slot keeps its
// cookie and has reference 0.
struct DirectorySlot {
  uint64_t cookie;
  uint32_t dentry;  // heap reference
  uint32_t hash;
};

struct DirectoryTable {
  uint32_t capacity;
  uint32_t indexSize;  // a power of two
  uint32_t used;       // slots ever filled
  uint32_t live;       // slots with a name
  DirectorySlot slots[];
};
inline constexpr uint32_t kIndexDeleted = 0xffffffff;

struct XattrRecord {
  uint32_t next;  // heap reference
  uint32_t valueLength;
  uint8_t nameLength;
  uint8_t unused[7];
  char bytes[];  // name, then value
};

struct InlineContent {
  uint32_t owner;     // inode, so that the record can be moved
  uint32_t capacity;  // bytes behind this header
  uint8_t bytes[];
};

// Page i holds bytes [i * 4096, …); 0 is a hole. The top bit says: allocated but never written,
// which SEEK_DATA takes for a hole. kPages with content 0 is a map without pages. Bytes behind the
// file's size are undefined; they are cleared when it grows.
struct PageMap {
  uint32_t capacity;
  uint32_t unused;
  uint32_t pages[];  // page numbers in the heap
};

// Epoch in which each chunk of kEpochChunkBytes was last written, see provider.h.
struct EpochMap {
  uint32_t capacity;
  uint32_t unused;
  uint32_t epochs[];
};
inline constexpr uint64_t kEpochChunkBytes = 64 * 1024;

}  // namespace ram
