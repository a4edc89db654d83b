// Deleted files that are kept a little longer, since events about them were not delivered yet and a
// listener may want to open them.
//
// Each kept file begins a new era, and each event notes the era in which it happened: a file that
// began era n may be let go when no event of an era before n is waiting any more.
//
// Bounded: beyond kFilesMax files or `bytesMax` bytes a deleted file is gone at once, and when the
// disk is full all are let go.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>
#include <vector>

namespace ram {

class EventRetention {
 public:
  static constexpr size_t kFilesMax = 4096;

  // The newest era. An event about a file that was not kept yet precedes its era.
  uint64_t era() const { return era_.load(std::memory_order_acquire); }
  bool isEmpty() const { return count_.load(std::memory_order_acquire) == 0; }

  // Lock: exclusive, of the inode. False: there are too many already.
  bool keep(uint64_t inode, uint64_t bytes, uint64_t bytesMax);
  // Those that began in an era up to `era`, which are the caller's to let go.
  std::vector<uint64_t> takeUntil(uint64_t era);

 private:
  struct Kept {
    uint64_t inode, bytes, era;
  };

  std::atomic<uint64_t> era_{0};
  std::atomic<size_t> count_{0};
  std::mutex mutex_;  // a leaf
  std::deque<Kept> kept_;
  uint64_t bytes_ = 0;
};

}  // namespace ram
