// Which files move to disk when they become large.
#pragma once

#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <mutex>
#include <unordered_map>

namespace ram {

// Blob numbers from here on are files on disk. No backing makes as many.
inline constexpr uint64_t kSpilledBlobs = uint64_t{1} << 62;

inline bool isSpilledBlob(uint64_t number) { return number >= kSpilledBlobs; }

// Thread-safe; a leaf lock. Not in the segments: a successor process keeps everything in memory.
class SpillRules {
 public:
  SpillRules() = default;
  ~SpillRules() {
    for (const auto& [inode, rule] : rules_) ::close(rule.directory);
  }
  SpillRules(const SpillRules&) = delete;
  SpillRules& operator=(const SpillRules&) = delete;

  // From `bytes` on the file moves into `directory`, a descriptor that is taken over.
  void set(uint64_t inode, uint64_t bytes, int directory) {
    remove(inode);
    std::lock_guard lock(mutex_);
    rules_[inode] = {bytes, directory};
    count_.store(rules_.size(), std::memory_order_relaxed);
  }
  void remove(uint64_t inode) {
    if (count_.load(std::memory_order_relaxed) == 0) return;
    std::lock_guard lock(mutex_);
    const auto found = rules_.find(inode);
    if (found == rules_.end()) return;
    ::close(found->second.directory);
    rules_.erase(found);
    count_.store(rules_.size(), std::memory_order_relaxed);
  }
  // The directory to which a file of `size` bytes moves, or -1. Lock: the inode, exclusive, which
  // keeps the descriptor open.
  int directoryFor(uint64_t inode, uint64_t size) const {
    if (count_.load(std::memory_order_relaxed) == 0) return -1;
    std::lock_guard lock(mutex_);
    const auto found = rules_.find(inode);
    return found == rules_.end() || size <= found->second.bytes ? -1 : found->second.directory;
  }

 private:
  struct Rule {
    uint64_t bytes;
    int directory;
  };

  mutable std::mutex mutex_;
  std::unordered_map<uint64_t, Rule> rules_;
  std::atomic<uint64_t> count_{0};
};

}  // namespace ram
