// The memory of one Volume: a private tmpfs without a place in the file tree, or memfds.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

namespace ram {

enum class BackingChoice : uint8_t {
  kAutomatic,  // private tmpfs, else memfds
  kTmpfs,      // fail where a private tmpfs can't be had
  kMemfd,
};

// One file "segments" and one file per blob, named by its number. Thread-safe.
//
// As a tmpfs the kernel holds the limit, also for writers that it passes through or that mmap.
// As memfds the limit is a counter here: whoever makes pages reserves them first.
class Backing {
 public:
  // `swap` false: the kernel keeps all pages in RAM; -EPERM where only root may ask for that,
  // -EOPNOTSUPP where the kernel (< 6.4) can't. On failure names the system call in *syscall.
  static int make(BackingChoice choice, uint64_t maxBytes, bool swap,
                  std::unique_ptr<Backing>* out, const char** syscall);
  // Takes over the mount's descriptor that another process passed on, with what lies in it.
  // Owns `fd` on success. -EUCLEAN when it isn't such a mount.
  static int adopt(int fd, std::unique_ptr<Backing>* out);
  ~Backing();
  Backing(const Backing&) = delete;
  Backing& operator=(const Backing&) = delete;

  bool isTmpfs() const { return mountFd_ >= 0; }
  // The mount's descriptor, which keeps everything alive; -1 for memfds. Owned by this.
  int descriptor() const { return mountFd_; }
  // Of the segment file; owned by this.
  int segmentFd() const { return segmentFd_; }

  // Blob files. A returned descriptor is the caller's. openBlob() is -ENOENT for memfds, which
  // live by the descriptor that createBlob() gave.
  int createBlob(uint64_t number);
  int openBlob(uint64_t number);
  int removeBlob(uint64_t number);
  int listBlobs(std::vector<uint64_t>* numbers);

  // Bytes of pages that exist, segments and blobs together, and of those that may still be made.
  int usage(uint64_t* used, uint64_t* free) const;
  uint64_t freeBytes() const;

  // Memfds only (a tmpfs always grants): pages about to be made, and pages gone.
  bool reserve(uint64_t bytes);
  uint64_t reserveUpTo(uint64_t bytes);  // what was granted, whole pages
  void unreserve(uint64_t bytes);

 private:
  Backing() = default;
  int makeMemfd(uint64_t maxBytes);

  int mountFd_ = -1;
  int segmentFd_ = -1;
  uint64_t maxBytes_ = 0;              // memfds
  std::atomic<uint64_t> reserved_{0};  // memfds
};

}  // namespace ram
