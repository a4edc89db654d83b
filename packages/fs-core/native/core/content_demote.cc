// Back from a blob file to a slab.
#include <errno.h>
#include <sys/stat.h>

#include <memory>
#include <new>

#include "blob_io.h"
#include "blob_times.h"
#include "content.h"

namespace ram {

uint64_t Content::watchPassed(const InodeRecord* record) {
  BlobFiles::Lease lease;
  if (record->kind != ContentKind::kFile || parts_.blobs.acquire(record->content, &lease) < 0) {
    return 0;
  }
  return passed_.versions.watch(record->content, lease.fd());
}

uint64_t Content::lookPassed(const InodeRecord* record) {
  BlobFiles::Lease lease;
  if (record->kind != ContentKind::kFile || parts_.blobs.acquire(record->content, &lease) < 0) {
    return 0;
  }
  return passed_.versions.look(record->content, lease.fd());
}

int Content::guardViews(uint64_t inode, const InodeRecord* record) {
  if (!parts_.views.any(inode)) return 0;
  BlobFiles::Lease lease;
  if (int status = parts_.blobs.acquire(record->content, &lease); status < 0) return status;
  return parts_.views.guard(inode, lease.fd());
}

void Content::expose(uint64_t inode, const InodeRecord* record) {
  passed_.expose(record->content);
  files_.unmap(inode, record);
}

bool Content::isOurs(uint64_t inode, const InodeRecord* record) {
  if (record->kind != ContentKind::kFile) return true;
  files_.unmap(inode, record);
  if (const int here = passed_.settle(record->content); here >= 0) return here == 1;
  BlobFiles::Lease lease;
  if (parts_.blobs.acquire(record->content, &lease) < 0 || !isOnlyOpen(lease.fd())) return false;
  passed_.cover(record->content);
  return true;
}

Content::Ended Content::endPassing(uint64_t inode, InodeRecord* record) {
  const uint64_t number = record->content;
  const PassedBlobs::State state = passed_.state(number);
  if (!state.here) return isOurs(inode, record) ? Ended::kFile : Ended::kHeld;
  // Nobody who could change it now has had it.
  const bool still = !passed_.isExposed(number);
  if (still && state.large) return Ended::kFile;
  BlobFiles::Lease lease;
  if (parts_.blobs.acquire(number, &lease) < 0) return Ended::kFile;
  const int fd = lease.fd();
  struct stat status;
  if (still && (::fstat(fd, &status) != 0 || isLarge(number, status))) return Ended::kFile;
  if (state.reached && !isOurs(inode, record)) return Ended::kHeld;
  if (!still && (::fstat(fd, &status) != 0 || isLarge(number, status))) return Ended::kFile;
  return demote(inode, record, fd, status) < 0 ? Ended::kFile : Ended::kSlab;
}

bool Content::isLarge(uint64_t number, const struct stat& status) {
  const bool large = static_cast<uint64_t>(status.st_size) > kSlabMax;
  if (large) passed_.noteLarge(number);
  return large;
}

// -EBUSY, -ENOSPC: it stays a file.
int Content::demote(uint64_t inode, InodeRecord* record, int fd, const struct stat& status) {
  if (provider_ != nullptr || parts_.views.any(inode)) return -EBUSY;
  const auto size = static_cast<uint64_t>(status.st_size);
  files_.unmap(inode, record);
  if (isBlank(record) && isEmpty(status)) {
    files_.leaveBlank(record, status);
    return 0;
  }
  // A slab would count other blocks where there are holes, or pages behind the end.
  const uint64_t pages = (size + kPageSize - 1) / kPageSize;
  if (static_cast<uint64_t>(status.st_blocks) != pages * (kPageSize / 512)) return -EBUSY;
  const std::unique_ptr<uint8_t[]> buffer(new (std::nothrow) uint8_t[size]);
  if (!buffer) return -ENOMEM;
  files_.settleAs(record, status);
  const uint64_t number = record->content;
  const int result = adoptAll(inode, record, fd, buffer.get(), size);
  if (result == 0) {
    files_.discard(number, isEmpty(status));
  } else {
    files_.putTimes(record, fd, status);  // reading it was nobody's access
  }
  return result;
}

// The record holds the `size` bytes of `fd`. On failure nothing but the file's atime has changed.
int Content::adoptAll(uint64_t inode, InodeRecord* record, int fd, uint8_t* buffer,
                      uint64_t size) {
  if (size > 0 && blobRead(fd, buffer, size, 0) != static_cast<ssize_t>(size)) return -EIO;
  return size <= kInlineMax ? inline_.adopt(inode, record, buffer, size)
                            : pages_.adopt(record, buffer, size);
}

}  // namespace ram
