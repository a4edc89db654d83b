// Which inode records are free. Rebuilt when segments are opened.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <vector>

#include "ram/spread.h"
#include "segment.h"
#include "sparse_array.h"

namespace ram {

// Each group of threads makes inodes in chunks of its own (dealt out for good); only a new chunk
// concerns all. On a full disk it takes others' room too.
class InodeTable {
 public:
  explicit InodeTable(Segment& segment) : segment_(segment) {}

  // Once, when the segments are mapped. -ENOMEM.
  int start();

  // The number of a record that counts as used from now on, zero but for its generation. -ENOSPC:
  // limit or memory.
  int64_t allocate();
  void free(uint64_t inode);

  // Between enter() and leave(), of one thread, no number that is freed comes to mean another
  // inode, so a call may look up several in turn. Nests; blocks nobody.
  uint32_t enter();
  void leave(uint32_t token) { calls_[token].subtract(1, std::memory_order_release); }

  // The record, or null when no such inode lives. The caller's lock on the inode keeps it alive.
  InodeRecord* live(uint64_t inode) const;

  uint64_t used() const { return used_.sum() - 1; }  // without record 0
  uint64_t highWater() const {
    return __atomic_load_n(&segment_.super()->inodesHighWater, __ATOMIC_ACQUIRE);
  }
  uint64_t committedBytes();

  // Makes kernel reference counts of `mount` usable for every inode there is and will be.
  int attachMount(uint32_t mount);
  void detachMount(uint32_t mount);
  // Of a mount that a dead process had: gives all of its counts back.
  void forgetMount(uint32_t mount);

  void rebuild();  // from the records' modes

 private:
  static constexpr uint32_t kPerPage = kPageSize / sizeof(InodeRecord);
  static constexpr uint64_t kLookupsPerPage = kPageSize / sizeof(uint64_t);
  static constexpr uint64_t kPerChunk = kLookupsPerPage;
  static constexpr uint32_t kChunkPages = kPerChunk / kPerPage;
  static constexpr uint64_t kGenerationsAhead = 256;
  static constexpr uint32_t kNone = 0xffffffff;
  struct Page {
    uint32_t used;  // bit per record that can't be handed out
    bool listed;
    bool committed;
  };
  // A number that was freed while calls of this process were under way.
  struct Freed {
    uint64_t inode, epoch;
  };
  // Guards the pages of its chunks.
  struct alignas(64) Group {
    std::mutex mutex;
    std::vector<uint32_t> withRoom;  // committed pages, lazily cleaned
    std::vector<uint32_t> returned;  // pages that were given back
    uint32_t spare = kNone;          // one empty page is kept: create and unlink in turn are free
    uint32_t next = 0, end = 0;      // pages of its newest chunk that were never committed
    uint64_t committedPages = 0;
    uint64_t generation = 0, generationsEnd = 0;  // set aside for it
    std::vector<Freed> limbo;                     // in the order of their epochs
  };

  Group& groupOf(uint64_t inode);
  bool isUsed(uint64_t inode) const;
  void setUsed(uint64_t inode, bool value);
  int64_t take(uint32_t group);
  int grow(uint32_t group);
  int takeChunk(uint32_t group);
  int commitPages(Group& group, uint32_t first, uint32_t count);
  void release(Group& group, uint64_t inode);
  bool nobodyCalls() const;
  void advanceEpoch();
  void emptyLimbo(Group& group);
  int commitLookups(uint32_t mount, uint64_t fromInode, uint64_t toInode);

  Segment& segment_;
  std::array<Group, kThreadGroups> groups_;
  SparseArray<Page> pages_;
  SparseArray<uint8_t> owners_;  // by chunk: its group; written before highWater() passes it
  // A bit per number that is in use. Read without a mutex by live(): a record whose page was given
  // back must not be touched, since even a load from a hole of a tmpfs file takes memory, and is
  // SIGBUS where there is none. Whoever holds a used inode's lock keeps its bit and page.
  SparseArray<uint64_t> usedBits_;
  SpreadCounter used_;                // record 0 included
  std::atomic<uint64_t> limited_{0};  // the same, counted only where there is a limit
  // Calls under way, by the parity of the epoch in which they began. An epoch begins when all calls
  // of the one before the last are over: two epochs after a number was freed, every call that may
  // know it has ended.
  SpreadCounter calls_[2];
  std::atomic<uint64_t> epoch_{0};

  std::mutex mutex_;  // inside a group's; guards highWater()'s growth and what follows
  uint64_t lookupsCommitted_[kMaxMounts] = {};  // inodes below have usable counts
  uint32_t mounts_ = 0;                         // bit per attached mount
};

}  // namespace ram
