#include "event_retention.h"

#include <new>

namespace ram {

bool EventRetention::keep(uint64_t inode, uint64_t bytes, uint64_t bytesMax) try {
  std::lock_guard lock(mutex_);
  if (kept_.size() >= kFilesMax || bytes > bytesMax || bytes_ > bytesMax - bytes) return false;
  const uint64_t next = era_.load(std::memory_order_relaxed) + 1;
  kept_.push_back({inode, bytes, next});
  bytes_ += bytes;
  era_.store(next, std::memory_order_release);
  count_.store(kept_.size(), std::memory_order_release);
  return true;
} catch (const std::bad_alloc&) {
  return false;
}

std::vector<uint64_t> EventRetention::takeUntil(uint64_t era) {
  std::vector<uint64_t> taken;
  std::lock_guard lock(mutex_);
  while (!kept_.empty() && kept_.front().era <= era) {
    taken.push_back(kept_.front().inode);
    bytes_ -= kept_.front().bytes;
    kept_.pop_front();
  }
  count_.store(kept_.size(), std::memory_order_release);
  return taken;
}

}  // namespace ram
