// Listens to a store as one JavaScript thread would, and spells out what it gets.
#pragma once

#include <doctest/doctest.h>

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "event_queue.h"
#include "store.h"

namespace ram {

inline constexpr uint32_t kAllEvents = (1u << kEventKinds) - 1;

struct SeenEvent {
  EventKind kind;
  EventRecord record;
  std::string path, from;
  std::string contents;  // of closed, where they were copied
  bool hasContents = false;

  // "written /a 5", "renamed /b /a 5", "closed /a 5 wrote"
  std::string text() const {
    static const char* const kNames[] = {"created",    "opened", "read",    "written",
                                         "truncated",  "attributes", "closed", "renamed",
                                         "removed",    "mounted", "unmounted"};
    std::string all = kNames[static_cast<int>(kind)];
    all += " " + ((record.flags & kEventHasPath) != 0 ? path : "-");
    if (!from.empty()) all += " " + from;
    all += " " + std::to_string(static_cast<uint64_t>(record.size));
    if ((record.flags & kEventWritten) != 0) all += " wrote";
    return all;
  }
};

class EventReader {
 public:
  explicit EventReader(uint32_t ringBytes = 1 << 20) {
    auto wake = [](void* self) { ++static_cast<EventReader*>(self)->wakes; };
    REQUIRE(EventQueue::make(wake, this, &queue_, ringBytes) == 0);
  }
  ~EventReader() {
    if (store_ != nullptr) store_->stopListening(queue_.get());
  }

  // Replaces what it listened for before.
  void listen(Store& store, uint32_t mask = kAllEvents, std::string prefix = "",
              bool contents = false) {
    auto next = std::make_unique<EventFilters>();
    next->push_back(std::make_shared<EventFilter>());
    EventFilter& filter = *next->back();
    filter.mask = mask;
    filter.prefix = std::move(prefix);
    filter.contents = contents;
    REQUIRE(store.listen(queue_.get(), next.get()) == 0);
    filters_ = std::move(next);
    store_ = &store;
  }
  void stop() {
    store_->stopListening(queue_.get());
    store_ = nullptr;
  }

  std::vector<SeenEvent> read() {
    std::vector<SeenEvent> seen;
    alignas(8) static thread_local uint8_t bytes[1 << 16];
    while (const uint32_t used = queue_->read(bytes, sizeof bytes)) {
      for (uint32_t at = 0; at < used;) seen.push_back(take(bytes + at, &at));
    }
    return seen;
  }
  std::vector<std::string> texts() {
    std::vector<std::string> all;
    for (const SeenEvent& event : read()) all.push_back(event.text());
    return all;
  }
  uint64_t lost() { return filters_->front()->lost.exchange(0); }
  EventQueue* queue() { return queue_.get(); }
  void settle() { store_->eventsSettled(queue_.get(), true, 0); }

  std::atomic<int> wakes{0};

 private:
  static SeenEvent take(const uint8_t* bytes, uint32_t* at) {
    SeenEvent event{};
    memcpy(&event.record, bytes, sizeof event.record);
    const EventRecord& record = event.record;
    event.kind = static_cast<EventKind>(record.kind);
    const char* text = reinterpret_cast<const char*>(bytes + sizeof record);
    event.path.assign(text, record.pathLength);
    event.from.assign(text + record.pathLength, record.fromLength);
    if (record.copy != 0) {
      auto* copy = reinterpret_cast<EventCopy*>(record.copy);
      event.hasContents = true;
      event.contents.assign(reinterpret_cast<const char*>(copy->bytes()), copy->length());
      copy->release();
    }
    *at += record.length;
    return event;
  }

  std::unique_ptr<EventQueue> queue_;
  std::unique_ptr<EventFilters> filters_;
  Store* store_ = nullptr;
};

}  // namespace ram
