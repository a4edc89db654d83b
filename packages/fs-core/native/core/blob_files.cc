#include "blob_files.h"

#include <errno.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "spill_rules.h"

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
  if (entry->leases++ == 0 && entry->idle != idle_.end()) idle_.erase(entry->idle);
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

void BlobFiles::adoptSpilled(uint64_t number, int fd) {
  std::lock_guard lock(mutex_);
  Entry& entry = entries_[number];
  entry.number = number;
  entry.fd = fd;
  entry.idle = idle_.end();
  spilled_.fetch_add(1, std::memory_order_relaxed);
}

uint64_t BlobFiles::spilledBytes() {
  if (spilled_.load(std::memory_order_relaxed) == 0) return 0;
  std::lock_guard lock(mutex_);
  uint64_t bytes = 0;
  for (const auto& [number, entry] : entries_) {
    struct stat status;
    if (isSpilledBlob(number) && ::fstat(entry.fd, &status) == 0) {
      bytes += static_cast<uint64_t>(status.st_blocks) * 512;
    }
  }
  return bytes;
}

int BlobFiles::acquire(uint64_t number, Lease* out) {
  {
    std::lock_guard lock(mutex_);
    if (const auto found = entries_.find(number); found != entries_.end()) {
      give(&found->second, out);
      return 0;
    }
  }
  if (isSpilledBlob(number)) return -EIO;  // of a process that is gone
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
    } else if (isSpilledBlob(entry->number)) {
      entry->idle = idle_.end();
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
      if (isSpilledBlob(number)) spilled_.fetch_sub(1, std::memory_order_relaxed);
      if (entry.leases == 0) {
        if (entry.idle != idle_.end()) idle_.erase(entry.idle);
        entries_.erase(found);
      } else {
        fd = -1;
        auto node = entries_.extract(found);
        removed_.emplace(&node.mapped(), std::move(node));
      }
    }
  }
  if (fd >= 0) ::close(fd);
  if (!isSpilledBlob(number)) backing_.removeBlob(number);
}

}  // namespace ram
