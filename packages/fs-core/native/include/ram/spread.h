// What all threads change all the time without meeting: a copy for each of a few groups of threads,
// on a cache line of its own.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

namespace ram {

inline constexpr uint32_t kThreadGroups = 8;

// The calling thread's group. They are dealt out in turn: of up to kThreadGroups threads that come
// here for the first time one after another, no two share one.
inline uint32_t threadGroup() {
  static constinit std::atomic<uint32_t> dealt{0};
  static constexpr uint32_t kNone = UINT32_MAX;
  static constinit thread_local uint32_t group = kNone;
  if (group == kNone) group = dealt.fetch_add(1, std::memory_order_relaxed) % kThreadGroups;
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
