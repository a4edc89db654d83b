// The bytes of a file at one instant, for the listeners that asked for them.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace ram {

// Counted; made with one reference. Copies that no listener took yet hold at most kWaitingMax bytes
// in the process.
class EventCopy {
 public:
  static constexpr uint64_t kWaitingMax = 64 << 20;

  // Null when too much waits already, or there is no memory.
  static EventCopy* make(size_t length);

  uint8_t* bytes() { return reinterpret_cast<uint8_t*>(this + 1); }
  size_t length() const { return length_; }
  void shorten(size_t length) { length_ = length; }

  void retain() { references_.fetch_add(1, std::memory_order_relaxed); }
  void release();
  // Whether the caller holds the only reference, and nobody can get another.
  bool isOnly() const { return references_.load(std::memory_order_acquire) == 1; }
  // A listener has it: it counts no longer as waiting.
  void taken();

  static uint64_t waitingBytes();

 private:
  explicit EventCopy(size_t length) : length_(length), charged_(length) {}

  std::atomic<uint32_t> references_{1};
  size_t length_;
  std::atomic<size_t> charged_;
};

}  // namespace ram
