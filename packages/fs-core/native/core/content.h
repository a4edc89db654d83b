// The bytes of files: the kinds of content and the moves between them.
//
//   kNone ──▶ kInline ──▶ kPages ──▶ kFile      by size: kInlineMax, kSlabMax; promote()
//     any of them ──▶ kAbsent ──▶ any of them   evict(), populate()
//   kNone ──▶ kExternal ──▶ kAbsent             lend(), unlend()
//
// Every function takes the inode's record with the lock that it names held by the caller.
// INVARIANT: whenever the process dies, the segments describe the file before or after the
// operation; only bytes of an overwritten or punched range may be of both.
#pragma once

#include <errno.h>

#include <atomic>
#include <cstdint>
#include <unordered_set>

#include "content_file.h"
#include "content_inline.h"
#include "content_pages.h"
#include "content_parts.h"
#include "epochs.h"
#include "external_files.h"
#include "inode_table.h"
#include "locks.h"
#include "provider.h"
#include "spill_rules.h"

struct stat;

namespace ram {

class Content {
 public:
  Content(Segment& segment, Journal& journal, Heap& heap, BlobFiles& blobs, ViewRegistry& views);

  static constexpr uint64_t kInlineMax = ram::kInlineMax;
  static constexpr uint64_t kSlabMax = ram::kSlabMax;
  // What read() and seek() answer for absent content: lock exclusively, populate(), try again.
  static constexpr int kMustPopulate = -ERESTART;
  // As an offset of write(): at the end of the file.
  static constexpr uint64_t kAppend = UINT64_MAX;

  // --- lock: shared ----------------------------------------------------------------------------
  ssize_t read(uint64_t inode, InodeRecord* record, uint64_t offset, void* data, size_t length);
  // whence: SEEK_DATA or SEEK_HOLE.
  int64_t seek(uint64_t inode, InodeRecord* record, uint64_t offset, int whence);
  // Size, blocks and times as they are now (asks the blob file where it is the authority).
  int describe(uint64_t inode, const InodeRecord* record, Attributes* out);

  // --- lock: exclusive -------------------------------------------------------------------------
  // These set size, mtime and ctime (in one transaction with what they change).
  int write(uint64_t inode, InodeRecord* record, uint64_t offset, const void* data, size_t length,
            WriteResult* out);
  int truncate(uint64_t inode, InodeRecord* record, uint64_t size);
  // Modes: see FileSystem::allocate().
  int allocate(uint64_t inode, InodeRecord* record, uint64_t offset, uint64_t length, int mode);
  // Sets atime and/or mtime where they live; nulls are left alone. ctime is the caller's business:
  // settle() comes first where it is to become earlier.
  int setTimes(uint64_t inode, InodeRecord* record, const Timestamp* accessed,
               const Timestamp* modified);
  // Makes the record's own times and size true (kFile), so that a caller may change ctime.
  int settle(uint64_t inode, InodeRecord* record);
  int promote(uint64_t inode, InodeRecord* record);  // any slab -> kFile
  // The same for a kernel that will read and write by itself; takes a blob file that is ready.
  // `reads`: it may read a file that was there before.
  int promoteReady(uint64_t inode, InodeRecord* record, bool reads);
  // Of a file that was made just now and that nobody has seen: as describe(), but asks no one.
  void describeNew(const InodeRecord* record, Attributes* out);
  // kFile: what PassedVersions has of the blob file: watch() and look(). 0 where it can't be had.
  uint64_t watchPassed(const InodeRecord* record);
  uint64_t lookPassed(const InodeRecord* record);  // lock: shared
  // kFile: makes its views safe from clients that may map it; see ViewRegistry::guard().
  int guardViews(uint64_t inode, const InodeRecord* record);
  // kFile: clients may map it for writing from now on. This process's own mapping ends, and none is
  // made until isOurs(); views are the caller's business.
  void expose(uint64_t inode, const InodeRecord* record);
  bool isExposed(const InodeRecord* record) {
    return record->kind == ContentKind::kFile && passed_.isExposed(record->content);
  }
  // kFile: nobody but this process can reach the bytes, by a descriptor or a mapping.
  bool isOurs(uint64_t inode, const InodeRecord* record);
  // kFile that no kernel has open any more: a small and dense file that nobody but us can reach
  // becomes a slab (times, size and blocks stay), and its blob file waits for reuse.
  enum class Ended { kSlab, kFile, kHeld };  // kHeld: a client still reaches the bytes, it seems
  Ended endPassing(uint64_t inode, InodeRecord* record);
  // Promotes, fills holes (-ENOSPC) and maps; see ViewRegistry::make().
  int makeView(uint64_t inode, InodeRecord* record, bool writable, View* out);
  // Frees what a record held before its mode became 0. `dead` is a copy of the record.
  void discard(uint64_t inode, const InodeRecord& dead);

  // Both locked exclusively (one lock when the same inode). Short at the end of the source and
  // where the disk becomes full.
  ssize_t copyRange(uint64_t from, InodeRecord* fromRecord, uint64_t fromOffset, uint64_t to,
                    InodeRecord* toRecord, uint64_t toOffset, size_t length);

