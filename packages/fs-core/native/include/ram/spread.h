// What all threads change all the time without meeting: a copy for each of a few groups of threads,
// on a cache line of its own.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

namespace ram {

inline constexpr uint32_t kThreadGroups = 8;

// A thread's place in its group, until it ends. The emptiest group is joined, the first of them: of
// up to kThreadGroups threads at a time no two share one, and few threads use few groups.
class ThreadGroupPlace {
 public:
  ThreadGroupPlace() {
    for (uint32_t members = 0;; ++members) {
      for (group = 0; group < kThreadGroups; ++group) {
        uint32_t expected = members;
        // relaxed: the counts guard nothing.
        if (sizes_[group].compare_exchange_strong(expected, members + 1,
                                                  std::memory_order_relaxed)) {
          return;
        }
      }
    }
  }
  ~ThreadGroupPlace() { sizes_[group].fetch_sub(1, std::memory_order_relaxed); }
  ThreadGroupPlace(const ThreadGroupPlace&) = delete;
  ThreadGroupPlace& operator=(const ThreadGroupPlace&) = delete;

  uint32_t group;

 private:
  static constinit inline std::array<std::atomic<uint32_t>, kThreadGroups> sizes_{};
};

// The calling thread's group.
inline uint32_t threadGroup() {
  static constexpr uint32_t kNone = UINT32_MAX;
  static constinit thread_local uint32_t group = kNone;  // without the guard that `place` has
  if (group == kNone) [[unlikely]] {
    static thread_local const ThreadGroupPlace place;
    group = place.group;
  }
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
