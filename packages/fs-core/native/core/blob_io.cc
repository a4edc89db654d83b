#include "blob_io.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>

#include "backing.h"

namespace ram {
namespace {

constexpr uint64_t kZeroBytes = 64 * 1024;
constexpr uint8_t kZeros[kZeroBytes] = {};
constexpr size_t kWriteMax = size_t{1} << 30;  // below the kernel's limit for one call

uint64_t kernelPage() {
  static const uint64_t bytes = static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  return bytes;
}

uint64_t pageFloor(uint64_t n) { return n / kernelPage() * kernelPage(); }
uint64_t pageCeiling(uint64_t n) { return pageFloor(n + kernelPage() - 1); }

off_t toOffset(uint64_t n) { return static_cast<off_t>(n); }

uint64_t pagesBytes(int fd) {
  struct stat status;
  return ::fstat(fd, &status) == 0 ? static_cast<uint64_t>(status.st_blocks) * 512 : 0;
}

uint64_t sizeOf(int fd) {
  struct stat status;
  return ::fstat(fd, &status) == 0 ? static_cast<uint64_t>(status.st_size) : 0;
}

// The end of the piece of [offset, end) for which `granted` bytes of new pages are enough.
uint64_t affordable(int fd, uint64_t offset, uint64_t end, uint64_t granted) {
  uint64_t at = pageFloor(offset);
  while (at < end) {
    off_t data = ::lseek(fd, toOffset(at), SEEK_DATA);
    const uint64_t hole = (data < 0 ? end : std::min(static_cast<uint64_t>(data), end)) - at;
    if (hole > granted) return std::max(offset, at + granted);
    granted -= std::min(granted, pageCeiling(hole));
    if (data < 0 || static_cast<uint64_t>(data) >= end) return end;
    at = static_cast<uint64_t>(::lseek(fd, data, SEEK_HOLE));
    at = pageCeiling(at);
  }
  return end;
}

// Bytes of whole pages that [offset, end) lacks.
uint64_t missingBytes(int fd, uint64_t offset, uint64_t end) {
  uint64_t missing = 0;
  uint64_t at = pageFloor(offset);
  end = pageCeiling(end);
  while (at < end) {
    const off_t data = ::lseek(fd, toOffset(at), SEEK_DATA);
    if (data < 0 || static_cast<uint64_t>(data) >= end) return missing + end - at;
    missing += static_cast<uint64_t>(data) - at;
    at = pageCeiling(static_cast<uint64_t>(::lseek(fd, data, SEEK_HOLE)));
  }
  return missing;
}

// Settles the counter with what an operation really made or freed.
class Reservation {
 public:
  Reservation(Backing& backing, int fd, uint64_t bytes)
      : backing_(backing), fd_(fd), before_(backing.isTmpfs() ? 0 : pagesBytes(fd)) {
    granted_ = backing.reserveUpTo(bytes);
  }
  ~Reservation() {
    if (!backing_.isTmpfs()) backing_.unreserve(before_ + granted_ - pagesBytes(fd_));
  }
  uint64_t granted() const { return granted_; }

 private:
  Backing& backing_;
  int fd_;
  uint64_t before_;
  uint64_t granted_;
};

ssize_t writeOnce(int fd, const void* data, size_t length, uint64_t offset) {
  iovec vector{const_cast<void*>(data), std::min(length, kWriteMax)};
  for (;;) {
    const ssize_t n = offset == kAtEnd
                          ? ::pwritev2(fd, &vector, 1, 0, RWF_APPEND)
                          : ::pwrite(fd, data, vector.iov_len, toOffset(offset));
    if (n >= 0) return n;
    if (errno != EINTR) return -errno;
  }
}

ssize_t writeAll(int fd, const uint8_t* data, size_t length, uint64_t offset) {
  size_t done = 0;
  while (done < length) {
    const uint64_t at = offset == kAtEnd ? kAtEnd : offset + done;
    const ssize_t n = writeOnce(fd, data + done, length - done, at);
    if (n < 0) return done > 0 ? static_cast<ssize_t>(done) : n;
    if (n == 0) break;
    done += static_cast<size_t>(n);
  }
  return static_cast<ssize_t>(done);
}

}  // namespace

ssize_t blobWrite(Backing& backing, int fd, const void* data, size_t length, uint64_t offset) {
  const auto* bytes = static_cast<const uint8_t*>(data);
  if (backing.isTmpfs()) return writeAll(fd, bytes, length, offset);
  if (offset == kAtEnd) offset = sizeOf(fd);
  const uint64_t end = offset + length;
  const Reservation reservation(backing, fd, missingBytes(fd, offset, end));
  const uint64_t stop = affordable(fd, offset, end, reservation.granted());
  if (stop <= offset && length > 0) return -ENOSPC;
  return writeAll(fd, bytes, stop - offset, offset);
}

ssize_t blobRead(int fd, void* data, size_t length, uint64_t offset) {
  auto* bytes = static_cast<uint8_t*>(data);
  size_t done = 0;
  while (done < length) {
    const ssize_t n = ::pread(fd, bytes + done, std::min(length - done, kWriteMax),
                              toOffset(offset + done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return done > 0 ? static_cast<ssize_t>(done) : -errno;
    if (n == 0) break;
    done += static_cast<size_t>(n);
  }
  return static_cast<ssize_t>(done);
}

int blobTruncate(Backing& backing, int fd, uint64_t size) {
  const Reservation reservation(backing, fd, 0);
  while (::ftruncate(fd, toOffset(size)) != 0) {
    if (errno != EINTR) return -errno;
  }
  return 0;
}

int blobAllocate(Backing& backing, int fd, int mode, uint64_t offset, uint64_t length) {
  const bool makes = (mode & FALLOC_FL_PUNCH_HOLE) == 0;
  const uint64_t end = offset + length;
  const uint64_t most = makes ? pageCeiling(end) - pageFloor(offset) : 0;
  const Reservation reservation(backing, fd, most);
  if (makes && !backing.isTmpfs() &&
      affordable(fd, offset, end, reservation.granted()) < end) {
    return -ENOSPC;
  }
  while (::fallocate(fd, mode, toOffset(offset), toOffset(length)) != 0) {
    if (errno != EINTR) return -errno;
  }
  return 0;
}

NoAccess::NoAccess(int fd) : fd_(fd), flags_(::fcntl(fd, F_GETFL)) {
  if (flags_ >= 0) ::fcntl(fd_, F_SETFL, flags_ | O_NOATIME);
}

NoAccess::~NoAccess() {
  if (flags_ >= 0) ::fcntl(fd_, F_SETFL, flags_);
}

int blobZero(int fd, uint64_t offset, uint64_t length) {
  const uint64_t end = std::min(offset + length, sizeOf(fd));
  while (offset < end) {
    const off_t data = ::lseek(fd, toOffset(offset), SEEK_DATA);
    if (data < 0) return errno == ENXIO ? 0 : -errno;
    offset = std::max(offset, static_cast<uint64_t>(data));
    const off_t hole = ::lseek(fd, toOffset(offset), SEEK_HOLE);
    if (hole < 0) return errno == ENXIO ? 0 : -errno;
    const uint64_t stop = std::min(end, static_cast<uint64_t>(hole));
    while (offset < stop) {
      const ssize_t n = writeAll(fd, kZeros, std::min(kZeroBytes, stop - offset), offset);
      if (n <= 0) return n < 0 ? static_cast<int>(n) : -EIO;
      offset += static_cast<uint64_t>(n);
    }
  }
  return 0;
}

}  // namespace ram
