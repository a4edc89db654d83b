#include "locks.h"

#include <cstdlib>

namespace ram {

void LockSet::add(uint64_t inode, bool exclusive) {
  const uint32_t stripe = InodeLocks::stripe(inode);
  uint32_t at = 0;
  while (at < count_ && held_[at].stripe < stripe) ++at;
  if (at < count_ && held_[at].stripe == stripe) {
    held_[at].exclusive |= exclusive;
    return;
  }
  if (count_ == std::size(held_)) std::abort();  // no operation has that many inodes
  for (uint32_t i = count_++; i > at; --i) held_[i] = held_[i - 1];
  held_[at] = {stripe, exclusive};
}

void LockSet::lock() {
  for (uint32_t i = 0; i < count_; ++i) {
    std::shared_mutex& mutex = locks_.at(held_[i].stripe);
    if (held_[i].exclusive) {
      mutex.lock();
    } else {
      mutex.lock_shared();
    }
  }
  locked_ = true;
}

void LockSet::unlock() {
  if (locked_) {
    for (uint32_t i = count_; i-- > 0;) {
      std::shared_mutex& mutex = locks_.at(held_[i].stripe);
      if (held_[i].exclusive) {
        mutex.unlock();
      } else {
        mutex.unlock_shared();
      }
    }
  }
  locked_ = false;
  count_ = 0;
}

const LockSet::Held* LockSet::find(uint32_t stripe) const {
  for (uint32_t i = 0; i < count_; ++i) {
    if (held_[i].stripe == stripe) return &held_[i];
  }
  return nullptr;
}

bool LockSet::tryExclusive(uint64_t inode) {
  const uint32_t stripe = InodeLocks::stripe(inode);
  if (const Held* held = find(stripe)) return held->exclusive;
  if (!locks_.at(stripe).try_lock()) return false;
  add(inode, true);
  return true;
}

bool LockSet::tryShared(uint64_t inode) {
  const uint32_t stripe = InodeLocks::stripe(inode);
  if (find(stripe) != nullptr) return true;
  if (!locks_.at(stripe).try_lock_shared()) return false;
  add(inode, false);
  return true;
}

bool LockSet::holdsExclusive(uint64_t inode) const {
  const Held* held = find(InodeLocks::stripe(inode));
  return held != nullptr && held->exclusive;
}

}  // namespace ram
