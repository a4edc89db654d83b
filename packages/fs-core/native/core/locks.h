// Locks of inodes, outside the segments.
//
// Lock order, outermost first:
//   1. Store::renameMutex_           directory moves between parents
//   2. inode locks                   stripes, always taken in ascending order (LockSet)
//   3. Store::treeMutex_             names of directories; shared by who builds a path
//   4. ViewRegistry::mutex_          mappings of one process
//   5. leaves, none inside another:  Heap, PagePool inside it, InodeTable, HandleTable (in the
//                                    last two the one of all inside a group's), BlobFiles,
//                                    Journal slots, rings and notes of events
// Observers and visitors are called with none of them held.
#pragma once

#include <array>
#include <cstdint>
#include <shared_mutex>

namespace ram {

class InodeLocks {
 public:
  static constexpr uint32_t kStripes = 256;
  // Threads make inodes in chunks of 512, each from the front: in these they are apart.
  static uint32_t stripe(uint64_t inode) {
    return static_cast<uint32_t>((inode + inode / 512 * 37) % kStripes);
  }
  std::shared_mutex& at(uint32_t stripe) { return stripes_[stripe].mutex; }

 private:
  struct alignas(64) Stripe {
    std::shared_mutex mutex;
  };
  std::array<Stripe, kStripes> stripes_;
};

// Holds the stripes of up to six inodes until it goes away. Exclusive wins over shared.
class LockSet {
 public:
  explicit LockSet(InodeLocks& locks) : locks_(locks) {}
  ~LockSet() { unlock(); }
  LockSet(const LockSet&) = delete;
  LockSet& operator=(const LockSet&) = delete;

  void exclusive(uint64_t inode) { add(inode, true); }
  void shared(uint64_t inode) { add(inode, false); }
  void lock();    // all that were added, in order
  void unlock();  // and forget them
  // Adds one more inode while holding the others, without waiting. false: it is busy; then unlock,
  // add all, lock, and look again whether the world is still the same.
  bool tryExclusive(uint64_t inode);
  bool tryShared(uint64_t inode);
  bool holdsExclusive(uint64_t inode) const;

 private:
  struct Held {
    uint32_t stripe;
    bool exclusive;
  };
  void add(uint64_t inode, bool exclusive);
  const Held* find(uint32_t stripe) const;

  InodeLocks& locks_;
  Held held_[6];
  uint32_t count_ = 0;
  bool locked_ = false;
};

}  // namespace ram
