// Which inode records and handle records are free. Rebuilt when segments are opened.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <vector>

#include "segment.h"

namespace ram {

class InodeTable {
 public:
  explicit InodeTable(Segment& segment) : segment_(segment) {}

  // Once, when the segments are mapped. -ENOMEM.
  int start() { return usedBits_.reserve(segment_.super()->inodesCapacity); }

  // The number of a zeroed record that counts as used from now on. -ENOSPC: limit or memory.
  int64_t allocate();
  void free(uint64_t inode);

  // Between enter() and leave() no number that is freed comes to mean another inode, so a call
  // may look up several in turn. Nests; blocks nobody.
  uint32_t enter();
  void leave(uint32_t token) { calls_[token].fetch_sub(1, std::memory_order_release); }

  // The record, or null when no such inode lives. The caller's lock on the inode keeps it alive.
  InodeRecord* live(uint64_t inode) const;

  uint64_t used();  // without record 0
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
  static constexpr uint32_t kNone = 0xffffffff;
  struct Page {
    uint32_t used = 0;  // bit per record that can't be handed out
    bool listed = false;
    bool committed = false;
  };
  // A bit per number that is in use. Read without the mutex by live(): a record whose page was
  // given back must not be touched, since even a load from a hole of a tmpfs file takes memory,
  // and is SIGBUS where there is none. Whoever holds a used inode's lock keeps its bit and page.
  struct UsedBits {
    uint64_t* words = nullptr;
    uint64_t bytes = 0;
    ~UsedBits();
    int reserve(uint64_t inodes);
    bool get(uint64_t inode) const;
    void set(uint64_t inode, bool value);
  };
  int grow();
  void release(uint64_t inode);
  void emptyLimbo();
  int commitPages(uint64_t first, uint64_t count);
  int commitLookups(uint32_t mount, uint64_t fromInode, uint64_t toInode);

  Segment& segment_;
  mutable std::mutex mutex_;
  std::vector<Page> pages_;
  std::vector<uint32_t> withRoom_;  // committed pages, lazily cleaned
  std::vector<uint32_t> returned_;  // pages that were given back
  uint32_t spare_ = kNone;          // one empty page is kept: create and unlink in turn are free
  UsedBits usedBits_;
  // Numbers that were freed while calls of this process were under way, by the parity in which
  // that happened. They are reused only when every call that began before has ended.
  std::vector<uint64_t> limbo_[2];
  std::atomic<uint64_t> calls_[2] = {0, 0};  // under way, by the parity in which they began
  std::atomic<uint32_t> parity_{0};
  uint64_t used_ = 0;  // record 0 included
  uint64_t committedPages_ = 0;
  uint64_t lookupsCommitted_[kMaxMounts] = {};  // inodes below have usable counts
  uint32_t mounts_ = 0;                         // bit per attached mount
};

class HandleTable {
 public:
  explicit HandleTable(Segment& segment) : segment_(segment) {}

  // Makes the first handles usable. -ENOSPC.
  int start() { return growAhead(); }
  // A handle number (index and serial), -ENFILE, or -ENOSPC.
  int64_t allocate(uint64_t inode, uint32_t flags, uint32_t mount);
  // Returns false when the number is no open handle of that inode; `was`: what it was.
  bool free(uint64_t handle, uint64_t inode, HandleRecord* was);
  // The open is passed through to the kernel's file `backing`, and nothing of it is cached.
  void pass(uint64_t handle, uint32_t backing, uint64_t version);
  // What it is. False: no open handle of that inode.
  bool look(uint64_t handle, uint64_t inode, HandleRecord* out);
  // The handle's open flags, or -EBADF.
  int64_t flags(uint64_t handle, uint64_t inode);
  // Whether a mount has the inode open other than O_DIRECT. Looks at all handles.
  bool hasCachedOpen(uint64_t inode);
  uint64_t committedBytes();

  // Frees each handle of `mount` and calls close(handle, record); kEvery: of every mount.
  static constexpr uint32_t kEvery = 0xffffffff;
  template <class F>
  void dropMount(uint32_t mount, F close);
  void rebuild();

 private:
  static constexpr uint64_t kPerPage = kPageSize / sizeof(HandleRecord);
  static constexpr size_t kAhead = 256;
  HandleRecord* find(uint64_t handle, uint64_t inode) const;
  int grow();
  int growAhead();

  Segment& segment_;
  std::mutex mutex_;
  std::vector<uint32_t> free_;
  uint32_t serial_ = 1;
};

template <class F>
void HandleTable::dropMount(uint32_t mount, F close) {
  const uint64_t end = __atomic_load_n(&segment_.super()->handlesHighWater, __ATOMIC_ACQUIRE);
  for (uint64_t i = 1; i < end; ++i) {
    HandleRecord was;
    {
      std::lock_guard lock(mutex_);
      HandleRecord* record = segment_.handle(i);
      if (record->inode == 0 || (mount != kEvery && record->mount != mount)) continue;
      was = *record;
      record->inode = 0;
      free_.push_back(static_cast<uint32_t>(i));
    }
    close(uint64_t{was.serial} << 32 | i, was);
  }
}

}  // namespace ram
