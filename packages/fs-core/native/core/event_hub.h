// Who listens to a Volume's events. While nobody does, an operation pays one relaxed load.
//
// One EventQueue for each thread that listens. Events of one inode reach every queue in their
// order, since they are put while the inode's lock is held.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>

#include "event_queue.h"
#include "event_retention.h"

namespace ram {

class EventHub {
 public:
  static constexpr uint32_t kQueuesMax = 64;

  ~EventHub();

  // --- producers, any thread -------------------------------------------------------------------
  bool wants(EventKind kind) const { return wantsAny(eventBit(kind)); }
  bool wantsAny(uint32_t kinds) const {
    return (mask_.load(std::memory_order_relaxed) & kinds) != 0;
  }
  // Whether a listener wants the contents of closed files.
  bool wantsContents() const { return contents_.load(std::memory_order_relaxed); }
  // Lock: of the inode, if there is one.
  void put(EventDraft& event);
  // Whether any queue has events that were not delivered yet.
  bool isPending();

  // --- listeners -------------------------------------------------------------------------------
  // `queue` gets what `filters` want from now on. -EMFILE. The queue's own thread only.
  int setFilters(EventQueue* queue, const EventFilters* filters);
  // Returns when no producer uses the queue any more. Idempotent.
  void remove(EventQueue* queue);

  EventRetention retention;
  // The oldest era of which an event is not delivered yet.
  uint64_t doneEra();

 private:
  // What a producer may use while it is counted in `users`.
  struct Subscription {
    EventQueue* queue;
    const EventFilters* filters;
    uint32_t mask;
    bool contents;
  };
  struct alignas(64) Slot {
    std::atomic<Subscription*> current{nullptr};
    std::atomic<uint32_t> users{0};
    EventQueue* owner = nullptr;  // guarded by mutex_
  };

  template <class F>
  void eachQueue(F visit);
  void replace(Slot& slot, Subscription* next);
  void updateMask();

  std::atomic<uint32_t> mask_{0};
  std::atomic<bool> contents_{false};
  std::atomic<uint32_t> slotsUsed_{0};  // no slot at or above it was ever used
  std::array<Slot, kQueuesMax> slots_;
  std::mutex mutex_;  // of those who listen
};

}  // namespace ram
