// The events that one JavaScript thread still has to read, for all of its listeners: a ring
// (ram/ring.h) with many native producers. Producers never wait: where the ring is full, the event
// is counted as lost to each listener that wanted it.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "event_copy.h"
#include "event_record.h"
#include "ram/ring.h"

namespace ram {

// An event that happens, before it is known who wants it. Views are valid for the call.
struct EventDraft {
  EventKind kind;
  bool hasPath = false;
  bool hasInode = true;
  bool written = false;
  uint32_t pid = 0;
  uint64_t inode = 0;
  uint32_t generation = 0;
  uint64_t size = 0;
  uint64_t era = 0;
  std::string_view path = {}, from = {};
  EventCopy* copy = nullptr;  // the caller's reference
};

// What one listener wants. Immutable but for the count.
struct EventFilter {
  uint32_t listener;
  uint32_t mask;       // eventBit()s
  bool contents;       // of closed files
  std::string prefix;  // of paths, without a slash at the end; empty: all
  std::atomic<uint64_t> lost{0};

  // Events that concern no path (mounted, unmounted) pass every prefix.
  bool wants(const EventDraft& event) const;
};
using EventFilters = std::vector<std::shared_ptr<EventFilter>>;

class EventQueue {
 public:
  static constexpr uint32_t kRingBytes = 4 << 20;

  // Wakes the consumer. Called by producers, at most once between two arm()s.
  using Wake = void (*)(void* context);

  // 0, -ENOMEM, -EMFILE …
  static int make(Wake wake, void* context, std::unique_ptr<EventQueue>* out,
                  uint32_t ringBytes = kRingBytes);
  ~EventQueue();
  EventQueue(const EventQueue&) = delete;
  EventQueue& operator=(const EventQueue&) = delete;

  // --- producers, any thread -------------------------------------------------------------------
  void put(const EventDraft& event, const EventFilters& filters);
  // Whether events were put that settled() has not been told of yet.
  bool isPending() const {
    return produced_.load(std::memory_order_acquire) != settled_.load(std::memory_order_acquire);
  }
  uint64_t doneEra() const { return doneEra_.load(std::memory_order_acquire); }

  // --- the consumer ----------------------------------------------------------------------------
  // Moves whole records into `target` (aligned to 8, room for the longest) and returns how many
  // bytes that were; their `copy` is the consumer's. 0: there are none.
  uint32_t read(uint8_t* target, uint32_t size);
  // Asks to be woken. False: there is something to read, or a loss to take, already.
  bool arm();
  // Whether filters have counts of lost events since the last call.
  bool takeLoss() { return loss_.exchange(false); }
  // The consumer delivered everything, or everything of eras before `era`. `now` is the era at a
  // moment before it found nothing more to deliver.
  void settled(bool everything, uint64_t era, uint64_t now);

 private:
  EventQueue(Wake wake, void* context, uint8_t* base, uint32_t ringBytes);
  void wakeIfAsleep();
  bool isEmpty();

  const Wake wake_;
  void* const context_;
  uint8_t* const base_;
  const uint32_t ringBytes_;
  ring::Producer producer_;
  ring::Consumer consumer_;
  std::atomic<bool> asleep_{false};
  std::atomic<bool> loss_{false};  // some filter has a count that no record announces yet
  std::atomic<uint64_t> produced_{0};
  std::atomic<uint64_t> settled_{0};
  std::atomic<uint64_t> doneEra_{0};
  uint64_t read_ = 0;
};

}  // namespace ram
