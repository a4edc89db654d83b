// Content that is elsewhere: absent until a provider brings it, or lent by someone else.
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <memory>
#include <new>

#include "blob_io.h"
#include "content.h"

namespace ram {
namespace {

constexpr uint64_t kFaultBytes = 1 << 20;

// Fills data[0, length) from the provider; what it doesn't have is zeros.
int fault(Provider* provider, uint64_t inode, uint64_t token, uint64_t offset, uint8_t* data,
          size_t length) {
  size_t done = 0;
  while (done < length) {
    const ssize_t n =
        provider->faultIn(inode, token, offset + done, data + done, length - done);
    if (n < 0) return static_cast<int>(n);
    if (n == 0) break;
    done += static_cast<size_t>(n);
  }
  std::fill(data + done, data + length, uint8_t{0});
  return 0;
}

}  // namespace

void Content::attachProvider(Provider* provider) { provider_ = provider; }

int Content::resident(uint64_t inode, InodeRecord* record) {
  return record->kind == ContentKind::kAbsent ? populate(inode, record) : 0;
}

int Content::noteDirty(uint64_t inode, InodeRecord* record, uint64_t offset, uint64_t length) {
  if (provider_ == nullptr) return 0;
  if (int status = epochs_.mark(record, offset, length); status < 0) return status;
  provider_->dirtied(inode, offset, length);
  return 0;
}

int Content::populate(uint64_t inode, InodeRecord* record) {
  if (record->kind != ContentKind::kAbsent) return 0;
  if (provider_ == nullptr) return -EIO;
  const uint64_t token = record->content;
  const uint64_t size = record->size;
  const size_t piece = std::min(size, kFaultBytes);
  const std::unique_ptr<uint8_t[]> buffer(new (std::nothrow) uint8_t[piece + 1]);
  if (!buffer) return -ENOMEM;
  int status = 0;
  if (size <= kSlabMax) {
    status = fault(provider_, inode, token, 0, buffer.get(), size);
    if (status < 0) return status;
    status = size <= kInlineMax ? inline_.adopt(inode, record, buffer.get(), size)
                                : pages_.adopt(record, buffer.get(), size);
  } else {
    Backing& backing = parts_.blobs.backing();
    status = files_.adopt(record, false, [&](int fd) -> int {
      if (int result = blobTruncate(backing, fd, size); result < 0) return result;
      for (uint64_t at = 0; at < size; at += piece) {
        const size_t n = std::min<uint64_t>(piece, size - at);
        const int result = fault(provider_, inode, token, at, buffer.get(), n);
        if (result < 0) return result;
        const ssize_t written = blobWrite(backing, fd, buffer.get(), n, at);
        if (written < 0) return static_cast<int>(written);
        if (static_cast<size_t>(written) < n) return -ENOSPC;
      }
      return 0;
    });
  }
  if (status == 0) provider_->forget(inode, token);
  return status;
}

// Whether nobody but us can reach the blob file's pages.
bool Content::canDrop(uint64_t inode, const InodeRecord* record) {
  if (record->kind != ContentKind::kFile) return true;
  if (parts_.views.any(inode)) return false;
  return isOurs(inode, record);
}

int Content::evict(uint64_t inode, InodeRecord* record, uint64_t token) {
  if (record->kind == ContentKind::kAbsent) return 0;
  if (record->kind == ContentKind::kExternal) return -EOPNOTSUPP;
  if (!canDrop(inode, record)) return -EBUSY;
  if (int status = settle(inode, record); status < 0) return status;
  const InodeRecord before = *record;
  Transaction tx(parts_.journal);
  tx.setKind(&record->kind, ContentKind::kAbsent);
  tx.set64(&record->content, token);
  tx.set32(&record->pages, 0);
  tx.commit();
  releaseBytes(inode, before);
  return 0;
}

int Content::lend(uint64_t, InodeRecord* record, int fd) {
  if (record->kind != ContentKind::kNone) return -EBUSY;
  struct stat status;
  if (::fstat(fd, &status) != 0) return -errno;
  if (!S_ISREG(status.st_mode)) return -EINVAL;
  Transaction tx(parts_.journal);
  tx.setKind(&record->kind, ContentKind::kExternal);
  tx.set64(&record->content, external_.add(fd));
  tx.set64(&record->size, static_cast<uint64_t>(status.st_size));
  stampModified(tx, record);
  tx.commit();
  externalBytes_.fetch_add(record->size, std::memory_order_relaxed);
  return 0;
}

int Content::unlend(uint64_t inode, InodeRecord* record, uint64_t token) {
  if (record->kind != ContentKind::kExternal) return -EINVAL;
  uint64_t size = record->size;
  currentSize(inode, record, &size);
  const InodeRecord before = *record;
  Transaction tx(parts_.journal);
  tx.setKind(&record->kind, ContentKind::kAbsent);
  tx.set64(&record->content, token);
  tx.set64(&record->size, size);
  tx.commit();
  releaseBytes(inode, before);
  return 0;
}

}  // namespace ram
