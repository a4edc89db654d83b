#include "content_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "blob_io.h"
#include "blob_times.h"
#include "spill_rules.h"

namespace ram {
namespace {

timespec toTimespec(const Timestamp* time) {
  if (time == nullptr) return {0, UTIME_OMIT};
  return {time->seconds, static_cast<long>(time->nanoseconds)};
}

int statOf(int fd, struct stat* status) { return ::fstat(fd, status) == 0 ? 0 : -errno; }

}  // namespace

int FileBytes::begin(bool ready, uint64_t* number, BlobFiles::Lease* lease) {
  if (ready && parts_.passed.takeEmpty(number, lease)) return 0;
  *number = __atomic_fetch_add(&parts_.segment.super()->nextBlobFile, 1, __ATOMIC_ACQ_REL);
  const int status = parts_.blobs.create(*number, lease);
  if (ready && status >= 0) parts_.passed.enter(*number);
  return status;
}

int FileBytes::finish(InodeRecord* record, uint64_t number, int fd) {
  const Timestamp accessed{record->accessed, record->accessedNs};
  const Timestamp modified{record->modified, record->modifiedNs};
  const timespec times[2] = {toTimespec(&accessed), toTimespec(&modified)};
  if (::futimens(fd, times) != 0) return -errno;
  struct stat status;
  if (int result = statOf(fd, &status); result < 0) return result;
  Transaction tx(parts_.journal);
  tx.setKind(&record->kind, ContentKind::kFile);
  tx.set64(&record->content, number);
  tx.set64(&record->cursor, cursorOf(status));
  tx.set32(&record->pages, 0);
  tx.commit();
  return 0;
}

ssize_t FileBytes::read(uint64_t inode, InodeRecord* record, uint64_t offset, void* data,
                        size_t length) {
  const BlobWindows::Key key = keyOf(inode, record);
  if (windows_.read(key, offset, data, length)) return static_cast<ssize_t>(length);
  BlobFiles::Lease lease;
  if (int status = parts_.blobs.acquire(record->content, &lease); status < 0) return status;
  const uint64_t tick = BlobWindows::tick();
  const ssize_t n = blobRead(lease.fd(), data, length, offset);
  if (isBlank(record)) stampAccessed(record);
  const bool whole = n == static_cast<ssize_t>(length);
  if (whole && !parts_.passed.isExposed(record->content)) {
    windows_.wasRead(key, lease.fd(), offset, length, tick);
  }
  return n;
}

int64_t FileBytes::seek(const InodeRecord* record, uint64_t offset, int whence) {
  BlobFiles::Lease lease;
  if (int status = parts_.blobs.acquire(record->content, &lease); status < 0) return status;
  const off_t at = ::lseek(lease.fd(), static_cast<off_t>(offset), whence);
  return at < 0 ? -errno : at;
}

int FileBytes::describe(uint64_t inode, const InodeRecord* record, Attributes* out) {
  BlobFiles::Lease lease;
  if (int result = parts_.blobs.acquire(record->content, &lease); result < 0) return result;
  windows_.timesSeen(keyOf(inode, record));
  struct stat status;
  if (int result = statOf(lease.fd(), &status); result < 0) return result;
  out->size = static_cast<uint64_t>(status.st_size);
  out->blocks = static_cast<uint64_t>(status.st_blocks);
  const BlobTimes times = timesOf(record, status);
  out->accessed = times.accessed;
  out->modified = times.modified;
  out->changed = times.changed;
  return 0;
}

// Pages that views must get back when the file grows to `size`: made before it does.
int FileBytes::readyViews(uint64_t inode, int fd, uint64_t size) {
  uint64_t offset = 0;
  uint64_t length = 0;
  if (!parts_.views.missing(inode, size, &offset, &length)) return 0;
  return allocateOnce(fd, FALLOC_FL_KEEP_SIZE, offset, length);
}

void FileBytes::restoreViews(uint64_t inode, int fd, uint64_t size) {
  uint64_t offset = 0;
  uint64_t length = 0;
  if (!parts_.views.missing(inode, size, &offset, &length)) return;
  const NoAccess quiet(fd);
  parts_.views.restore(inode, fd, size);
}

int FileBytes::write(uint64_t inode, InodeRecord* record, uint64_t offset, const void* data,
                     size_t length, WriteResult* out) {
  const BlobWindows::Key key = keyOf(inode, record);
  const bool appends = offset == kAtEnd;
  if (!appends && windows_.write(key, offset, data, length)) {
    *out = {offset, length};
    return 0;
  }
  BlobFiles::Lease lease;
  if (int status = parts_.blobs.acquire(record->content, &lease); status < 0) return status;
  const int fd = lease.fd();
  const bool viewed = parts_.views.any(inode);
  if (viewed) {
    struct stat status;
    if (int result = statOf(fd, &status); result < 0) return result;
    const uint64_t at = appends ? static_cast<uint64_t>(status.st_size) : offset;
    if (int result = readyViews(inode, fd, at + length); result < 0) return result;
  }
  const PassedVersions::OwnChange own(parts_.passed.versions, record->content, fd);
  const uint64_t tick = BlobWindows::tick();
  const ssize_t n = writeWithRoom(fd, offset, data, length);
  if (n < 0) return static_cast<int>(n);
  uint64_t size = 0;
  if (viewed || appends) {
    const off_t end = ::lseek(fd, 0, SEEK_END);
    if (end < 0) return -errno;
    size = static_cast<uint64_t>(end);
  }
  if (viewed) restoreViews(inode, fd, size);
  const auto written = static_cast<uint64_t>(n);
  if (appends) offset = size - written;
  *out = {offset, written};
  if (parts_.passed.isExposed(record->content)) return 0;
  windows_.wasWritten(key, fd, offset, written, tick);
  return 0;
}

ssize_t FileBytes::writeWithRoom(int fd, uint64_t offset, const void* data, size_t length) {
  Backing& backing = parts_.blobs.backing();
  const ssize_t n = blobWrite(backing, fd, data, length, offset);
  if (n >= 0 ? static_cast<size_t>(n) == length : n != -ENOSPC) return n;
  parts_.heap.trim();  // free pages that the heap kept for itself
  const size_t done = n < 0 ? 0 : static_cast<size_t>(n);
  const ssize_t more =
      blobWrite(backing, fd, static_cast<const uint8_t*>(data) + done, length - done,
                offset == kAtEnd ? kAtEnd : offset + done);
  return more > 0 ? static_cast<ssize_t>(done) + more : n;
}

int FileBytes::truncate(uint64_t inode, InodeRecord* record, uint64_t size) {
  BlobFiles::Lease lease;
  if (int status = parts_.blobs.acquire(record->content, &lease); status < 0) return status;
  const int fd = lease.fd();
  const PassedVersions::OwnChange own(parts_.passed.versions, record->content, fd);
  if (int status = endBlank(record, fd); status < 0) return status;
  parts_.passed.resize(record->content);
  windows_.cut(keyOf(inode, record), size);
  if (!parts_.views.any(inode)) return blobTruncate(parts_.blobs.backing(), fd, size);
  struct stat status;
  if (int result = statOf(fd, &status); result < 0) return result;
  const auto before = static_cast<uint64_t>(status.st_size);
  int result = parts_.views.cut(inode, size);
  if (result == 0 && size > before) result = readyViews(inode, fd, size);
  if (result == 0) result = blobTruncate(parts_.blobs.backing(), fd, size);
  restoreViews(inode, fd, result == 0 ? size : before);
  return result;
}

int FileBytes::allocateOnce(int fd, int mode, uint64_t offset, uint64_t length) {
  Backing& backing = parts_.blobs.backing();
  int status = blobAllocate(backing, fd, mode, offset, length);
  if (status != -ENOSPC) return status;
  parts_.heap.trim();
  return blobAllocate(backing, fd, mode, offset, length);
}

int FileBytes::allocateFile(uint64_t inode, int fd, uint64_t offset, uint64_t length, int mode) {
  const int keep = mode & FALLOC_FL_KEEP_SIZE;
  struct stat status;
  if (int result = statOf(fd, &status); result < 0) return result;
  const auto size = static_cast<uint64_t>(status.st_size);
  if ((mode & FALLOC_FL_PUNCH_HOLE) != 0) {
    if (!parts_.views.any(inode)) return allocateOnce(fd, mode, offset, length);
    // Pages under a view must stay; those behind the file's end are under none.
    if (int result = blobZero(fd, offset, length); result < 0) return result;
    const uint64_t behind = std::max(offset, (size + kPageSize - 1) / kPageSize * kPageSize);
    if (behind < offset + length) {
      return allocateOnce(fd, mode, behind, offset + length - behind);
    }
    const timespec now[2] = {{0, UTIME_OMIT}, {0, UTIME_NOW}};
    return ::futimens(fd, now) == 0 ? 0 : -errno;
  }
  if (keep == 0 && offset + length > size) {
    if (int result = readyViews(inode, fd, offset + length); result < 0) return result;
  }
  if (int result = allocateOnce(fd, keep, offset, length); result < 0) return result;
  if ((mode & FALLOC_FL_ZERO_RANGE) != 0) return blobZero(fd, offset, length);
  return 0;
}

int FileBytes::allocate(uint64_t inode, InodeRecord* record, uint64_t offset, uint64_t length,
                        int mode) {
  BlobFiles::Lease lease;
  if (int status = parts_.blobs.acquire(record->content, &lease); status < 0) return status;
  const PassedVersions::OwnChange own(parts_.passed.versions, record->content, lease.fd());
  if (int status = endBlank(record, lease.fd()); status < 0) return status;
  windows_.cut(keyOf(inode, record), (mode & FALLOC_FL_PUNCH_HOLE) != 0 ? offset : UINT64_MAX);
  const int result = allocateFile(inode, lease.fd(), offset, length, mode);
  struct stat status;
  if (parts_.views.any(inode) && statOf(lease.fd(), &status) == 0) {
    restoreViews(inode, lease.fd(), static_cast<uint64_t>(status.st_size));
  }
  return result;
}

int FileBytes::setTimes(uint64_t inode, InodeRecord* record, const Timestamp* accessed,
                        const Timestamp* modified) {
  BlobFiles::Lease lease;
  if (int status = parts_.blobs.acquire(record->content, &lease); status < 0) return status;
  windows_.timesSet(keyOf(inode, record));
  const PassedVersions::OwnChange own(parts_.passed.versions, record->content, lease.fd());
  if (int status = endBlank(record, lease.fd()); status < 0) return status;
  const timespec times[2] = {toTimespec(accessed), toTimespec(modified)};
  return ::futimens(lease.fd(), times) == 0 ? 0 : -errno;
}

ssize_t FileBytes::copyRange(const InodeRecord* from, uint64_t fromOffset, uint64_t to,
                             InodeRecord* toRecord, uint64_t toOffset, size_t length) {
  Backing& backing = parts_.blobs.backing();
  if (!backing.isTmpfs() || parts_.views.any(to)) return -EOPNOTSUPP;
  BlobFiles::Lease source;
  BlobFiles::Lease target;
  if (int status = parts_.blobs.acquire(from->content, &source); status < 0) return status;
  if (int status = parts_.blobs.acquire(toRecord->content, &target); status < 0) return status;
  windows_.timesSet(keyOf(to, toRecord));
  const PassedVersions::OwnChange own(parts_.passed.versions, toRecord->content, target.fd());
  size_t done = 0;
  while (done < length) {
    auto in = static_cast<off64_t>(fromOffset + done);
    auto out = static_cast<off64_t>(toOffset + done);
    const ssize_t n = ::copy_file_range(source.fd(), &in, target.fd(), &out, length - done, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return done > 0 ? static_cast<ssize_t>(done) : -errno;
    if (n == 0) break;
    done += static_cast<size_t>(n);
  }
  return static_cast<ssize_t>(done);
}

// A view must not be what changes a file's times.
int FileBytes::fillHoles(uint64_t inode, InodeRecord* record, int fd, uint64_t size) {
  if (::lseek(fd, 0, SEEK_HOLE) >= static_cast<off_t>(size)) return 0;
  if (int result = settle(inode, record); result < 0) return result;
  struct stat status;  // of a blank one, no sooner
  if (int result = statOf(fd, &status); result < 0) return result;
  const PassedVersions::OwnChange own(parts_.passed.versions, record->content, fd);
  const int result = allocateOnce(fd, FALLOC_FL_KEEP_SIZE, 0, size);
  const timespec times[2] = {status.st_atim, status.st_mtim};
  ::futimens(fd, times);
  struct stat after;
  if (statOf(fd, &after) == 0) {
    Transaction tx(parts_.journal);
    tx.set64(&record->cursor, cursorOf(after));
    tx.commit();
  }
  return result;
}

int FileBytes::makeView(uint64_t inode, InodeRecord* record, bool writable, View* out) {
  BlobFiles::Lease lease;
  if (int result = parts_.blobs.acquire(record->content, &lease); result < 0) return result;
  struct stat status;
  if (int result = statOf(lease.fd(), &status); result < 0) return result;
  const auto size = static_cast<uint64_t>(status.st_size);
  if (size > 0) {
    if (int result = fillHoles(inode, record, lease.fd(), size); result < 0) return result;
  }
  const NoAccess quiet(lease.fd());
  return parts_.views.make(inode, lease.fd(), size, writable, out);
}

int FileBytes::replace(uint64_t inode, InodeRecord* record, int fd) {
  const uint64_t size = record->size;
  if (parts_.views.any(inode) && size > 0) {
    const int result = ::fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, static_cast<off_t>(size));
    if (result != 0 && errno != EOPNOTSUPP) return -errno;
  }
  uint64_t* next = &parts_.segment.super()->nextBlobFile;
  const uint64_t number = kSpilledBlobs + __atomic_fetch_add(next, 1, __ATOMIC_ACQ_REL);
  const int own = ::fcntl(fd, F_DUPFD_CLOEXEC, 0);
  if (own < 0) return -errno;
  parts_.blobs.adoptSpilled(number, own);
  BlobFiles::Lease old;
  int result = 0;
  if (record->kind == ContentKind::kFile) {
    result = parts_.blobs.acquire(record->content, &old);
    if (result >= 0) result = parts_.views.move(inode, fd);
  }
  if (result >= 0) result = finish(record, number, fd);
  if (result < 0) {
    if (old) parts_.views.move(inode, old.fd());
    parts_.blobs.remove(number);
    return result;
  }
  ::close(fd);
  return 0;
}

void FileBytes::forget(uint64_t inode, const InodeRecord& before) {
  windows_.drop(keyOf(inode, &before));
  discard(before.content);
}

void FileBytes::release(uint64_t inode, const InodeRecord& dead) {
  const bool viewed = parts_.views.any(inode);
  parts_.views.orphan(inode);
  windows_.drop(keyOf(inode, &dead));
  if (viewed) {
    parts_.passed.forget(dead.content);
    parts_.blobs.remove(dead.content);
  } else {
    discard(dead.content);
  }
}

// The bytes of a blob file are dead, and no view shows them.
void FileBytes::discard(uint64_t number, bool empty) {
  if (!parts_.passed.recycle(number, empty)) parts_.blobs.remove(number);
}

}  // namespace ram
