// Open files: which handle records are free, and whose the others are. Rebuilt when segments are
// opened.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <vector>

#include "ram/spread.h"
#include "segment.h"

namespace ram {

// Each group of threads opens files on handles of its own (blocks of them, dealt out for good), and
// closes where it opened. On a full disk it takes others' too.
class HandleTable {
 public:
  explicit HandleTable(Segment& segment) : segment_(segment) {}

  // Makes the first handles usable. -ENOSPC.
  int start();
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
  uint64_t committedBytes() const;

  // Frees each handle of `mount` and calls close(handle, record).
  template <class F>
  void dropMount(uint32_t mount, F close);
  void rebuild();

 private:
  static constexpr uint64_t kPerPage = kPageSize / sizeof(HandleRecord);
  static constexpr uint64_t kPerBlock = 64;
  static constexpr uint64_t kAhead = 256;

  // Guards its handles' records and what follows.
  struct alignas(64) Group {
    std::mutex mutex;
    std::vector<uint32_t> free;
    uint32_t serial = 1;
  };

  uint64_t end() const {
    return __atomic_load_n(&segment_.super()->handlesHighWater, __ATOMIC_ACQUIRE);
  }
  Group* groupOf(uint64_t index);
  HandleRecord* find(uint64_t handle, uint64_t inode) const;
  int64_t take(uint32_t group, uint64_t inode, uint32_t flags, uint32_t mount);
  int takeBlock(uint32_t group);
  int grow();
  int growAhead();

  Segment& segment_;
  std::array<Group, kThreadGroups> groups_;
  // By block: its group + 1; 0: nobody's, and no handle of it is in use.
  std::vector<std::atomic<uint8_t>> owners_;
  std::mutex mutex_;  // inside a group's; guards what follows
  uint64_t nextBlock_ = 0;
};

template <class F>
void HandleTable::dropMount(uint32_t mount, F close) {
  for (uint64_t i = 1; i < end(); ++i) {
    Group* group = groupOf(i);
    if (group == nullptr) continue;
    HandleRecord was;
    {
      std::lock_guard lock(group->mutex);
      HandleRecord* record = segment_.handle(i);
      if (record->inode == 0 || record->mount != mount) continue;
      was = *record;
      record->inode = 0;
      group->free.push_back(static_cast<uint32_t>(i));
    }
    close(uint64_t{was.serial} << 32 | i, was);
  }
}

}  // namespace ram
