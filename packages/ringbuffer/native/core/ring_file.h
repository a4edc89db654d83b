// A record ring as a file in memory: making, opening, mapping it, and who is attached.
#pragma once

#include <atomic>
#include <cstdint>

#include "ram/ring.h"

namespace ram {

// What openRing() answers beside -errno.
inline constexpr int kRingNotARing = -100'001;
inline constexpr int kRingOtherVersion = -100'002;
inline constexpr int kRingDamaged = -100'003;
inline constexpr int kRingWrongOwner = -100'004;

// A file with a fresh ring, open only to this user. path == nullptr: a memfd, sealed so that its
// size is fixed; otherwise a file that must not exist yet (-EEXIST), which appears when it is
// whole. All pages are allocated. A descriptor or -errno, with the name of the failed call.
int createRing(const char* path, uint32_t kind, uint32_t capacity, const char** failedCall);

// An own open file description of an existing ring: locks belong to it. -errno or the above.
int openRingPath(const char* path);
int openRingDescriptor(int fd);

// One opening of a ring, for one thread, beside which another may ask isDead(). Other openings of
// the ring may be used at the same time, in this process or others.
class RingFile {
 public:
  RingFile() = default;
  ~RingFile() { close(); }
  RingFile(const RingFile&) = delete;
  RingFile& operator=(const RingFile&) = delete;

  // Takes the descriptor over and maps the ring. 0 or -errno.
  int map(int fd);
  void close();
  // Closes the descriptor, and with it drops all locks; the memory stays.
  void closeDescriptor();

  ring::Ring ring() const { return ring_; }
  size_t mappedBytes() const { return mappedBytes_; }
  int fd() const { return fd_; }

  // Takes the first free slot of [first, first + count): a token, or -EBUSY, -errno.
  int64_t attach(uint32_t first, uint32_t count);
  // `token` is one of this opening.
  void detach(uint32_t token);
  // Whether that member is gone without having said so, or someone else has its slot by now.
  bool isDead(uint32_t token) const;
  // Whether the slot's last member is gone without having said so.
  bool isAbandoned(uint32_t slot) const;
  bool isAttached(uint32_t slot) const;
  // Frees the producers' lock if its holder is dead. 1 when it did.
  int stealLock(uint32_t holder);

 private:
  bool isLocked(uint32_t slot) const;
  bool holds(uint32_t slot) const { return held_[slot].load(std::memory_order_relaxed); }

  ring::Ring ring_{nullptr};
  size_t mappedBytes_ = 0;
  std::atomic<int> fd_ = -1;
  // relaxed: a hint that spares asking the kernel about our own locks, which it doesn't report.
  std::atomic<bool> held_[ring::kSlots] = {};
};

}  // namespace ram
