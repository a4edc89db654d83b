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
  for (Shard& shard : shards_) {
    for (auto& [number, entry] : shard.entries) ::close(entry.fd);
  }
}

void BlobFiles::Lease::reset() {
  if (files_ != nullptr) files_->release(entry_);
  files_ = nullptr;
}

uint32_t BlobFiles::openDescriptors() {
  size_t count = 0;
  for (Shard& shard : shards_) {
    std::lock_guard lock(shard.mutex);
    count += shard.entries.size() + shard.removed.size();
  }
  return static_cast<uint32_t>(count);
}

void BlobFiles::give(Shard& shard, Entry* entry, Lease* out) {
  if (entry->leases++ == 0 && entry->idle != shard.idle.end()) shard.idle.erase(entry->idle);
  out->files_ = this;
  out->entry_ = entry;
}

// false: there was none.
bool BlobFiles::closeIdle() {
  if (!backing_.isTmpfs()) return false;
  const uint32_t first = turn_.fetch_add(1, std::memory_order_relaxed);
  for (uint32_t i = 0; i < kShards; ++i) {
    Shard& shard = shards_[(first + i) % kShards];
    std::unique_lock lock(shard.mutex);
    if (shard.idle.empty()) continue;
    Entry* victim = shard.idle.front();
    shard.idle.pop_front();
    const int fd = victim->fd;
    shard.entries.erase(victim->number);
    counted_.fetch_sub(1, std::memory_order_relaxed);
    lock.unlock();
    ::close(fd);
    return true;
  }
  return false;
}

void BlobFiles::closeSurplus() {
  while (counted_.load(std::memory_order_relaxed) > budget_ && closeIdle()) {
  }
}

template <class Open>
int BlobFiles::openWithRoom(Open open) {
  for (;;) {
    const int fd = open();
    if (!isOutOfDescriptors(fd) || !closeIdle()) return fd;
  }
}

// false: another thread was quicker, and its descriptor is given. That can't be for a fresh file.
bool BlobFiles::enter(Shard& shard, uint64_t number, int fd, Lease* out) {
  const auto [found, inserted] = shard.entries.try_emplace(number);
  Entry& entry = found->second;
  if (inserted) {
    entry.number = number;
    entry.fd = fd;
    entry.idle = shard.idle.end();
  }
  give(shard, &entry, out);
  return inserted;
}

int BlobFiles::adopt(uint64_t number, int fd, bool fresh, Lease* out) {
  const uint32_t before = counted_.fetch_add(1, std::memory_order_relaxed);
  const bool pinned = !backing_.isTmpfs();
  bool entered = false;
  int status = fresh && pinned && before >= budget_ ? -EMFILE : 0;
  if (status == 0) {
    Shard& shard = shardOf(number);
    std::lock_guard lock(shard.mutex);
    entered = enter(shard, number, fd, out);
  }
  if (!entered) {
    counted_.fetch_sub(1, std::memory_order_relaxed);
    ::close(fd);
  }
  closeSurplus();
  return status;
}

int BlobFiles::create(uint64_t number, Lease* out) {
  const int fd = openWithRoom([&] { return backing_.createBlob(number); });
  return fd < 0 ? fd : adopt(number, fd, true, out);
}

void BlobFiles::adoptSpilled(uint64_t number, int fd) {
  Shard& shard = shardOf(number);
  std::lock_guard lock(shard.mutex);
  Entry& entry = shard.entries[number];
  entry.number = number;
  entry.fd = fd;
  entry.idle = shard.idle.end();
  spilled_.fetch_add(1, std::memory_order_relaxed);
}

uint64_t BlobFiles::spilledBytes() {
  if (spilled_.load(std::memory_order_relaxed) == 0) return 0;
  uint64_t bytes = 0;
  for (Shard& shard : shards_) {
    std::lock_guard lock(shard.mutex);
    for (const auto& [number, entry] : shard.entries) {
      struct stat status;
      if (isSpilledBlob(number) && ::fstat(entry.fd, &status) == 0) {
        bytes += static_cast<uint64_t>(status.st_blocks) * 512;
      }
    }
  }
  return bytes;
}

int BlobFiles::acquire(uint64_t number, Lease* out) {
  {
    Shard& shard = shardOf(number);
    std::lock_guard lock(shard.mutex);
    if (const auto found = shard.entries.find(number); found != shard.entries.end()) {
      give(shard, &found->second, out);
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
    Shard& shard = shardOf(entry->number);
    std::lock_guard lock(shard.mutex);
    if (--entry->leases > 0) return;
    if (entry->removed) {
      fd = entry->fd;
      shard.removed.erase(entry);
    } else if (isSpilledBlob(entry->number)) {
      entry->idle = shard.idle.end();
    } else {
      entry->idle = shard.idle.insert(shard.idle.end(), entry);
    }
  }
  if (fd >= 0) ::close(fd);
  closeSurplus();
}

void BlobFiles::remove(uint64_t number) {
  int fd = -1;
  {
    Shard& shard = shardOf(number);
    std::lock_guard lock(shard.mutex);
    if (const auto found = shard.entries.find(number); found != shard.entries.end()) {
      Entry& entry = found->second;
      fd = entry.fd;
      struct stat status;
      if (!backing_.isTmpfs() && ::fstat(fd, &status) == 0) {
        backing_.unreserve(static_cast<uint64_t>(status.st_blocks) * 512);
      }
      entry.removed = true;
      (isSpilledBlob(number) ? spilled_ : counted_).fetch_sub(1, std::memory_order_relaxed);
      if (entry.leases == 0) {
        if (entry.idle != shard.idle.end()) shard.idle.erase(entry.idle);
        shard.entries.erase(found);
      } else {
        fd = -1;
        auto node = shard.entries.extract(found);
        shard.removed.emplace(&node.mapped(), std::move(node));
      }
    }
  }
  if (fd >= 0) ::close(fd);
  if (!isSpilledBlob(number)) backing_.removeBlob(number);
}

}  // namespace ram
