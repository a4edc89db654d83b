// What all threads change all the time without meeting: a copy for each of a few groups of threads,
// on a cache line of its own.
#pragma once

#include <pthread.h>

#include <array>
#include <atomic>
#include <cstdint>

namespace ram {

inline constexpr uint32_t kThreadGroups = 8;

// Which group each thread is in, from its first use to its end. The emptiest group is joined, the
// first of them: of up to kThreadGroups threads at a time no two share one, and few threads use few
// groups.
//
// A thread leaves by a key of pthread_key_create, not by a thread_local's destructor: registering
// that takes the dynamic loader's lock, which a program holds that loads a library from its own
// mount, and waits for one of our threads. So the library must stay loaded (-z nodelete).
class ThreadGroups {
 public:
  static uint32_t join() {
    static const ThreadGroups groups;
    for (uint32_t members = 0;; ++members) {
      for (uint32_t group = 0; group < kThreadGroups; ++group) {
        uint32_t expected = members;
        // relaxed: the counts guard nothing.
        if (sizes_[group].compare_exchange_strong(expected, members + 1,
                                                  std::memory_order_relaxed)) {
          if (groups.hasKey_) pthread_setspecific(groups.key_, &sizes_[group]);
          return group;
        }
      }
    }
  }

 private:
  ThreadGroups() : hasKey_(pthread_key_create(&key_, leave) == 0) {}
  static void leave(void* size) {
    static_cast<std::atomic<uint32_t>*>(size)->fetch_sub(1, std::memory_order_relaxed);
  }

  static constinit inline std::array<std::atomic<uint32_t>, kThreadGroups> sizes_{};
  pthread_key_t key_ = 0;
  bool hasKey_;  // false: as many as there can be are taken; threads don't leave then
};

// The calling thread's group.
inline uint32_t threadGroup() {
  static constexpr uint32_t kNone = UINT32_MAX;
  static constinit thread_local uint32_t group = kNone;
  if (group == kNone) [[unlikely]] group = ThreadGroups::join();
  return group;
}

// Counts without a shared cache line; looking at the sum costs kThreadGroups loads. A group's part
// may be negative, modulo 2^64; the sum is what was added so far.
class SpreadCounter {
 public:
  void add(uint64_t n, std::memory_order order = std::memory_order_relaxed) {
    parts_[threadGroup()].count.fetch_add(n, order);
  }
  void subtract(uint64_t n, std::memory_order order = std::memory_order_relaxed) {
    parts_[threadGroup()].count.fetch_sub(n, order);
  }
  uint64_t sum(std::memory_order order = std::memory_order_relaxed) const {
    uint64_t sum = 0;
    for (const Part& part : parts_) sum += part.count.load(order);
    return sum;
  }

 private:
  struct alignas(64) Part {
    std::atomic<uint64_t> count{0};
  };
  std::array<Part, kThreadGroups> parts_;
};

}  // namespace ram
