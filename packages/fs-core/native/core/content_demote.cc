// Back from a blob file to a slab.
#include <errno.h>
#include <sys/stat.h>

#include <memory>
#include <new>

#include "blob_io.h"
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
  BlobFiles::Lease lease;
  if (parts_.blobs.acquire(record->content, &lease) < 0 || !isOnlyOpen(lease.fd())) return false;
  passed_.cover(record->content);
  return true;
}

int Content::demote(uint64_t inode, InodeRecord* record) {
  if (record->kind != ContentKind::kFile || provider_ != nullptr) return -EBUSY;
  if (parts_.views.any(inode)) return -EBUSY;
  const int fd = passed_.fd(record->content);
  struct stat status;
  if (fd < 0 || ::fstat(fd, &status) != 0) return -EBUSY;
  const auto size = static_cast<uint64_t>(status.st_size);
  if (size > kSlabMax) return -EFBIG;
  // A slab would count other blocks where there are holes, or pages behind the end.
  const uint64_t pages = (size + kPageSize - 1) / kPageSize;
  if (static_cast<uint64_t>(status.st_blocks) != pages * (kPageSize / 512)) return -EBUSY;
  if (!isOurs(inode, record)) return -EBUSY;
  static thread_local std::unique_ptr<uint8_t[]> buffer;
  if (!buffer) buffer.reset(new (std::nothrow) uint8_t[kSlabMax]);
  if (!buffer) return -ENOMEM;
  // Before the file is read, which is nobody's access.
  if (int result = files_.settle(inode, record); result < 0) return result;
  if (size > 0 && blobRead(fd, buffer.get(), size, 0) != static_cast<ssize_t>(size)) return -EIO;
  const uint64_t number = record->content;
  const int result = size <= kInlineMax ? inline_.adopt(inode, record, buffer.get(), size)
                                        : pages_.adopt(record, buffer.get(), size);
  if (result == 0) files_.discard(number);
  return result;
}

}  // namespace ram
