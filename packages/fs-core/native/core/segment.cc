#include "segment.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>

#include "backing.h"

namespace ram {
namespace {

constexpr uint64_t kHeadBytes =
    kPageSize + kLogSlots * sizeof(LogSlot) +
    (kOutcomes * sizeof(Outcome) + kPageSize - 1) / kPageSize * kPageSize;
static_assert(kHeadBytes % kPageSize == 0);

}  // namespace

uint64_t Segment::headBytes() { return kHeadBytes; }

Segment::~Segment() {
  if (base_ != nullptr) ::munmap(base_, mappedBytes_);
}

int Segment::map(uint64_t bytes) {
  fd_ = backing_.segmentFd();
  void* address =
      ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd_, 0);
  if (address == MAP_FAILED) return -errno;
  // File contents and names must not end up in core dumps, nor be shared with forked children.
  ::madvise(address, bytes, MADV_DONTDUMP);
  ::madvise(address, bytes, MADV_DONTFORK);
  base_ = static_cast<uint8_t*>(address);
  mappedBytes_ = bytes;
  return 0;
}

void Segment::locate() {
  const Superblock* s = super();
  handles_ = base_ + s->handlesOffset;
  inodes_ = base_ + s->inodesOffset;
  lookups_ = reinterpret_cast<uint64_t*>(base_ + s->lookupsOffset);
  heap_ = base_ + s->heapOffset;
  inodesCapacity_ = s->inodesCapacity;
}

int Segment::create(const Superblock& geometry, uint64_t mappedBytes) {
  if (::ftruncate(backing_.segmentFd(), static_cast<off_t>(mappedBytes)) != 0) return -errno;
  if (int status = map(mappedBytes); status < 0) return status;
  if (int status = commit(0, kHeadBytes); status < 0) return status;
  *super() = geometry;
  locate();
  return 0;
}

int Segment::open() {
  const int fd = backing_.segmentFd();
  Superblock head;
  ssize_t got = ::pread(fd, &head, sizeof head, 0);
  if (got < 0) return -errno;
  if (got != sizeof head || head.magic != kMagic || head.version != kLayoutVersion) return -EUCLEAN;
  off_t end = ::lseek(fd, 0, SEEK_END);
  if (end < 0) return -errno;
  const uint64_t size = static_cast<uint64_t>(end);
  const bool inside = head.handlesOffset < size && head.inodesOffset < size &&
                      head.lookupsOffset < size && head.heapOffset < size &&
                      head.heapPages <= (size - head.heapOffset) / kPageSize;
  const bool bounded = head.inodesHighWater <= head.inodesCapacity &&
                       head.handlesHighWater <= head.handlesCapacity;
  if (!inside || !bounded) return -EUCLEAN;
  if (int status = map(size); status < 0) return status;
  locate();
  return 0;
}

int Segment::commit(uint64_t offset, uint64_t length) {
  if (!backing_.reserve(length)) return -ENOSPC;
  while (::fallocate(fd_, 0, static_cast<off_t>(offset), static_cast<off_t>(length)) != 0) {
    if (errno == EINTR) continue;
    const int status = -errno;
    backing_.unreserve(length);
    return status;
  }
  return 0;
}

uint64_t Segment::store(uint64_t offset, const void* data, uint64_t length, bool committed) {
  if (!committed && !backing_.reserve(length)) return 0;
  const auto* bytes = static_cast<const uint8_t*>(data);
  uint64_t done = 0;
  while (done < length) {
    const ssize_t n =
        ::pwrite(fd_, bytes + done, length - done, static_cast<off_t>(offset + done));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    done += static_cast<uint64_t>(n);
  }
  const uint64_t whole = done / kPageSize * kPageSize;
  if (!committed && whole < length) {
    // decommit() gives their reservation back too.
    decommit(offset + whole, length - whole);
  }
  return whole;
}

void Segment::decommit(uint64_t offset, uint64_t length) {
  if (length == 0) return;
  while (::fallocate(fd_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(offset),
                     static_cast<off_t>(length)) != 0 &&
         errno == EINTR) {
  }
  backing_.unreserve(length);
}

bool Segment::isCommitted(uint64_t offset) const {
  const off_t data = ::lseek(fd_, static_cast<off_t>(offset), SEEK_DATA);
  return data == static_cast<off_t>(offset);
}

}  // namespace ram
