// One place in a queue of FUSE over io_uring: memory that the kernel fills with a request and takes
// the reply from. See Documentation/filesystems/fuse-io-uring.rst of Linux.
//
//   memory   | UringHeader ……………… room for a request's front | payload, kDataMax bytes |
//            |<------------------ 4096 ------------------>|
//
// The kernel splits a request: its InHeader and its operation's struct go to the UringHeader, the
// rest (names, data) to the payload. A reply is split likewise: OutHeader, payload.
#pragma once

#include <sys/mman.h>
#include <sys/uio.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "protocol.h"
#include "session.h"

namespace ram::fuse {

inline constexpr size_t kUringFront = 4096;
// Requests up to this size are copied out of the payload, so that their reply can be built in it.
inline constexpr size_t kUringSmallMax = 4096;

class UringEntry {
 public:
  UringEntry(uint32_t channel, size_t queue) : channel(channel), queue(queue) {}
  UringEntry(const UringEntry&) = delete;
  UringEntry& operator=(const UringEntry&) = delete;
  ~UringEntry() {
    if (memory_ != MAP_FAILED) ::munmap(memory_, kUringFront + kDataMax);
  }

  // Pages are taken as they are touched, and are kept out of core dumps. False: no memory.
  bool allocate() {
    memory_ = ::mmap(nullptr, kUringFront + kDataMax, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory_ == MAP_FAILED) return false;
    ::madvise(memory_, kUringFront + kDataMax, MADV_DONTDUMP);
    parts_[0] = {memory_, sizeof(UringHeader)};
    parts_[1] = {payload(), kDataMax};
    return true;
  }

  UringHeader* header() { return static_cast<UringHeader*>(memory_); }
  // What the kernel is told about the memory.
  const iovec* parts() const { return parts_; }

  // The request in one piece: in `small` (kUringSmallMax bytes behind room for the front) or, if
  // it doesn't fit, in place. Empty when the sizes make no sense.
  std::span<const std::byte> request(std::span<std::byte> small);
  // Where a reply to it may be built: in place, or in `large` when the request is there.
  std::span<std::byte> replyMemory(std::span<const std::byte> request, std::span<std::byte> large);

  // The entry has a request that wants an answer.
  void hold() { held_.store(true, std::memory_order_relaxed); }
  // Puts the reply where the kernel takes it from. -ENOENT: nothing is to be answered.
  int stage(std::span<const std::byte> reply);

  // Whether nobody has answered yet.
  bool isHeld() const { return held_.load(std::memory_order_relaxed); }

  const uint32_t channel;
  const size_t queue;   // of the ring's
  bool parked = false;  // the leader's: it counts as one that waits

 private:
  std::byte* payload() { return static_cast<std::byte*>(memory_) + kUringFront; }

  void* memory_ = MAP_FAILED;
  iovec parts_[2] = {};
  // Taken by the one who answers; what it wrote reaches the leader by a mutex.
  std::atomic<bool> held_{false};
};

}  // namespace ram::fuse
