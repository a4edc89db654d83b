// Directories whose names the kernel keeps without their inodes: it was told the names only, since
// the program that listed them wanted no more (kReaddirplusAuto). Who then asks for attributes, as
// ls -l does, would cost a LOOKUP for each. After a few of those the kernel is made to forget the
// listing, so that what it lists next comes with attributes.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

namespace ram::fuse {

class BareListings {
 public:
  static constexpr uint32_t kLookupsMax = 16;

  // Names alone of `directory` are being told.
  void told(uint64_t directory) {
    Slot& slot = slotOf(directory);
    if (slot.directory.load(std::memory_order_relaxed) == directory) return;
    slot.lookups.store(0, std::memory_order_relaxed);
    slot.directory.store(directory, std::memory_order_relaxed);
  }

  // A name in it was looked up and found. Returns whether its listing is to be forgotten.
  bool lookedUp(uint64_t directory) {
    Slot& slot = slotOf(directory);
    if (slot.directory.load(std::memory_order_relaxed) != directory) return false;
    if (slot.lookups.fetch_add(1, std::memory_order_relaxed) + 1 < kLookupsMax) return false;
    return slot.directory.compare_exchange_strong(directory, 0, std::memory_order_relaxed);
  }

 private:
  // A slot forgets its directory when another one takes it, which costs only requests.
  struct Slot {
    std::atomic<uint64_t> directory{0};
    std::atomic<uint32_t> lookups{0};
  };
  Slot& slotOf(uint64_t directory) { return slots_[(directory * 0x9e3779b97f4a7c15ull) >> 58]; }

  std::array<Slot, 64> slots_;
};

}  // namespace ram::fuse
