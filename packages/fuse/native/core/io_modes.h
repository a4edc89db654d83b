// Whether the kernel caches the pages of an inode: decided at its first open, kept until its last
// close. A mixture would let cached readers miss what uncached writers wrote. Also knows who may
// write: without an open for writing no write can come.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <vector>

namespace ram::fuse {

class IoModes {
 public:
  // Counts one open more. Returns whether it must be direct: as the first open wanted it.
  bool open(uint64_t inode, bool wantsDirect, bool forWriting = false);
  // An open that was counted cannot be cached: from now on they are all direct.
  void needDirect(uint64_t inode);
  void close(uint64_t inode, bool forWriting = false);
  uint32_t openCount(uint64_t inode);
  bool openForWriting(uint64_t inode);

 private:
  // Open addressing, removal by shifting back; grows by doubling, so steady use allocates nothing.
  struct Slot {
    uint64_t inode;  // 0: free
    uint32_t count;
    uint32_t writers;  // of them
    bool direct;
  };
  struct alignas(64) Shard {
    std::mutex mutex;
    std::vector<Slot> slots = std::vector<Slot>(8);
    size_t used = 0;

    Slot* find(uint64_t inode);  // its slot, or the free one where it belongs
    void grow();
    void erase(Slot* slot);
  };
  static uint64_t hash(uint64_t inode) { return inode * 0x9e3779b97f4a7c15ull; }
  Shard& shard(uint64_t inode) { return shards_[hash(inode) >> 56]; }

  std::array<Shard, 256> shards_;
};

}  // namespace ram::fuse
