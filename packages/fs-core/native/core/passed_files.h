// Which inodes mounts have open, and how: through the kernel alone (passed), or served by us. The
// kernel refuses a mixture, so the first open decides until the last close.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <unordered_map>

namespace ram {

// Thread-safe; locks: leaves, one at a time; an inode's goes by its number. What decides, and must
// stay as it is, is under the inode's exclusive lock besides.
class PassedFiles {
 public:
  // Opens of one inode by one mount.
  struct Opens {
    uint32_t all = 0;
    uint32_t writers = 0;  // passed, for writing
    uint32_t mappers = 0;  // passed, for reading and writing: may be mapped shared and writable
    bool passed = false;
    bool mapped = false;  // there was a mapper since the first of these opens
  };

  // `passed` is what the first one was; `flags` as of open(2). Returns what was there before.
  Opens opened(uint64_t inode, uint32_t mount, bool passed, int flags);
  // Returns what is left.
  Opens closed(uint64_t inode, uint32_t mount, int flags);
  Opens of(uint64_t inode, uint32_t mount);
  // `mounts`: a bit for each to look at.
  bool anyPassed(uint64_t inode, uint32_t mounts);
  bool anyWriter(uint64_t inode, uint32_t mounts);

  // Something of a client's still reaches the bytes although it is closed: a mapping, or a close
  // that the kernel has not quite finished. `changing`: perhaps a writable mapping.
  void pin(uint64_t inode, bool changing);
  void unpin(uint64_t inode);
  bool isChanging(uint64_t inode);  // pinned as that
  // One of the pinned ones, in turn; 0: there is none.
  uint64_t nextPinned();

  // Nothing is open for writing and nothing is pinned: the quick way to "no attributes change".
  bool isQuiet() const { return loud_.load(std::memory_order_acquire) == 0; }

 private:
  struct alignas(64) Shard {
    std::mutex mutex;
    std::unordered_map<uint64_t, Opens> opens;
    std::map<uint64_t, bool> pinned;
    uint64_t lastPinned = 0;
    std::atomic<uint32_t> pinnedCount{0};  // changed under the lock: the quick way to "none"
  };
  static constexpr uint64_t kMounts = 16;
  Shard& shard(uint64_t inode) { return shards_[inode % shards_.size()]; }

  std::array<Shard, 64> shards_;
  std::atomic<uint64_t> pinned_{0};
  std::atomic<uint32_t> turn_{0};  // the shard of the next pinned one
  std::atomic<uint64_t> loud_{0};
};

}  // namespace ram
