// Counts what threads do with mutexes, in programs that are linked with
// -Wl,--wrap=pthread_mutex_lock,--wrap=pthread_rwlock_rdlock,--wrap=pthread_rwlock_wrlock.
#pragma once

#include <cstdint>
#include <vector>

namespace ram {

class CountedLocks {
 public:
  struct Count {
    const void* lock = nullptr;
    const void* place = nullptr;  // that took it last
    uint64_t taken = 0, awaited = 0;
  };
  // From now on the calling thread's locks are counted here, until stop(); one at a time.
  void start();
  static void stop();
  const std::vector<Count>& counts() const { return counts_; }

  void add(const void* lock, bool awaited, const void* place);

 private:
  Count& slotOf(const void* lock);

  std::vector<Count> counts_;
};

// A lock, and what all threads together did with it.
struct LockSum {
  const void* lock;
  const void* place;
  uint64_t taken, awaited;
  uint32_t threads;  // that took it
};
// The busiest first.
std::vector<LockSum> sumOf(const std::vector<CountedLocks>& threads);

}  // namespace ram
