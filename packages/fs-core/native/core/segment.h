// The mapped segments: address arithmetic, and pages that come and go.
#pragma once

#include <cstdint>

#include "layout.h"

namespace ram {

class Backing;

// Reference to 16-byte granule number n of the heap; 0 is "none".
using HeapRef = uint32_t;
inline constexpr uint32_t kGranule = 16;

// Maps the whole address range once; pages are committed before they are touched, so a full tmpfs
// is -ENOSPC from commit() and never SIGBUS. Not thread-safe by itself: a range has one owner.
class Segment {
 public:
  explicit Segment(Backing& backing) : backing_(backing) {}
  ~Segment();
  Segment(const Segment&) = delete;
  Segment& operator=(const Segment&) = delete;

  // Lays out and maps a fresh, or maps an existing segment file. 0 or -errno.
  int create(const Superblock& geometry, uint64_t mappedBytes);
  int open();

  // Makes bytes [offset, offset+length) (whole pages) usable and zero. 0, -ENOSPC.
  int commit(uint64_t offset, uint64_t length);
  // Copies whole pages to `offset`, without a fault for each; makes them unless they are committed.
  // Returns the bytes, whole pages, that there was room for.
  uint64_t store(uint64_t offset, const void* data, uint64_t length, bool committed);
  // Gives pages back; they read as zero when committed again.
  void decommit(uint64_t offset, uint64_t length);

  // Whether the page at `offset` holds memory. A system call: for rebuilding only.
  bool isCommitted(uint64_t offset) const;
  // Bytes of everything in front of the first region.
  static uint64_t headBytes();

  int fd() const { return fd_; }
  uint64_t mappedBytes() const { return mappedBytes_; }
  uint8_t* base() const { return base_; }
  Superblock* super() const { return reinterpret_cast<Superblock*>(base_); }
  LogSlot* logSlot(uint32_t i) const {
    return reinterpret_cast<LogSlot*>(base_ + kPageSize) + i;
  }
  Outcome* outcome(uint32_t i) const {
    return reinterpret_cast<Outcome*>(base_ + kPageSize + kLogSlots * sizeof(LogSlot)) + i;
  }
  InodeRecord* inode(uint64_t index) const {
    return reinterpret_cast<InodeRecord*>(inodes_) + index;
  }
  HandleRecord* handle(uint64_t index) const {
    return reinterpret_cast<HandleRecord*>(handles_) + index;
  }
  uint64_t* lookups(uint32_t mount, uint64_t index) const {
    return lookups_ + mount * inodesCapacity_ + index;
  }
  template <class T>
  T* at(HeapRef ref) const {
    return reinterpret_cast<T*>(heap_ + uint64_t{ref} * kGranule);
  }
  bool inHeap(HeapRef ref) const {
    return ref >= kPageSize / kGranule && ref / (kPageSize / kGranule) < super()->heapPages;
  }
  uint8_t* page(uint32_t number) const { return heap_ + uint64_t{number} * kPageSize; }
  uint64_t offsetOf(const void* p) const {
    return static_cast<uint64_t>(static_cast<const uint8_t*>(p) - base_);
  }

 private:
  int map(uint64_t bytes);
  void locate();

  Backing& backing_;
  int fd_ = -1;
  uint64_t mappedBytes_ = 0;
  uint8_t* base_ = nullptr;
  uint8_t* inodes_ = nullptr;
  uint8_t* handles_ = nullptr;
  uint8_t* heap_ = nullptr;
  uint64_t* lookups_ = nullptr;
  uint64_t inodesCapacity_ = 0;
};

}  // namespace ram
