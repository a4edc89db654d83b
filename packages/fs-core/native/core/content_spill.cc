// Content that moves to disk when it becomes large: its blob file is then one without a name in a
// directory on disk. All else about it stays as with any blob file: open files, views and mounts
// go on. The disk's file goes with its last descriptor, also when the process is killed.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <new>
#include <optional>

#include "blob_io.h"
#include "content.h"

namespace ram {
namespace {

constexpr size_t kPieceBytes = size_t{1} << 20;
constexpr int kFlags = O_RDWR | O_CLOEXEC | O_NOFOLLOW;

// Where O_TMPFILE is unknown: a name that nobody can guess, gone at once.
int openAndUnlink(int directory) {
  uint64_t random[2];
  if (::getrandom(random, sizeof random, 0) != sizeof random) return -EIO;
  char name[64];
  snprintf(name, sizeof name, ".ram-spill-%016llx%016llx",
           static_cast<unsigned long long>(random[0]), static_cast<unsigned long long>(random[1]));
  const int fd = ::openat(directory, name, kFlags | O_CREAT | O_EXCL, 0600);
  if (fd < 0) return -errno;
  ::unlinkat(directory, name, 0);
  return fd;
}

int openUnnamed(int directory) {
  const int fd = ::openat(directory, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (fd >= 0) return fd;
  const bool unknown = errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL;
  return unknown ? openAndUnlink(directory) : -errno;
}

int writeAll(int fd, const uint8_t* bytes, size_t length, uint64_t offset) {
  while (length > 0) {
    const ssize_t n = ::pwrite(fd, bytes, length, static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return -errno;
    bytes += n;
    length -= static_cast<size_t>(n);
    offset += static_cast<uint64_t>(n);
  }
  return 0;
}

}  // namespace

int Content::setSpill(uint64_t inode, InodeRecord* record, uint64_t bytes, int directory) {
  struct stat status;
  if (::fstat(directory, &status) != 0) return -errno;
  if (!S_ISDIR(status.st_mode)) return -ENOTDIR;
  if (!parts_.blobs.backing().isTmpfs()) return -EOPNOTSUPP;
  const int own = ::fcntl(directory, F_DUPFD_CLOEXEC, 0);
  if (own < 0) return -errno;
  spills_.set(inode, bytes, own);
  uint64_t size = 0;
  if (int result = currentSize(inode, record, &size); result < 0) return result;
  spillFor(inode, record, size);
  return 0;
}

bool Content::isSpilled(const InodeRecord* record) const {
  return record->kind == ContentKind::kFile && isSpilledBlob(record->content);
}

void Content::spillFor(uint64_t inode, InodeRecord* record, uint64_t size) {
  const int directory = spills_.directoryFor(inode, size);
  if (directory < 0 || isSpilled(record)) return;
  // Stores into a writable view would be lost while it is copied.
  if (parts_.views.hasWritable(inode)) return;
  const int fd = openUnnamed(directory);
  if (fd < 0) return;
  if (spill(inode, record, fd) < 0) ::close(fd);
}

int Content::copyOut(uint64_t inode, InodeRecord* record, uint64_t size, int fd) {
  const std::unique_ptr<uint8_t[]> piece(new (std::nothrow) uint8_t[kPieceBytes]);
  if (!piece) return -ENOMEM;
  BlobFiles::Lease source;
  std::optional<NoAccess> quiet;
  if (record->kind == ContentKind::kFile) {
    if (int status = parts_.blobs.acquire(record->content, &source); status < 0) return status;
    quiet.emplace(source.fd());
  }
  // A full disk is found before the copy.
  if (size > 0 && ::fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, static_cast<off_t>(size)) != 0 &&
      errno == ENOSPC) {
    return -ENOSPC;
  }
  if (::ftruncate(fd, static_cast<off_t>(size)) != 0) return -errno;
  uint64_t at = 0;
  while (at < size) {
    const int64_t data = seek(inode, record, at, SEEK_DATA);
    if (data == -ENXIO) break;
    if (data < 0) return static_cast<int>(data);
    const int64_t hole = seek(inode, record, static_cast<uint64_t>(data), SEEK_HOLE);
    if (hole < 0) return static_cast<int>(hole);
    at = static_cast<uint64_t>(data);
    const uint64_t end = std::min(size, static_cast<uint64_t>(hole));
    while (at < end) {
      const ssize_t n =
          read(inode, record, at, piece.get(), std::min<uint64_t>(kPieceBytes, end - at));
      if (n <= 0) return n < 0 ? static_cast<int>(n) : -EIO;
      const int result = writeAll(fd, piece.get(), static_cast<size_t>(n), at);
      if (result < 0) return result;
      at += static_cast<uint64_t>(n);
    }
  }
  return 0;
}

// On failure nothing has changed, and `fd` stays the caller's.
int Content::spill(uint64_t inode, InodeRecord* record, int fd) {
  if (int status = resident(inode, record); status < 0) return status;
  if (int status = settle(inode, record); status < 0) return status;
  const uint64_t size = record->size;
  const Timestamp accessed{record->accessed, record->accessedNs};
  const int copied = copyOut(inode, record, size, fd);
  // Copying it was no access, which a window must not take for one.
  files_.unmap(inode, record);
  __atomic_store_n(&record->accessed, accessed.seconds, __ATOMIC_RELAXED);
  __atomic_store_n(&record->accessedNs, accessed.nanoseconds, __ATOMIC_RELAXED);
  if (copied < 0) return copied;
  const InodeRecord before = *record;
  if (int status = files_.replace(inode, record, fd); status < 0) return status;
  if (before.kind == ContentKind::kFile) {
    files_.forget(inode, before);
  } else {
    releaseBytes(inode, before);
  }
  return 0;
}

void Content::unspill(uint64_t inode, InodeRecord* record) {
  settle(inode, record);  // fails where the process is gone that had it open
  const InodeRecord before = *record;
  pages_.truncate(record, 0);
  releaseBytes(inode, before);
}

}  // namespace ram
