#include "event_hub.h"

#include <sched.h>

#include <algorithm>
#include <cerrno>
#include <new>

namespace ram {

EventHub::~EventHub() {
  for (Slot& slot : slots_) delete slot.current.load();
}

// The count comes before the look (seq_cst): who replaces a subscription and then sees no users
// knows that nobody can have the old one.
template <class F>
void EventHub::eachQueue(F visit) {
  const uint32_t end = slotsUsed_.load(std::memory_order_acquire);
  for (uint32_t i = 0; i < end; ++i) {
    Slot& slot = slots_[i];
    if (slot.current.load(std::memory_order_relaxed) == nullptr) continue;
    slot.users.fetch_add(1);
    if (Subscription* subscription = slot.current.load()) visit(*subscription);
    slot.users.fetch_sub(1);
  }
}

void EventHub::put(EventDraft& event) {
  event.era = retention.era();
  eachQueue([&](Subscription& subscription) {
    if ((subscription.mask & eventBit(event.kind)) == 0) return;
    subscription.queue->put(event, *subscription.filters);
  });
}

bool EventHub::isPending() {
  bool pending = false;
  eachQueue([&](Subscription& to) { pending = pending || to.queue->isPending(); });
  return pending;
}

uint64_t EventHub::doneEra() {
  uint64_t oldest = UINT64_MAX;
  eachQueue([&](Subscription& to) {
    if (to.queue->isPending()) oldest = std::min(oldest, to.queue->doneEra());
  });
  return oldest;
}

int EventHub::setFilters(EventQueue* queue, const EventFilters* filters) {
  std::lock_guard lock(mutex_);
  Slot* own = nullptr;
  for (Slot& slot : slots_) {
    if (slot.owner == queue) own = &slot;
  }
  for (Slot& slot : slots_) {
    if (own == nullptr && slot.owner == nullptr) own = &slot;
  }
  if (own == nullptr) return -EMFILE;
  auto* next = new (std::nothrow) Subscription{queue, filters, 0, false};
  if (next == nullptr) return -ENOMEM;
  for (const auto& filter : *filters) {
    next->mask |= filter->mask;
    next->contents = next->contents || filter->contents;
  }
  own->owner = queue;
  const auto index = static_cast<uint32_t>(own - slots_.data());
  if (index >= slotsUsed_.load()) slotsUsed_.store(index + 1, std::memory_order_release);
  replace(*own, next);
  return 0;
}

void EventHub::remove(EventQueue* queue) {
  std::lock_guard lock(mutex_);
  for (Slot& slot : slots_) {
    if (slot.owner != queue) continue;
    slot.owner = nullptr;
    replace(slot, nullptr);
  }
}

// Lock: mutex_. Waits for producers that are about to put an event, which is a moment.
void EventHub::replace(Slot& slot, Subscription* next) {
  Subscription* old = slot.current.exchange(next);
  updateMask();
  if (old == nullptr) return;
  while (slot.users.load() != 0) ::sched_yield();
  delete old;
}

// Lock: mutex_.
void EventHub::updateMask() {
  uint32_t mask = 0;
  bool contents = false;
  for (Slot& slot : slots_) {
    const Subscription* subscription = slot.current.load();
    if (subscription == nullptr) continue;
    mask |= subscription->mask;
    contents = contents || subscription->contents;
  }
  mask_.store(mask);
  contents_.store(contents);
}

}  // namespace ram
