#include "event_copy.h"

#include <cstdlib>
#include <new>

namespace ram {
namespace {

std::atomic<uint64_t> waiting{0};

}  // namespace

EventCopy* EventCopy::make(size_t length) {
  const uint64_t before = waiting.fetch_add(length, std::memory_order_relaxed);
  void* memory = before + length <= kWaitingMax ? std::malloc(sizeof(EventCopy) + length) : nullptr;
  if (memory != nullptr) return new (memory) EventCopy(length);
  waiting.fetch_sub(length, std::memory_order_relaxed);
  return nullptr;
}

void EventCopy::taken() {
  waiting.fetch_sub(charged_.exchange(0, std::memory_order_relaxed), std::memory_order_relaxed);
}

void EventCopy::release() {
  if (references_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  taken();
  this->~EventCopy();
  std::free(this);
}

uint64_t EventCopy::waitingBytes() { return waiting.load(std::memory_order_relaxed); }

}  // namespace ram
