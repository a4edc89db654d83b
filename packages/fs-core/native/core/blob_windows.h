// Mappings of blob files through which reads and writes need no system call.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "locks.h"

namespace ram {

// One window a stripe of inodes: that of the blob file used last there, so their number is bounded.
//
// A window knows up to where every page of its file exists. Only core code takes pages away, under
// the inode's exclusive lock, and calls cut() before: in front of that nothing can raise SIGBUS or
// make a page. Everything else (behind the first hole, the end of the file, growing) takes the
// system call and tells the window, which then may learn more.
//
// INVARIANT: at every moment each page of [0, solid) exists and lies within the file's size.
//
// Times are the kernel's business: it is asked once a tick of its coarse clock, in which all
// reads, and all writes, set the same times. After a look at the times the next write goes to the
// kernel, which may then choose a finer one.
//
// Functions need the inode's lock: shared, or exclusive where said so. Locks nothing that waits.
class BlobWindows {
 public:
  BlobWindows() = default;
  ~BlobWindows();
  BlobWindows(const BlobWindows&) = delete;
  BlobWindows& operator=(const BlobWindows&) = delete;

  // Which blob file (by its number, never reused) an inode's bytes are in.
  struct Key {
    uint64_t inode;
    uint64_t blob;
  };

  // All of it or, with false, nothing.
  bool read(Key key, uint64_t offset, void* data, size_t length);
  bool write(Key key, uint64_t offset, const void* data, size_t length);  // lock: exclusive

  // The tick in which a system call that is about to be made will be, at the earliest.
  static uint64_t tick();
  // A system call on `fd` in `tick` has read or written all of the range. The second one in a
  // row on the same file makes a window.
  void wasRead(Key key, int fd, uint64_t offset, size_t length, uint64_t tick);
  void wasWritten(Key key, int fd, uint64_t offset, size_t length, uint64_t tick);  // exclusive

  // The times were looked at, or set: the next write must go to the kernel; and the next read.
  void timesSeen(Key key);
  void timesSet(Key key);  // lock: exclusive
  // Bytes at `offset` and behind are about to go away. Lock: exclusive.
  void cut(Key key, uint64_t offset);
  // The file is about to go away. Lock: exclusive.
  void drop(Key key);

  uint32_t count() const { return count_.load(std::memory_order_relaxed); }

 private:
  // INVARIANT: a slot is a stripe's. Whoever holds that exclusively is alone in the slot.
  static constexpr uint32_t kSlots = InodeLocks::kStripes;
  static constexpr int32_t kReplacing = -1;

  // `users` is the number of threads inside, or kReplacing. Under it: blob, base, bytes.
  struct alignas(64) Slot {
    std::atomic<int32_t> users{0};
    std::atomic<uint32_t> misses{0};    // in a row by other files
    std::atomic<uint64_t> blob{0};      // 0: none
    std::atomic<uint64_t> candidate{0};  // the file that was used last without a window
    std::atomic<uint64_t> solid{0};
    std::atomic<uint32_t> fruitless{0};  // looks for more that found a hole
    std::atomic<uint64_t> readTick{0}, writeTick{0};
    uint8_t* base = nullptr;
    uint64_t bytes = 0;
  };
  class Use;

  Slot& slotOf(Key key) { return slots_[InodeLocks::stripe(key.inode)]; }
  bool isWorthIt(Slot& slot, Key key, uint64_t tick);
  struct Call {
    uint64_t tick;
    bool reads;  // else it writes, which is no access
  };
  void replace(Slot& slot, Key key, int fd, bool wasRead);
  bool reserve(Slot& slot, Key key, int fd, uint64_t end, Call call);
  void look(Slot& slot, int fd, uint64_t end);
  void unmap(Slot& slot);

  std::array<Slot, kSlots> slots_;
  std::atomic<uint32_t> count_{0};
};

}  // namespace ram
