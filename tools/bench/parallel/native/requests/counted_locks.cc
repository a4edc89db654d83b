#include "counted_locks.h"

#include <pthread.h>

#include <algorithm>
#include <unordered_map>

namespace ram {
namespace {

constexpr size_t kSlots = 1 << 12;  // more locks than one thread takes here
thread_local CountedLocks* counting = nullptr;

}  // namespace

void CountedLocks::start() {
  counts_.assign(kSlots, Count{});
  counting = this;
}

void CountedLocks::stop() { counting = nullptr; }

CountedLocks::Count& CountedLocks::slotOf(const void* lock) {
  size_t at = (reinterpret_cast<uintptr_t>(lock) >> 3) * 0x9e3779b97f4a7c15ull >> 52;
  while (counts_[at].lock != nullptr && counts_[at].lock != lock) at = (at + 1) % kSlots;
  return counts_[at];
}

void CountedLocks::add(const void* lock, bool awaited, const void* place) {
  Count& count = slotOf(lock);
  count.lock = lock;
  count.place = place;
  count.taken++;
  count.awaited += awaited;
}

std::vector<LockSum> sumOf(const std::vector<CountedLocks>& threads) {
  std::unordered_map<const void*, LockSum> sums;
  for (const CountedLocks& thread : threads) {
    for (const auto& [lock, place, taken, awaited] : thread.counts()) {
      if (lock == nullptr) continue;
      LockSum& sum = sums.try_emplace(lock, LockSum{lock, place, 0, 0, 0}).first->second;
      sum.taken += taken;
      sum.awaited += awaited;
      sum.threads++;
    }
  }
  std::vector<LockSum> all;
  for (const auto& [lock, sum] : sums) all.push_back(sum);
  std::sort(all.begin(), all.end(), [](auto& a, auto& b) { return a.taken > b.taken; });
  return all;
}

}  // namespace ram

// The linker's names.
extern "C" {
int __real_pthread_mutex_lock(pthread_mutex_t*);
int __real_pthread_rwlock_rdlock(pthread_rwlock_t*);
int __real_pthread_rwlock_wrlock(pthread_rwlock_t*);

#define RAM_COUNTED(name, type, attempt)                                      \
  int __wrap_##name(type* lock) {                                             \
    if (ram::counting == nullptr) return __real_##name(lock);                 \
    const bool awaited = attempt(lock) != 0;                                  \
    ram::counting->add(lock, awaited, __builtin_return_address(0));           \
    return awaited ? __real_##name(lock) : 0;                                 \
  }
RAM_COUNTED(pthread_mutex_lock, pthread_mutex_t, pthread_mutex_trylock)
RAM_COUNTED(pthread_rwlock_rdlock, pthread_rwlock_t, pthread_rwlock_tryrdlock)
RAM_COUNTED(pthread_rwlock_wrlock, pthread_rwlock_t, pthread_rwlock_trywrlock)
}
