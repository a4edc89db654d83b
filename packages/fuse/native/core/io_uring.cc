#include "io_uring.h"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>

namespace ram::fuse {
namespace {

// The kernel's side of a word of the ring. Acquire pairs with its release after it wrote what the
// word announces; release with its acquire before it reads what we wrote.
uint32_t acquire(uint32_t* word) {
  return std::atomic_ref<uint32_t>(*word).load(std::memory_order_acquire);
}
void release(uint32_t* word, uint32_t value) {
  std::atomic_ref<uint32_t>(*word).store(value, std::memory_order_release);
}

void* mapRing(int descriptor, size_t size, off_t what) {
  void* memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
                        descriptor, what);
  return memory == MAP_FAILED ? nullptr : memory;
}

}  // namespace

int IoUring::open(uint32_t entries) {
  io_uring_params params{};
  // COOP_TASKRUN: requests are copied in when the thread enters the kernel anyway; none is
  // interrupted for it while it computes.
  params.flags = IORING_SETUP_SQE128 | IORING_SETUP_COOP_TASKRUN | IORING_SETUP_CLAMP;
  long descriptor = ::syscall(SYS_io_uring_setup, entries, &params);
  if (descriptor < 0) return -errno;
  descriptor_ = static_cast<int>(descriptor);
  if ((params.features & IORING_FEAT_SINGLE_MMAP) == 0) {
    close();
    return -EINVAL;
  }
  entries_ = params.sq_entries;
  size_t submissionEnd = params.sq_off.array + params.sq_entries * sizeof(uint32_t);
  size_t completionEnd = params.cq_off.cqes + params.cq_entries * sizeof(io_uring_cqe);
  ringsSize_ = std::max(submissionEnd, completionEnd);
  rings_ = mapRing(descriptor_, ringsSize_, IORING_OFF_SQ_RING);
  void* submissions = mapRing(descriptor_, entries_ * sizeof(WideSubmission), IORING_OFF_SQES);
  submissions_ = static_cast<WideSubmission*>(submissions);
  if (rings_ == nullptr || submissions_ == nullptr) {
    close();
    return -ENOMEM;
  }
  auto at = [this](uint32_t offset) {
    return reinterpret_cast<uint32_t*>(static_cast<std::byte*>(rings_) + offset);
  };
  submissionHead_ = at(params.sq_off.head);
  submissionTail_ = at(params.sq_off.tail);
  completionHead_ = at(params.cq_off.head);
  completionTail_ = at(params.cq_off.tail);
  completionMask_ = *at(params.cq_off.ring_mask);
  completions_ = reinterpret_cast<io_uring_cqe*>(at(params.cq_off.cqes));
  // Submission i is always in slot i.
  for (uint32_t i = 0; i < entries_; i++) at(params.sq_off.array)[i] = i;
  return 0;
}

void IoUring::close() {
  if (rings_ != nullptr) ::munmap(rings_, ringsSize_);
  if (submissions_ != nullptr) ::munmap(submissions_, entries_ * sizeof(WideSubmission));
  if (descriptor_ >= 0) ::close(descriptor_);
  rings_ = nullptr;
  submissions_ = nullptr;
  descriptor_ = -1;
}

WideSubmission* IoUring::prepare() {
  uint32_t tail = *submissionTail_;
  if (tail - acquire(submissionHead_) == entries_) return nullptr;
  WideSubmission* submission = &submissions_[tail & (entries_ - 1)];
  std::memset(static_cast<void*>(submission), 0, sizeof(*submission));
  release(submissionTail_, tail + 1);  // read by the kernel in enter(), not before
  prepared_++;
  return submission;
}

int IoUring::enter(bool wait) {
  uint32_t flags = wait ? IORING_ENTER_GETEVENTS : 0;
  long submitted = ::syscall(SYS_io_uring_enter, descriptor_, prepared_, wait ? 1 : 0, flags,
                             nullptr, 0);
  if (submitted < 0) return -errno;
  prepared_ -= static_cast<uint32_t>(submitted);
  return 0;
}

bool IoUring::isEmpty() const { return *completionHead_ == acquire(completionTail_); }

bool IoUring::take(io_uring_cqe* out) {
  if (isEmpty()) return false;
  uint32_t head = *completionHead_;
  *out = completions_[head & completionMask_];
  release(completionHead_, head + 1);
  return true;
}

}  // namespace ram::fuse
