// Writing, cutting and allocating: which kind of content a file gets, and the slab kinds.
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "blob_io.h"
#include "blob_times.h"
#include "content.h"

namespace ram {
namespace {

// Reasons for a large file to stay in pages: it goes on, and is tried again by a later write.
bool isPassing(int status) {
  return status == -ENOSPC || status == -EMFILE || status == -ENFILE || status == -ENOMEM;
}

bool isFileLike(ContentKind kind) {
  return kind == ContentKind::kFile || kind == ContentKind::kExternal;
}

}  // namespace

int Content::inlineToPages(InodeRecord* record) {
  const InodeRecord before = *record;
  const int status = pages_.adopt(record, inline_.of(record)->bytes, record->size);
  if (status == 0) inline_.release(before);
  return status;
}

int Content::promoteTo(uint64_t inode, InodeRecord* record, bool ready, bool reads) {
  if (int status = resident(inode, record); status < 0) return status;
  if (record->kind == ContentKind::kFile) return 0;
  if (record->kind == ContentKind::kExternal) return -EOPNOTSUPP;
  if (ready && record->kind == ContentKind::kNone && !reads) return files_.adoptBlank(record);
  const InodeRecord before = *record;
  Backing& backing = parts_.blobs.backing();
  const uint64_t needed = pages_.occupied(record);
  if (needed > 0 && needed > backing.freeBytes()) parts_.heap.trim();
  if (needed > 0 && needed > backing.freeBytes()) return -ENOSPC;
  const int status = files_.adopt(record, ready, [&](int fd) -> int {
    if (before.kind == ContentKind::kPages) return pages_.copyOut(&before, backing, fd);
    if (before.kind != ContentKind::kInline) return 0;
    const ssize_t n = blobWrite(backing, fd, inline_.of(&before)->bytes, before.size, 0);
    return n < 0 ? static_cast<int>(n) : 0;
  });
  if (status == 0) releaseBytes(inode, before);
  return status;
}

int Content::promote(uint64_t inode, InodeRecord* record) {
  return promoteTo(inode, record, false, true);
}

int Content::promoteReady(uint64_t inode, InodeRecord* record, bool reads) {
  if (int status = promoteTo(inode, record, true, reads); status < 0) return status;
  if (!reads || !isBlank(record)) return 0;
  // From the next tick on an access shows, and with bytes it is one by the same rule.
  const bool shows = isSince(record, clockNow()) && passed_.state(record->content).large;
  if (shows) return 0;
  BlobFiles::Lease lease;
  const int status = parts_.blobs.acquire(record->content, &lease);
  return status < 0 ? status : files_.endBlank(record, lease.fd());
}

int Content::chooseKind(uint64_t inode, InodeRecord* record, uint64_t end) {
  spillFor(inode, record, end);
  if (isFileLike(record->kind)) return 1;
  if (std::max(end, record->size) <= kSlabMax) return 0;
  const int status = promote(inode, record);
  if (status == 0) return 1;
  return isPassing(status) && std::max(end, record->size) <= kPagesMax ? 0 : status;
}

// --- write ---------------------------------------------------------------------------------------

int Content::writeSlab(uint64_t inode, InodeRecord* record, uint64_t offset, const void* data,
                       size_t length, WriteResult* out) {
  const bool small = std::max(record->size, offset + length) <= kInlineMax;
  if (small && record->kind != ContentKind::kPages) {
    const int status = inline_.write(inode, record, offset, data, length);
    if (status == 0) *out = {offset, length};
    return status;
  }
  if (record->kind == ContentKind::kInline) {
    if (int status = inlineToPages(record); status < 0) return status;
  }
  const ssize_t n = pages_.write(record, offset, data, length);
  if (n < 0) return static_cast<int>(n);
  *out = {offset, static_cast<uint64_t>(n)};
  return 0;
}

int Content::writeExternal(InodeRecord* record, uint64_t offset, const void* data, size_t length,
                           WriteResult* out) {
  const int fd = external_.fd(record->content);
  if (fd < 0) return fd;
  const ssize_t n = ::pwrite(fd, data, length, static_cast<off_t>(offset));
  if (n < 0) return -errno;
  *out = {offset, static_cast<uint64_t>(n)};
  Transaction tx(parts_.journal);
  stampModified(tx, record);
  tx.commit();
  return 0;
}

int Content::write(uint64_t inode, InodeRecord* record, uint64_t offset, const void* data,
                   size_t length, WriteResult* out) {
  if (int status = resident(inode, record); status < 0) return status;
  // Where a blob file's end is, the kernel knows best.
  if (record->kind == ContentKind::kFile && offset == kAppend && provider_ == nullptr &&
      length > 0 && !maySpill(inode)) {
    return files_.write(inode, record, kAtEnd, data, length, out);
  }
  uint64_t at = offset;
  if (offset == kAppend) {
    if (int status = currentSize(inode, record, &at); status < 0) return status;
  }
  if (length == 0) {
    *out = {at, 0};
    return 0;
  }
  if (at >= kSizeMax) return -EFBIG;
  length = clipped(at, length, kSizeMax);
  if (int status = noteDirty(inode, record, at, length); status < 0) return status;
  const int kind = chooseKind(inode, record, at + length);
  if (kind < 0) return kind;
  if (kind == 0) return writeSlab(inode, record, at, data, length, out);
  if (record->kind == ContentKind::kExternal) {
    return writeExternal(record, at, data, length, out);
  }
  return files_.write(inode, record, offset == kAppend ? kAtEnd : at, data, length, out);
}

// --- truncate ------------------------------------------------------------------------------------

int Content::truncateSlab(uint64_t inode, InodeRecord* record, uint64_t size) {
  if (record->kind == ContentKind::kInline) {
    if (size > 0 && size <= kInlineMax) return inline_.resize(inode, record, size);
    if (size > 0) {
      if (int status = inlineToPages(record); status < 0) return status;
    }
  }
  const InodeRecord before = *record;
  pages_.truncate(record, size);
  if (before.kind == ContentKind::kInline) inline_.release(before);
  return 0;
}

int Content::truncate(uint64_t inode, InodeRecord* record, uint64_t size) {
  if (size > kSizeMax) return -EFBIG;
  if (record->kind == ContentKind::kAbsent && size == 0) {
    const InodeRecord before = *record;
    if (int status = noteDirty(inode, record, 0, before.size); status < 0) return status;
    pages_.truncate(record, 0);
    releaseBytes(inode, before);
    return 0;
  }
  if (int status = resident(inode, record); status < 0) return status;
  if (provider_ != nullptr) {
    uint64_t now = 0;
    if (int status = currentSize(inode, record, &now); status < 0) return status;
    const uint64_t from = std::min(now, size);
    const int status = noteDirty(inode, record, from, std::max(now, size) - from);
    if (status < 0) return status;
  }
  if (size == 0 && isSpilled(record) && !parts_.views.any(inode)) {
    unspill(inode, record);
    return 0;
  }
  // A file that becomes smaller stays what it is.
  const int kind = size > record->size ? chooseKind(inode, record, size)
                                       : isFileLike(record->kind);
  if (kind < 0) return kind;
  if (kind == 0) return truncateSlab(inode, record, size);
  if (record->kind == ContentKind::kFile) return files_.truncate(inode, record, size);
  const int fd = external_.fd(record->content);
  if (fd < 0) return fd;
  return ::ftruncate(fd, static_cast<off_t>(size)) == 0 ? 0 : -errno;
}

// --- fallocate -----------------------------------------------------------------------------------

int Content::punchInline(uint64_t inode, InodeRecord* record, uint64_t offset, uint64_t length) {
  if (offset > 0 || length < kPageSize) {
    inline_.zero(record, offset, length);
    return 0;
  }
  // The one page is punched whole: what stays is a hole.
  const InodeRecord before = *record;
  Transaction tx(parts_.journal);
  tx.setKind(&record->kind, ContentKind::kPages);
  tx.set64(&record->content, 0);
  tx.set32(&record->pages, 0);
  stampModified(tx, record);
  tx.commit();
  releaseBytes(inode, before);
  return 0;
}

int Content::allocateSlab(uint64_t inode, InodeRecord* record, uint64_t offset, uint64_t length,
                          int mode) {
  const bool keepSize = (mode & FALLOC_FL_KEEP_SIZE) != 0;
  const uint64_t end = offset + length;
  if ((mode & FALLOC_FL_PUNCH_HOLE) != 0) {
    if (record->kind == ContentKind::kInline) return punchInline(inode, record, offset, length);
    pages_.punch(record, offset, length);
    return 0;
  }
  if (record->kind == ContentKind::kInline) {
    const uint64_t size = keepSize ? record->size : std::max(record->size, end);
    if (end <= kPageSize && size <= kInlineMax) {
      if (int status = inline_.resize(inode, record, size); status < 0) return status;
      if ((mode & FALLOC_FL_ZERO_RANGE) != 0) inline_.zero(record, offset, length);
      return 0;
    }
    if (int status = inlineToPages(record); status < 0) return status;
  }
  if (int status = pages_.allocate(record, offset, length, keepSize); status < 0) return status;
  if ((mode & FALLOC_FL_ZERO_RANGE) != 0) pages_.zero(record, offset, length);
  return 0;
}

int Content::allocate(uint64_t inode, InodeRecord* record, uint64_t offset, uint64_t length,
                      int mode) {
  const bool known = mode == 0 || mode == FALLOC_FL_KEEP_SIZE ||
                     mode == (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE) ||
                     mode == FALLOC_FL_ZERO_RANGE ||
                     mode == (FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE);
  if (!known) return -EOPNOTSUPP;
  if (length == 0) return -EINVAL;
  if (offset > kSizeMax || length > kSizeMax - offset) return -EFBIG;
  if (int status = resident(inode, record); status < 0) return status;
  if (int status = noteDirty(inode, record, offset, length); status < 0) return status;
  const bool punches = (mode & FALLOC_FL_PUNCH_HOLE) != 0;
  const int kind = punches ? isFileLike(record->kind)
                           : chooseKind(inode, record, offset + length);
  if (kind < 0) return kind;
  if (kind == 0) return allocateSlab(inode, record, offset, length, mode);
  if (record->kind == ContentKind::kFile) {
    return files_.allocate(inode, record, offset, length, mode);
  }
  const int fd = external_.fd(record->content);
  if (fd < 0) return fd;
  const auto start = static_cast<off_t>(offset);
  return ::fallocate(fd, mode, start, static_cast<off_t>(length)) == 0 ? 0 : -errno;
}

int Content::makeView(uint64_t inode, InodeRecord* record, bool writable, View* out) {
  if (int status = promote(inode, record); status < 0) return status;
  return files_.makeView(inode, record, writable, out);
}

}  // namespace ram
