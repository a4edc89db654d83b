#include "backing.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/memfd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <algorithm>
#include <new>

#include "tmpfs_mount.h"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

namespace ram {
namespace {

constexpr const char* kSegmentName = "segments";
constexpr long kTmpfsMagic = 0x01021994;

uint64_t kernelPageBytes() {
  static const uint64_t bytes = static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  return bytes;
}

// "b" and the number in hexadecimal.
struct BlobName {
  explicit BlobName(uint64_t number) {
    ::snprintf(text, sizeof text, "b%llx", static_cast<unsigned long long>(number));
  }
  char text[24];
};

bool parseBlobName(const char* name, uint64_t* number) {
  if (name[0] != 'b' || name[1] == '\0') return false;
  char* end = nullptr;
  *number = ::strtoull(name + 1, &end, 16);
  return *end == '\0';
}

int makeMemoryFile(const char* name) {
  int fd = ::memfd_create(name, MFD_CLOEXEC | MFD_NOEXEC_SEAL);
  if (fd < 0 && errno == EINVAL) fd = ::memfd_create(name, MFD_CLOEXEC);  // kernel < 6.3
  if (fd < 0) return -errno;
  // Else another user could reopen it for writing through /proc/<pid>/fd of a read-only holder.
  if (::fchmod(fd, 0600) != 0) {
    const int error = errno;
    ::close(fd);
    return -error;
  }
  return fd;
}

int openIn(int directory, const char* name, int flags) {
  for (;;) {
    const int fd = ::openat(directory, name, flags | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd >= 0) return fd;
    if (errno != EINTR) return -errno;
  }
}

}  // namespace

Backing::~Backing() {
  if (segmentFd_ >= 0) ::close(segmentFd_);
  if (mountFd_ >= 0) ::close(mountFd_);
}

int Backing::makeMemfd(uint64_t maxBytes) {
  const uint64_t page = kernelPageBytes();
  maxBytes_ = (maxBytes + page - 1) / page * page;
  segmentFd_ = makeMemoryFile("ram-segments");
  return std::min(segmentFd_, 0);
}

int Backing::make(BackingChoice choice, uint64_t maxBytes, bool swap,
                  std::unique_ptr<Backing>* out, const char** syscall) {
  std::unique_ptr<Backing> backing(new (std::nothrow) Backing());
  if (!backing) return -ENOMEM;
  *syscall = "fsconfig";
  if (maxBytes == 0) return -EINVAL;  // would mean "no limit"
  if (choice == BackingChoice::kMemfd && !swap) return -EOPNOTSUPP;
  if (choice != BackingChoice::kMemfd) {
    const int fd = makeTmpfs({maxBytes, swap}, syscall);
    // Memfds can't be kept in RAM, so there is nothing to fall back to without swap.
    if (fd < 0 && (choice == BackingChoice::kTmpfs || !swap)) return fd;
    backing->mountFd_ = std::max(fd, -1);
  }
  int status = 0;
  if (backing->mountFd_ >= 0) {
    *syscall = "openat";
    status = openIn(backing->mountFd_, kSegmentName, O_RDWR | O_CREAT | O_EXCL);
    backing->segmentFd_ = std::max(status, -1);
  } else {
    *syscall = "memfd_create";
    status = backing->makeMemfd(maxBytes);
  }
  if (status < 0) return status;
  *out = std::move(backing);
  return 0;
}

int Backing::adopt(int fd, std::unique_ptr<Backing>* out) {
  struct statfs information;
  if (::fstatfs(fd, &information) != 0) return -errno;
  if (information.f_type != kTmpfsMagic) return -EUCLEAN;
  const int segments = openIn(fd, kSegmentName, O_RDWR);
  if (segments < 0) return segments == -ENOENT || segments == -ENOTDIR ? -EUCLEAN : segments;
  std::unique_ptr<Backing> backing(new (std::nothrow) Backing());
  if (!backing) {
    ::close(segments);
    return -ENOMEM;
  }
  backing->mountFd_ = fd;
  backing->segmentFd_ = segments;
  *out = std::move(backing);
  return 0;
}

int Backing::createBlob(uint64_t number) {
  if (!isTmpfs()) return makeMemoryFile("ram-blob");
  return openIn(mountFd_, BlobName(number).text, O_RDWR | O_CREAT | O_EXCL);
}

int Backing::openBlob(uint64_t number) {
  if (!isTmpfs()) return -ENOENT;
  return openIn(mountFd_, BlobName(number).text, O_RDWR);
}

int Backing::removeBlob(uint64_t number) {
  if (!isTmpfs()) return 0;
  return ::unlinkat(mountFd_, BlobName(number).text, 0) == 0 ? 0 : -errno;
}

int Backing::listBlobs(std::vector<uint64_t>* numbers) {
  if (!isTmpfs()) return 0;
  const int fd = openIn(mountFd_, ".", O_RDONLY | O_DIRECTORY);
  if (fd < 0) return fd;
  DIR* directory = ::fdopendir(fd);
  if (directory == nullptr) {
    const int error = errno;
    ::close(fd);
    return -error;
  }
  while (const dirent* entry = ::readdir(directory)) {
    uint64_t number = 0;
    if (parseBlobName(entry->d_name, &number)) numbers->push_back(number);
  }
  ::closedir(directory);
  return 0;
}

int Backing::usage(uint64_t* used, uint64_t* free) const {
  if (!isTmpfs()) {
    *used = reserved_.load(std::memory_order_relaxed);
    *free = maxBytes_ - *used;
    return 0;
  }
  struct statfs information;
  if (::fstatfs(mountFd_, &information) != 0) return -errno;
  const uint64_t block = static_cast<uint64_t>(information.f_bsize);
  *used = (information.f_blocks - information.f_bfree) * block;
  *free = information.f_bfree * block;
  return 0;
}

uint64_t Backing::freeBytes() const {
  uint64_t used = 0;
  uint64_t free = 0;
  return usage(&used, &free) == 0 ? free : 0;
}

bool Backing::reserve(uint64_t bytes) {
  if (isTmpfs()) return true;
  uint64_t before = reserved_.load(std::memory_order_relaxed);
  do {
    if (bytes > maxBytes_ - before) return false;
  } while (!reserved_.compare_exchange_weak(before, before + bytes, std::memory_order_relaxed));
  return true;
}

uint64_t Backing::reserveUpTo(uint64_t bytes) {
  if (isTmpfs()) return bytes;
  const uint64_t page = kernelPageBytes();
  uint64_t before = reserved_.load(std::memory_order_relaxed);
  uint64_t granted;
  do {
    granted = std::min(bytes, (maxBytes_ - before) / page * page);
  } while (!reserved_.compare_exchange_weak(before, before + granted,
                                            std::memory_order_relaxed));
  return granted;
}

void Backing::unreserve(uint64_t bytes) {
  if (!isTmpfs()) reserved_.fetch_sub(bytes, std::memory_order_relaxed);
}

}  // namespace ram
