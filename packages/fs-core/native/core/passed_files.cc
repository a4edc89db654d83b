#include "passed_files.h"

#include <fcntl.h>

namespace ram {
namespace {

bool writes(int flags) { return (flags & O_ACCMODE) != O_RDONLY; }
bool maps(int flags) { return (flags & O_ACCMODE) == O_RDWR; }

}  // namespace

PassedFiles::Opens PassedFiles::opened(uint64_t inode, uint32_t mount, bool passed, int flags) {
  Shard& shard = this->shard(inode);
  std::lock_guard lock(shard.mutex);
  Opens& opens = shard.opens[inode * kMounts + mount];
  const Opens before = opens;
  opens.passed = passed;
  opens.all++;
  if (passed && writes(flags)) {
    opens.writers++;
    loud_.fetch_add(1, std::memory_order_release);
  }
  if (passed && maps(flags)) opens.mappers++;
  opens.mapped = opens.mapped || opens.mappers > 0;
  return before;
}

PassedFiles::Opens PassedFiles::closed(uint64_t inode, uint32_t mount, int flags) {
  Shard& shard = this->shard(inode);
  std::lock_guard lock(shard.mutex);
  const auto found = shard.opens.find(inode * kMounts + mount);
  if (found == shard.opens.end()) return {};
  Opens& opens = found->second;
  if (opens.passed && writes(flags)) {
    opens.writers--;
    loud_.fetch_sub(1, std::memory_order_release);
  }
  if (opens.passed && maps(flags)) opens.mappers--;
  const bool last = --opens.all == 0;
  const Opens left = opens;
  if (last) shard.opens.erase(found);
  return left;
}

PassedFiles::Opens PassedFiles::of(uint64_t inode, uint32_t mount) {
  Shard& shard = this->shard(inode);
  std::lock_guard lock(shard.mutex);
  const auto found = shard.opens.find(inode * kMounts + mount);
  return found == shard.opens.end() ? Opens{} : found->second;
}

bool PassedFiles::anyPassed(uint64_t inode, uint32_t mounts) {
  for (uint32_t mount = 1; mounts >> mount != 0; ++mount) {
    if ((mounts >> mount & 1) != 0 && of(inode, mount).passed) return true;
  }
  return false;
}

bool PassedFiles::anyWriter(uint64_t inode, uint32_t mounts) {
  for (uint32_t mount = 1; mounts >> mount != 0; ++mount) {
    if ((mounts >> mount & 1) != 0 && of(inode, mount).writers > 0) return true;
  }
  return false;
}

void PassedFiles::pin(uint64_t inode, bool changing) {
  Shard& shard = this->shard(inode);
  std::lock_guard lock(shard.mutex);
  const auto [found, isNew] = shard.pinned.emplace(inode, changing);
  found->second = found->second || changing;
  if (!isNew) return;
  shard.pinnedCount.fetch_add(1, std::memory_order_relaxed);
  pinned_.fetch_add(1, std::memory_order_relaxed);
  loud_.fetch_add(1, std::memory_order_release);
}

void PassedFiles::unpin(uint64_t inode) {
  Shard& shard = this->shard(inode);
  if (shard.pinnedCount.load(std::memory_order_relaxed) == 0) return;
  std::lock_guard lock(shard.mutex);
  if (shard.pinned.erase(inode) == 0) return;
  shard.pinnedCount.fetch_sub(1, std::memory_order_relaxed);
  pinned_.fetch_sub(1, std::memory_order_relaxed);
  loud_.fetch_sub(1, std::memory_order_release);
}

bool PassedFiles::isChanging(uint64_t inode) {
  if (isQuiet()) return false;
  Shard& shard = this->shard(inode);
  if (shard.pinnedCount.load(std::memory_order_acquire) == 0) return false;
  std::lock_guard lock(shard.mutex);
  const auto found = shard.pinned.find(inode);
  return found != shard.pinned.end() && found->second;
}

uint64_t PassedFiles::nextPinned() {
  if (pinned_.load(std::memory_order_relaxed) == 0) return 0;
  const size_t first = turn_.fetch_add(1, std::memory_order_relaxed);
  for (size_t i = 0; i < shards_.size(); ++i) {
    Shard& shard = shards_[(first + i) % shards_.size()];
    if (shard.pinnedCount.load(std::memory_order_relaxed) == 0) continue;
    std::lock_guard lock(shard.mutex);
    if (shard.pinned.empty()) continue;
    auto next = shard.pinned.upper_bound(shard.lastPinned);
    if (next == shard.pinned.end()) next = shard.pinned.begin();
    return shard.lastPinned = next->first;
  }
  return 0;
}

}  // namespace ram
