#include "passed_versions.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

namespace ram {
namespace {

// Whether this kernel's tmpfs stamps a change with another ctime than the one looked at before.
bool stampsEachChange() {
  static const bool each = [] {
    const int fd = ::memfd_create("ram-stamps", MFD_CLOEXEC);
    if (fd < 0) return false;
    struct stat before;
    struct stat after;
    bool differs = ::fstat(fd, &before) == 0;
    for (int i = 0; differs && i < 4; ++i) {
      differs = ::pwrite(fd, "x", 1, 0) == 1 && ::fstat(fd, &after) == 0 &&
                (after.st_ctim.tv_nsec != before.st_ctim.tv_nsec ||
                 after.st_ctim.tv_sec != before.st_ctim.tv_sec);
      before = after;
    }
    ::close(fd);
    return differs;
  }();
  return each;
}

// Until changes get a later ctime than `status` has.
void awaitNextTick(const struct stat& status) {
  for (;;) {
    timespec now;
    ::clock_gettime(CLOCK_REALTIME_COARSE, &now);
    if (now.tv_sec != status.st_ctim.tv_sec || now.tv_nsec != status.st_ctim.tv_nsec) return;
    const timespec pause{0, 200'000};
    ::nanosleep(&pause, nullptr);
  }
}

}  // namespace

PassedVersions::Stamp PassedVersions::stampOf(int fd) {
  struct stat status;
  if (::fstat(fd, &status) != 0) return {};
  // A write into an empty file shows in its size.
  const bool empty = status.st_size == 0 && status.st_blocks == 0;
  if (!empty && !stampsEachChange()) {
    awaitNextTick(status);
    if (::fstat(fd, &status) != 0) return {};
  }
  return {status.st_ctim.tv_sec, status.st_ctim.tv_nsec, status.st_size, status.st_blocks};
}

uint64_t PassedVersions::watch(uint64_t blob, int fd) {
  look(blob, fd);
  const Stamp stamp = stampOf(fd);
  std::lock_guard lock(mutex_);
  Watched& watched = blobs_[blob];
  if (watched.handles++ == 0) {
    watched.stamp = stamp;
    watched.version = ++last_;
    watched_.fetch_add(1, std::memory_order_relaxed);
  }
  return watched.version;
}

void PassedVersions::unwatch(uint64_t blob) {
  std::lock_guard lock(mutex_);
  const auto found = blobs_.find(blob);
  if (found == blobs_.end() || --found->second.handles > 0) return;
  blobs_.erase(found);
  watched_.fetch_sub(1, std::memory_order_relaxed);
}

uint64_t PassedVersions::look(uint64_t blob, int fd) {
  if (watched_.load(std::memory_order_relaxed) == 0) return 0;
  std::lock_guard lock(mutex_);
  const auto found = blobs_.find(blob);
  if (found == blobs_.end()) return 0;
  const Stamp stamp = stampOf(fd);
  if (stamp != found->second.stamp) {
    found->second.stamp = stamp;
    found->second.version = ++last_;
  }
  return found->second.version;
}

PassedVersions::OwnChange::OwnChange(PassedVersions& versions, uint64_t blob, int fd)
    : versions_(versions), blob_(blob), fd_(fd), watched_(versions.look(blob, fd) != 0) {}

PassedVersions::OwnChange::~OwnChange() {
  if (!watched_) return;
  const Stamp stamp = stampOf(fd_);
  std::lock_guard lock(versions_.mutex_);
  const auto found = versions_.blobs_.find(blob_);
  if (found != versions_.blobs_.end()) found->second.stamp = stamp;
}

}  // namespace ram
