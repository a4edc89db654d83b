// The little of io_uring(7) that FUSE needs, on the system calls themselves: one submission at a
// time, completions in order, entries of 128 bytes.
//
// Not for several threads at once: whoever uses a ring must have got it from the one before in a
// way that orders memory (a mutex).
#pragma once

#include <linux/io_uring.h>

#include <cstddef>
#include <cstdint>

namespace ram::fuse {

// An io_uring_sqe with room for a command of 80 bytes (IORING_SETUP_SQE128).
struct alignas(64) WideSubmission {
  io_uring_sqe head;
  std::byte rest[64];

  // The 80 bytes begin inside the head.
  std::byte* command() { return reinterpret_cast<std::byte*>(&head) + 48; }
};
static_assert(sizeof(WideSubmission) == 128);

class IoUring {
 public:
  IoUring() = default;
  IoUring(const IoUring&) = delete;
  IoUring& operator=(const IoUring&) = delete;
  ~IoUring() { close(); }

  // Makes a ring for `entries` (a power of two) submissions and twice as many completions.
  // Returns 0 or -errno: -ENOSYS, -EPERM where io_uring is switched off, -EINVAL before Linux 5.19.
  int open(uint32_t entries);
  void close();

  // The next submission, zeroed, or null when as many are waiting for enter() as there is room.
  WideSubmission* prepare();

  // Whether enter() has submitted all that was prepared.
  bool isSubmitted() const { return prepared_ == 0; }

  // Submits what was prepared, and with `wait` sleeps until there is a completion.
  // Returns 0 or -errno (-EINTR: a signal came).
  int enter(bool wait);

  // The oldest completion, taken out of the ring. False: there is none.
  bool take(io_uring_cqe* out);
  bool isEmpty() const;

 private:
  int descriptor_ = -1;
  void* rings_ = nullptr;
  size_t ringsSize_ = 0;
  WideSubmission* submissions_ = nullptr;
  io_uring_cqe* completions_ = nullptr;
  uint32_t *submissionHead_ = nullptr, *submissionTail_ = nullptr;
  uint32_t *completionHead_ = nullptr, *completionTail_ = nullptr;
  uint32_t entries_ = 0, completionMask_ = 0;
  uint32_t prepared_ = 0;  // and not yet submitted
};

}  // namespace ram::fuse
