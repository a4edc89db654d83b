#include "blob_files.h"

#include <errno.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

namespace ram {
namespace {

constexpr uint64_t kBudgetMin = 16;
constexpr uint64_t kBudgetMax = 4096;

uint32_t defaultBudget() {
  struct rlimit limit;
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return kBudgetMin;
  return static_cast<uint32_t>(
      std::clamp<uint64_t>(static_cast<uint64_t>(limit.rlim_cur) / 4, kBudgetMin, kBudgetMax));
}

bool isOutOfDescriptors(int status) { return status == -EMFILE || status == -ENFILE; }

}  // namespace

BlobFiles::BlobFiles(Backing& backing, uint32_t budget)
    : backing_(backing), budget_(budget != 0 ? budget : defaultBudget()) {}

BlobFiles::~BlobFiles() {
  for (auto& [number, entry] : entries_) ::close(entry.fd);
}

void BlobFiles::Lease::reset() {
  if (files_ != nullptr) files_->release(entry_);
  files_ = nullptr;
}

uint32_t BlobFiles::openDescriptors() {
  std::lock_guard lock(mutex_);
  return static_cast<uint32_t>(entries_.size() + removed_.size());
}

void BlobFiles::give(Entry* entry, Lease* out) {
  if (entry->leases++ == 0) idle_.erase(entry->idle);
  out->files_ = this;
  out->entry_ = entry;
}

int BlobFiles::takeVictim(bool always) {
  if (!backing_.isTmpfs() || idle_.empty()) return -1;
  if (!always && entries_.size() <= budget_) return -1;
  Entry* victim = idle_.front();
  idle_.pop_front();
  const int fd = victim->fd;
  entries_.erase(victim->number);
  return fd;
}

bool BlobFiles::closeIdle() {
  int fd;
  {
    std::lock_guard lock(mutex_);
    fd = takeVictim(true);
  }
  if (fd >= 0) ::close(fd);
  return fd >= 0;
}

template <class Open>
int BlobFiles::openWithRoom(Open open) {
  for (;;) {
    const int fd = open();
    if (!isOutOfDescriptors(fd) || !closeIdle()) return fd;
  }
}

// Enters an open descriptor, unless another thread was quicker (which can't be for a fresh file).
int BlobFiles::adopt(uint64_t number, int fd, bool fresh, Lease* out) {
  int surplus = -1;
  int victim = -1;
  int status = 0;
  {
    std::lock_guard lock(mutex_);
    const bool pinned = !backing_.isTmpfs();
    if (fresh && pinned && entries_.size() >= budget_) {
      surplus = fd;
      status = -EMFILE;
    } else {
      const auto [found, inserted] = entries_.try_emplace(number);
      Entry& entry = found->second;
      if (inserted) {
        entry.number = number;
        entry.fd = fd;
        entry.idle = idle_.insert(idle_.end(), &entry);
      } else {
        surplus = fd;
      }
      give(&entry, out);
      victim = takeVictim(false);
    }
  }
  if (surplus >= 0) ::close(surplus);
  if (victim >= 0) ::close(victim);
  return status;
}

int BlobFiles::create(uint64_t number, Lease* out) {
  const int fd = openWithRoom([&] { return backing_.createBlob(number); });
  return fd < 0 ? fd : adopt(number, fd, true, out);
}

int BlobFiles::acquire(uint64_t number, Lease* out) {
  {
    std::lock_guard lock(mutex_);
    if (const auto found = entries_.find(number); found != entries_.end()) {
      give(&found->second, out);
      return 0;
    }
  }
  const int fd = openWithRoom([&] { return backing_.openBlob(number); });
  return fd < 0 ? fd : adopt(number, fd, false, out);
}

void BlobFiles::release(Entry* entry) {
  int fd = -1;
  {
    std::lock_guard lock(mutex_);
    if (--entry->leases > 0) return;
    if (entry->removed) {
      fd = entry->fd;
      removed_.erase(entry);
    } else {
      entry->idle = idle_.insert(idle_.end(), entry);
      fd = takeVictim(false);
    }
  }
  if (fd >= 0) ::close(fd);
}

void BlobFiles::remove(uint64_t number) {
  int fd = -1;
  {
    std::lock_guard lock(mutex_);
    if (const auto found = entries_.find(number); found != entries_.end()) {
      Entry& entry = found->second;
      fd = entry.fd;
      struct stat status;
      if (!backing_.isTmpfs() && ::fstat(fd, &status) == 0) {
        backing_.unreserve(static_cast<uint64_t>(status.st_blocks) * 512);
      }
      entry.removed = true;
      if (entry.leases == 0) {
        idle_.erase(entry.idle);
        entries_.erase(found);
      } else {
        fd = -1;
        auto node = entries_.extract(found);
        removed_.emplace(&node.mapped(), std::move(node));
      }
    }
  }
  if (fd >= 0) ::close(fd);
  backing_.removeBlob(number);
}

}  // namespace ram
