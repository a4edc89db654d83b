#include "content.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include "blob_io.h"

namespace ram {

Content::Content(Segment& segment, Journal& journal, Heap& heap, BlobFiles& blobs,
                 ViewRegistry& views)
    : passed_(blobs),
      parts_{segment, journal, heap, blobs, views, passed_},
      inline_(parts_),
      pages_(parts_),
      files_(parts_),
      epochs_(segment, journal, heap) {}

// --- reading -------------------------------------------------------------------------------------

ssize_t Content::read(uint64_t inode, InodeRecord* record, uint64_t offset, void* data,
                      size_t length) {
  length = clipped(offset, length, kSizeMax);
  length = std::min<size_t>(length, SSIZE_MAX);
  if (length == 0) return 0;
  switch (record->kind) {
    case ContentKind::kFile:
      return files_.read(inode, record, offset, data, length);
    case ContentKind::kAbsent:
      return kMustPopulate;
    case ContentKind::kExternal: {
      const int fd = external_.fd(record->content);
      return fd < 0 ? fd : blobRead(fd, data, length, offset);
    }
    default:
      break;
  }
  length = clipped(offset, length, record->size);
  if (length > 0) {
    if (record->kind == ContentKind::kInline) inline_.read(record, offset, data, length);
    if (record->kind == ContentKind::kPages) pages_.read(record, offset, data, length);
  }
  stampAccessed(record);
  return static_cast<ssize_t>(length);
}

int64_t Content::seek(uint64_t, InodeRecord* record, uint64_t offset, int whence) {
  if (whence != SEEK_DATA && whence != SEEK_HOLE) return -EINVAL;
  if (offset > kSizeMax) return -ENXIO;
  switch (record->kind) {
    case ContentKind::kFile:
      return files_.seek(record, offset, whence);
    case ContentKind::kAbsent:
      return kMustPopulate;
    case ContentKind::kExternal: {
      const int fd = external_.fd(record->content);
      if (fd < 0) return fd;
      const off_t at = ::lseek(fd, static_cast<off_t>(offset), whence);
      return at < 0 ? -errno : at;
    }
    default:
      break;
  }
  if (offset >= record->size) return -ENXIO;
  if (record->kind == ContentKind::kPages) return pages_.seek(record, offset, whence);
  return static_cast<int64_t>(whence == SEEK_DATA ? offset : record->size);
}

int Content::describe(uint64_t inode, const InodeRecord* record, Attributes* out) {
  if (record->kind == ContentKind::kFile) return files_.describe(inode, record, out);
  describeNew(record, out);
  if (record->kind == ContentKind::kInline) out->blocks = kPageSize / 512;
  if (record->kind == ContentKind::kPages) out->blocks = record->pages * (kPageSize / 512);
  if (record->kind == ContentKind::kAbsent) out->blocks = (record->size + 511) / 512;
  if (record->kind == ContentKind::kExternal) {
    struct stat status;
    const int fd = external_.fd(record->content);
    if (fd < 0) return fd;
    if (::fstat(fd, &status) != 0) return -errno;
    out->size = static_cast<uint64_t>(status.st_size);
    out->blocks = static_cast<uint64_t>(status.st_blocks);
  }
  return 0;
}

void Content::describeNew(const InodeRecord* record, Attributes* out) {
  out->size = record->size;
  out->blocks = 0;
  out->accessed = {__atomic_load_n(&record->accessed, __ATOMIC_RELAXED),
                   __atomic_load_n(&record->accessedNs, __ATOMIC_RELAXED)};
  out->modified = {record->modified, record->modifiedNs};
  out->changed = {record->changed, record->changedNs};
}

int Content::currentSize(uint64_t inode, const InodeRecord* record, uint64_t* size) {
  Attributes attributes;
  const int status = describe(inode, record, &attributes);
  if (status == 0) *size = attributes.size;
  return status;
}

// --- times ---------------------------------------------------------------------------------------

int Content::setTimes(uint64_t inode, InodeRecord* record, const Timestamp* accessed,
                      const Timestamp* modified) {
  if (record->kind == ContentKind::kFile) {
    return files_.setTimes(inode, record, accessed, modified);
  }
  Transaction tx(parts_.journal);
  if (accessed != nullptr) {
    tx.set64(&record->accessed, accessed->seconds);
    tx.set32(&record->accessedNs, accessed->nanoseconds);
  }
  if (modified != nullptr) {
    tx.set64(&record->modified, modified->seconds);
    tx.set32(&record->modifiedNs, modified->nanoseconds);
  }
  tx.commit();
  return 0;
}

int Content::settle(uint64_t inode, InodeRecord* record) {
  return record->kind == ContentKind::kFile ? files_.settle(inode, record) : 0;
}

// --- the end of a file, and the start of a process -----------------------------------------------

void Content::releaseBytes(uint64_t inode, const InodeRecord& dead) {
  switch (dead.kind) {
    case ContentKind::kInline:
      return inline_.release(dead);
    case ContentKind::kPages:
      return pages_.release(dead);
    case ContentKind::kFile:
      return files_.release(inode, dead);
    case ContentKind::kExternal:
      externalBytes_.fetch_sub(dead.size, std::memory_order_relaxed);
      return external_.remove(dead.content);
    case ContentKind::kAbsent:
      if (provider_ != nullptr) provider_->forget(inode, dead.content);
      return;
    default:
      return;
  }
}

void Content::discard(uint64_t inode, const InodeRecord& dead) {
  releaseBytes(inode, dead);
  spills_.remove(inode);
  epochs_.discard(dead);
}

bool Content::mark(uint64_t inode, const InodeRecord* record) {
  if (!epochs_.markUsed(record)) return false;
  switch (record->kind) {
    case ContentKind::kNone:
      return record->size == 0;
    case ContentKind::kInline:
      return inline_.mark(inode, record);
    case ContentKind::kPages:
      return pages_.mark(record);
    case ContentKind::kFile:
      // What was on disk went with the process that had it open: -EIO from now on.
      if (isSpilledBlob(record->content)) return true;
      markedBlobs_.insert(record->content);
      return record->content < parts_.segment.super()->nextBlobFile;
    default:
      return true;
  }
}

int Content::finishMarking() {
  std::vector<uint64_t> present;
  const int status = parts_.blobs.backing().listBlobs(&present);
  size_t named = 0;
  for (const uint64_t number : present) {
    if (markedBlobs_.contains(number)) {
      ++named;
    } else {
      parts_.blobs.remove(number);
    }
  }
  const bool complete = named == markedBlobs_.size();
  markedBlobs_.clear();
  if (status < 0) return status;
  return complete ? 0 : -EUCLEAN;
}

}  // namespace ram