  // --- what stands behind the store ------------------------------------------------------------
  void attachProvider(Provider* provider);  // null detaches; no operation may be running
  Provider* provider() const { return provider_; }
  PassedBlobs& passed() { return passed_; }
  const PassedBlobs& passed() const { return passed_; }
  Epochs& epochs() { return epochs_; }
  // Lock: exclusive. Brings absent content back; -EIO without a provider.
  int populate(uint64_t inode, InodeRecord* record);
  // Lock: exclusive. Gives the bytes up; the provider finds them again by `token`. -EBUSY while a
  // view or a client's mapping is there.
  int evict(uint64_t inode, InodeRecord* record, uint64_t token);
  // Lock: exclusive. The content of an empty file becomes `fd`, which stays the caller's and must
  // outlive unlend(). unlend() leaves the file absent, under `token`.
  int lend(uint64_t inode, InodeRecord* record, int fd);
  int unlend(uint64_t inode, InodeRecord* record, uint64_t token);

  // --- the whole store -------------------------------------------------------------------------
  // No lock held. Moves inline contents from sparse pages onto fuller ones. true: pages came free.
  bool compact(InodeLocks& locks, const InodeTable& inodes);
  // Rebuilding: marks heap objects of live records; false if they are impossible. At the end blob
  // files that no record named are removed.
  bool mark(uint64_t inode, const InodeRecord* record);
  int finishMarking();

  // --- moving to disk --------------------------------------------------------------------------
  // Beyond `bytes` the file becomes one on the disk of `directory`, which stays the caller's, and
  // is in memory again once it was cut to nothing. Where the disk refuses, and while a writable
  // view exists, it stays in memory. Lock: exclusive. -EOPNOTSUPP when the backing is memfds.
  int setSpill(uint64_t inode, InodeRecord* record, uint64_t bytes, int directory);
  bool maySpill(uint64_t inode) const { return spills_.directoryFor(inode, UINT64_MAX) >= 0; }

  // What lent descriptors held when they were lent, and what moved to disk takes there.
  uint64_t externalBytes() const {
    return externalBytes_.load(std::memory_order_relaxed) + parts_.blobs.spilledBytes();
  }
  // Blob files that are read and written through a mapping at present.
  uint32_t windows() const { return files_.windows(); }
  uint64_t slabBytes() const { return parts_.slabBytes.sum(); }

 private:
  int writeSlab(uint64_t inode, InodeRecord* record, uint64_t offset, const void* data,
                size_t length, WriteResult* out);
  int writeExternal(InodeRecord* record, uint64_t offset, const void* data, size_t length,
                    WriteResult* out);
  int truncateSlab(uint64_t inode, InodeRecord* record, uint64_t size);
  int allocateSlab(uint64_t inode, InodeRecord* record, uint64_t offset, uint64_t length,
                   int mode);
  int punchInline(uint64_t inode, InodeRecord* record, uint64_t offset, uint64_t length);
  // Chooses between slab and file for a file that will end at `end`. 1: file, 0: slab.
  int chooseKind(uint64_t inode, InodeRecord* record, uint64_t end);
  int inlineToPages(InodeRecord* record);
  int promoteTo(uint64_t inode, InodeRecord* record, bool ready, bool reads);
  int demote(uint64_t inode, InodeRecord* record, int fd, const struct stat& status);
  int adoptAll(uint64_t inode, InodeRecord* record, int fd, uint8_t* buffer, uint64_t size);
  bool isLarge(uint64_t number, const struct stat& status);
  int resident(uint64_t inode, InodeRecord* record);
  int noteDirty(uint64_t inode, InodeRecord* record, uint64_t offset, uint64_t length);
  int currentSize(uint64_t inode, const InodeRecord* record, uint64_t* size);
  bool isSpilled(const InodeRecord* record) const;
  void spillFor(uint64_t inode, InodeRecord* record, uint64_t size);
  int spill(uint64_t inode, InodeRecord* record, int fd);
  int copyOut(uint64_t inode, InodeRecord* record, uint64_t size, int fd);
  void unspill(uint64_t inode, InodeRecord* record);
  void releaseBytes(uint64_t inode, const InodeRecord& dead);
  bool canDrop(uint64_t inode, const InodeRecord* record);
  enum class Moved { kMoved, kNotOurs, kNoRoom };
  Moved moveInline(InodeLocks& locks, const InodeTable& inodes, HeapRef ref, uint32_t page,
                   uint64_t bytes);
  bool compactClass(InodeLocks& locks, const InodeTable& inodes, uint64_t bytes);
  uint32_t ownerOf(HeapRef ref) const;

  PassedBlobs passed_;
  ContentParts parts_;
  InlineBytes inline_;
  PageBytes pages_;
  FileBytes files_;
  Epochs epochs_;
  ExternalFiles external_;
  SpillRules spills_;
  Provider* provider_ = nullptr;
  std::atomic<uint64_t> fruitlessAt_{UINT64_MAX};  // inlineReleases of a compaction of no use
  std::atomic<uint64_t> externalBytes_{0};
  std::unordered_set<uint64_t> markedBlobs_;  // while rebuilding
};

}  // namespace ram
