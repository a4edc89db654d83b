#include "page_pool.h"

#include <errno.h>

#include <algorithm>
#include <cstring>

namespace ram {
namespace {

constexpr uint32_t kCachedPages = 256;  // 1 MiB of free pages kept for the next allocation
constexpr uint32_t kCommitAhead = 64;   // pages asked for at once where there is room

}  // namespace

// A call into the kernel, without the lock.
template <class Call>
void PagePool::unlocked(Lock& lock, Call call) {
  ++moving_;
  lock.unlock();
  call();
  lock.lock();
  if (--moving_ == 0) settled_.notify_all();
}

void PagePool::awaitSettled(Lock& lock) {
  settled_.wait(lock, [&] { return moving_ == 0; });
}

bool PagePool::commitHeld(uint32_t start, uint32_t count) {
  const uint64_t at = segment_.super()->heapOffset + start * kPageSize;
  return segment_.commit(at, uint64_t{count} * kPageSize) == 0;
}

bool PagePool::commit(Lock& lock, uint32_t start, uint32_t count) {
  bool done = false;
  unlocked(lock, [&] { done = commitHeld(start, count); });
  if (done) committedPages_ += count;
  return done;
}

void PagePool::clear(uint32_t start, uint32_t count) {
  std::memset(segment_.page(start), 0, uint64_t{count} * kPageSize);
}

// From what was given back, else from behind the end; up to `ahead` more go to the cache.
uint32_t PagePool::takeLocked(Lock& lock, uint32_t count, uint32_t ahead) {
  uint32_t more = 0;
  const uint32_t start = takeUncommitted(count, ahead, &more);
  if (start == 0) return 0;
  if (more > 0 && commit(lock, start, count + more)) {
    cached_.insert(start + count, more);
    return start;
  }
  if (more > 0) returned_.insert(start + count, more);
  if (commit(lock, start, count)) return start;
  returned_.insert(start, count);
  return 0;
}

// Looks again, with nobody in the kernel. *zeroed: whether the pages are.
uint32_t PagePool::takeSettled(Lock& lock, uint32_t count, bool* zeroed) {
  awaitSettled(lock);
  *zeroed = false;
  if (const uint32_t start = cached_.take(count)) return start;
  RunSet gone;
  std::swap(gone, cached_);
  decommit(gone);
  noteReturned(gone);
  uint32_t more = 0;
  const uint32_t start = takeUncommitted(count, 0, &more);
  if (start == 0) return 0;
  *zeroed = commitHeld(start, count);
  if (*zeroed) {
    committedPages_ += count;
    return start;
  }
  returned_.insert(start, count);
  return 0;
}

// `count` pages in a row that hold no memory, and up to `most` behind them. 0: none are left.
uint32_t PagePool::takeUncommitted(uint32_t count, uint32_t most, uint32_t* ahead) {
  if (const uint32_t start = returned_.take(count)) {
    *ahead = returned_.takeBehind(start + count, most);
    return start;
  }
  const uint32_t start = end();
  const uint64_t room = segment_.super()->heapPages - start;
  if (count > room) return 0;
  *ahead = static_cast<uint32_t>(std::min<uint64_t>(room - count, most));
  end_.store(start + count + *ahead, std::memory_order_relaxed);
  return start;
}

uint32_t PagePool::takeAside(uint32_t count, Reserve reserve) {
  const uint64_t kept = reserve == Reserve::kAll ? 0 : asideTarget_ / 2;
  if (reserve == Reserve::kNo || aside_.pages() < kept + count) return 0;
  const uint32_t start = aside_.take(count);
  noteUrgency();
  return start;
}

uint32_t PagePool::take(uint32_t count, bool zeroed, Reserve reserve) {
  Lock lock(mutex_);
  bool isZero = false;
  uint32_t start = cached_.take(count);
  if (start == 0) {
    start = takeLocked(lock, count, 0);
    isZero = start != 0;
  }
  if (start == 0) start = takeSettled(lock, count, &isZero);
  if (start == 0) start = takeAside(count, reserve);
  lock.unlock();
  if (start != 0 && zeroed && !isZero) clear(start, count);
  return start;
}

uint32_t PagePool::takeSome(uint32_t* pages, uint32_t most) {
  Lock lock(mutex_);
  uint32_t count = 0;
  while (count < most && (pages[count] = cached_.take(1)) != 0) ++count;
  if (count > 0) return count;
  bool zeroed = false;
  pages[0] = takeLocked(lock, 1, keeps_ ? kCommitAhead - 1 : 0);
  if (pages[0] == 0) pages[0] = takeSettled(lock, 1, &zeroed);
  if (pages[0] == 0) return 0;
  for (count = 1; count < most && (pages[count] = cached_.take(1)) != 0;) ++count;
  return count;
}

void PagePool::giveLocked(Lock& lock, uint32_t start, uint32_t count) {
  gifts_.fetch_add(1, std::memory_order_relaxed);
  if (aside_.pages() < asideTarget_) {
    aside_.insert(start, count);
    return noteUrgency();
  }
  cached_.insert(start, count);
  if (!keeps_ || cached_.pages() > kCachedPages) trimLocked(lock);
}

void PagePool::give(uint32_t start, uint32_t count) {
  Lock lock(mutex_);
  giveLocked(lock, start, count);
}

void PagePool::giveSome(const uint32_t* pages, size_t count) {
  Lock lock(mutex_);
  for (size_t i = 0; i < count; ++i) giveLocked(lock, pages[i], 1);
}

// In bulk: neighbours have merged into runs by then, one system call each.
void PagePool::decommit(const RunSet& gone) {
  for (const auto& [start, length] : gone.runs()) {
    segment_.decommit(segment_.super()->heapOffset + start * kPageSize,
                      uint64_t{length} * kPageSize);
  }
}

void PagePool::noteReturned(const RunSet& gone) {
  committedPages_ -= gone.pages();
  for (const auto& [start, length] : gone.runs()) returned_.insert(start, length);
}

void PagePool::trimLocked(Lock& lock) {
  RunSet gone;
  std::swap(gone, cached_);
  if (gone.pages() == 0) return;
  unlocked(lock, [&] { decommit(gone); });
  noteReturned(gone);
}

void PagePool::noteUrgency() {
  urgent_.store(!keeps_ || aside_.pages() < asideTarget_, std::memory_order_relaxed);
}

int PagePool::setAside(uint32_t pages) {
  const uint32_t start = take(pages, false, Reserve::kNo);
  if (start == 0) return -ENOSPC;
  Lock lock(mutex_);
  aside_.insert(start, pages);
  asideTarget_ = pages;
  noteUrgency();
  return 0;
}

void PagePool::keep(bool keep) {
  Lock lock(mutex_);
  keeps_ = keep;
  noteUrgency();
  if (!keep) trimLocked(lock);
}

bool PagePool::trim() {
  Lock lock(mutex_);
  const bool any = cached_.pages() > 0 || moving_ > 0;
  trimLocked(lock);
  awaitSettled(lock);
  return any;
}

uint32_t PagePool::store(const void* data, uint32_t* count) {
  const uint32_t wanted = *count;
  Lock lock(mutex_);
  uint32_t ahead = 0;
  uint32_t start = cached_.take(wanted);
  const bool committed = start != 0;
  if (!committed) start = takeUncommitted(wanted, 0, &ahead);
  if (start == 0) return 0;
  lock.unlock();
  const uint64_t at = segment_.super()->heapOffset + start * kPageSize;
  const uint64_t bytes = segment_.store(at, data, wanted * kPageSize, committed);
  const auto stored = static_cast<uint32_t>(bytes / kPageSize);
  lock.lock();
  if (!committed) committedPages_ += stored;
  const uint32_t rest = wanted - stored;
  if (rest > 0) (committed ? cached_ : returned_).insert(start + stored, rest);
  *count = stored;
  return stored == 0 ? 0 : start;
}

uint64_t PagePool::committedBytes() {
  Lock lock(mutex_);
  return committedPages_ * kPageSize;
}

uint64_t PagePool::cachedBytes() {
  Lock lock(mutex_);
  return cached_.pages() * kPageSize;
}

void PagePool::coverUsed(uint32_t page) {
  if (page >= end()) end_.store(page + 1, std::memory_order_relaxed);
}

void PagePool::finishMarking(uint64_t used) {
  const Superblock* super = segment_.super();
  committedPages_ = used;
  for (const auto& [start, length] : returned_.runs()) {
    segment_.decommit(super->heapOffset + start * kPageSize, uint64_t{length} * kPageSize);
  }
  const uint64_t tail = super->heapOffset + end() * kPageSize;
  segment_.decommit(tail, super->heapOffset + super->heapPages * kPageSize - tail);
}

}  // namespace ram
