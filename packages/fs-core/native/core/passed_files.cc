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
  std::lock_guard lock(pinnedMutex_);
  const auto [found, isNew] = pinned_.emplace(inode, changing);
  if (isNew) loud_.fetch_add(1, std::memory_order_release);
  found->second = found->second || changing;
}

void PassedFiles::unpin(uint64_t inode) {
  if (isQuiet()) return;
  std::lock_guard lock(pinnedMutex_);
  if (pinned_.erase(inode) != 0) loud_.fetch_sub(1, std::memory_order_release);
}

bool PassedFiles::isChanging(uint64_t inode) {
  if (isQuiet()) return false;
  std::lock_guard lock(pinnedMutex_);
  const auto found = pinned_.find(inode);
  return found != pinned_.end() && found->second;
}

uint64_t PassedFiles::nextPinned() {
  if (isQuiet()) return 0;
  std::lock_guard lock(pinnedMutex_);
  if (pinned_.empty()) return 0;
  auto next = pinned_.upper_bound(lastPinned_);
  if (next == pinned_.end()) next = pinned_.begin();
  lastPinned_ = next->first;
  return lastPinned_;
}

}  // namespace ram
