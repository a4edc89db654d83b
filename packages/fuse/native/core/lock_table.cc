#include "lock_table.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <set>
#include <utility>

namespace ram::fuse {
namespace {

constexpr size_t kInterruptedMax = 64;  // interrupts that outran their request

bool overlaps(const WireLock& a, const WireLock& b) {
  return a.start <= b.end && b.start <= a.end;
}

// Overlaps, or lies right before or behind.
bool touches(const WireLock& a, const WireLock& b) {
  return (b.end == UINT64_MAX || a.start <= b.end + 1) &&
         (a.end == UINT64_MAX || b.start <= a.end + 1);
}

}  // namespace

std::shared_ptr<LockTable> LockTable::of(FileSystem* fileSystem) {
  static std::mutex mutex;
  static std::unordered_map<FileSystem*, std::weak_ptr<LockTable>> tables;
  std::lock_guard lock(mutex);
  std::erase_if(tables, [](const auto& entry) { return entry.second.expired(); });
  auto table = tables[fileSystem].lock();
  if (!table) {
    table = std::make_shared<LockTable>();
    tables[fileSystem] = table;
  }
  return table;
}

bool LockTable::conflicts(const Held& held, const LockOwner& owner, const WireLock& lock) {
  return held.owner.flock == owner.flock && held.owner != owner && overlaps(held.lock, lock) &&
         (held.lock.type == F_WRLCK || lock.type == F_WRLCK);
}

const LockTable::Held* LockTable::conflict(const File& file, const LockOwner& owner,
                                           const WireLock& lock) {
  for (const Held& held : file.held) {
    if (conflicts(held, owner, lock)) return &held;
  }
  return nullptr;
}

// The owner's locks in the range are replaced: cut at its borders, removed inside it. Those of the
// same type that touch it become one with it.
void LockTable::apply(File& file, const LockOwner& owner, const WireLock& lock,
                      uint64_t handle) {
  std::vector<Held> kept;
  kept.reserve(file.held.size() + 2);
  WireLock whole = lock;
  for (const Held& held : file.held) {
    if (held.owner == owner && held.lock.type == lock.type && touches(held.lock, lock)) {
      whole.start = std::min(whole.start, held.lock.start);
      whole.end = std::max(whole.end, held.lock.end);
      continue;
    }
    if (held.owner != owner || !overlaps(held.lock, lock)) {
      kept.push_back(held);
      continue;
    }
    if (held.lock.start < lock.start) {
      kept.push_back(held);
      kept.back().lock.end = lock.start - 1;
    }
    if (held.lock.end > lock.end) {
      kept.push_back(held);
      kept.back().lock.start = lock.end + 1;
    }
  }
  if (lock.type != F_UNLCK) kept.push_back({owner, whole, handle});
  file.held.swap(kept);
}

int LockTable::query(uint64_t inode, const LockOwner& owner, WireLock* lock) {
  std::lock_guard guard(mutex_);
  auto file = files_.find(inode);
  const Held* held = file == files_.end() ? nullptr : conflict(file->second, owner, *lock);
  if (held == nullptr) {
    lock->type = F_UNLCK;
  } else {
    *lock = held->lock;
  }
  return 0;
}

int LockTable::set(uint64_t inode, const LockOwner& owner, const WireLock& lock,
                   const Waiter* waiter, uint64_t handle) {
  if (lock.start > lock.end) return -EINVAL;
  if (lock.type != F_RDLCK && lock.type != F_WRLCK && lock.type != F_UNLCK) return -EINVAL;
  std::lock_guard guard(mutex_);
  File& file = files_[inode];
  int result = 0;
  if (lock.type == F_UNLCK || conflict(file, owner, lock) == nullptr) {
    apply(file, owner, lock, handle);
  } else if (waiter == nullptr) {
    result = -EAGAIN;
  } else if (takeInterrupted(*waiter)) {
    result = -EINTR;
  } else if (!owner.flock && deadlocks(file, owner, lock)) {
    result = -EDEADLK;
  } else {
    file.waiting.push_back({owner, lock, *waiter, handle});
    return kWaiting;
  }
  settle(inode, file);  // a lock may also have been made weaker
  return result;
}

// Grants what can be granted now, in the order of asking, and forgets files without locks.
void LockTable::settle(uint64_t inode, File& file) {
  for (auto waiting = file.waiting.begin(); waiting != file.waiting.end();) {
    if (conflict(file, waiting->owner, waiting->lock) != nullptr) {
      ++waiting;
      continue;
    }
    apply(file, waiting->owner, waiting->lock, waiting->handle);
    const Waiter& waiter = waiting->waiter;
    waiter.listener->lockSettled(waiter.unique, waiter.channel, 0);
    waiting = file.waiting.erase(waiting);
  }
  if (file.held.empty() && file.waiting.empty()) files_.erase(inode);
}

// Whether someone whom `owner` would wait for waits, over others, for `owner`. Looks at each of
// them once.
bool LockTable::deadlocks(const File& file, const LockOwner& owner, const WireLock& lock) const {
  std::multimap<LockOwner, std::pair<const File*, const Waiting*>> waits;
  for (const auto& [inode, other] : files_) {
    for (const Waiting& waiting : other.waiting) waits.insert({waiting.owner, {&other, &waiting}});
  }
  std::set<LockOwner> seen;
  std::vector<LockOwner> next;
  auto reach = [&](const File& wanted, const LockOwner& waiter, const WireLock& range) {
    for (const Held& held : wanted.held) {
      if (!conflicts(held, waiter, range)) continue;
      if (seen.insert(held.owner).second) next.push_back(held.owner);
    }
  };
  reach(file, owner, lock);
  while (!next.empty() && !seen.contains(owner)) {
    auto [first, last] = waits.equal_range(next.back());
    next.pop_back();
    for (; first != last; ++first) {
      const auto& [wanted, waiting] = first->second;
      reach(*wanted, waiting->owner, waiting->lock);
    }
  }
  return seen.contains(owner);
}

bool LockTable::takeInterrupted(const Waiter& waiter) {
  return std::erase_if(interrupted_, [&](const Interrupted& entry) {
           return entry.listener == waiter.listener && entry.unique == waiter.unique;
         }) > 0;
}

void LockTable::interrupt(LockListener* listener, uint64_t unique) {
  std::lock_guard guard(mutex_);
  for (auto& [inode, file] : files_) {
    for (auto waiting = file.waiting.begin(); waiting != file.waiting.end(); ++waiting) {
      const Waiter& waiter = waiting->waiter;
      if (waiter.listener != listener || waiter.unique != unique) continue;
      listener->lockSettled(unique, waiter.channel, -EINTR);
      file.waiting.erase(waiting);
      settle(inode, file);
      return;
    }
  }
  interrupted_.push_back({listener, unique});
  if (interrupted_.size() > kInterruptedMax) interrupted_.pop_front();
}

void LockTable::releaseOwner(uint64_t inode, const LockOwner& owner) {
  std::lock_guard guard(mutex_);
  auto found = files_.find(inode);
  if (found == files_.end()) return;
  apply(found->second, owner, {0, UINT64_MAX, F_UNLCK, 0}, 0);
  settle(inode, found->second);
}

void LockTable::releaseHandle(uint64_t inode, uint32_t mount, uint64_t handle) {
  std::lock_guard guard(mutex_);
  auto found = files_.find(inode);
  if (found == files_.end()) return;
  std::erase_if(found->second.held, [&](const Held& held) {
    return held.owner.mount == mount && held.handle == handle;
  });
  settle(inode, found->second);
}

void LockTable::releaseMount(uint32_t mount) {
  std::lock_guard guard(mutex_);
  std::vector<uint64_t> inodes;
  for (auto& [inode, file] : files_) {
    std::erase_if(file.held, [&](const Held& held) { return held.owner.mount == mount; });
    file.waiting.remove_if([&](const Waiting& item) { return item.owner.mount == mount; });
    inodes.push_back(inode);
  }
  for (uint64_t inode : inodes) settle(inode, files_[inode]);
}

}  // namespace ram::fuse
