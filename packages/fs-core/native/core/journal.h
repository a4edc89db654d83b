// Updates of several words that happen wholly or not at all, also for whoever maps the segments
// after this process was killed between two stores.
//
// A redo log: new values go into a log slot, then its count (the commit), then into place, then
// the count is cleared. A process dies between two of its stores, and all before are visible, so
// compiler ordering is all that is needed; release stores give it.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>

#include "layout.h"
#include "ram/file_system.h"
#include "segment.h"

namespace ram {

// Sees the segments as they are before each store of a commit. Tests copy them there.
using StoreTrace = void (*)(void* context);

class Journal {
 public:
  explicit Journal(Segment& segment) : segment_(segment) {}

  // Completes what a dead process had committed. Idempotent.
  void replay();
  void trace(StoreTrace function, void* context);

 private:
  friend class Transaction;
  uint32_t acquireSlot();
  void releaseSlot(uint32_t slot);
  void put(uint64_t* word, uint64_t value);

  Segment& segment_;
  // Who has which slot. Threads begin at different ones, so that they share no cache line.
  struct alignas(64) Taken {
    std::atomic<bool> taken{false};
  };
  std::array<Taken, kLogSlots> slots_;
  StoreTrace trace_ = nullptr;
  void* traceContext_ = nullptr;
};

// Collects new values of words whose inodes the caller has locked exclusively; nothing changes
// before commit(), and a Transaction that is dropped changes nothing. get() sees pending values.
class Transaction {
 public:
  explicit Transaction(Journal& journal) : journal_(journal) {}

  void set64(uint64_t* field, uint64_t value);
  void set64(int64_t* field, int64_t value);
  void set32(uint32_t* field, uint32_t value);
  void set16(uint16_t* field, uint16_t value);
  void setKind(ContentKind* field, ContentKind kind);
  uint64_t get64(const uint64_t* field) const;
  uint32_t get32(const uint32_t* field) const;
  // Records the outcome of the caller's request in the same step.
  void outcome(const Caller& caller, int64_t result);
  void commit();

 private:
  LogEntry* find(uint64_t offset);
  LogEntry& word(const void* field);

  Journal& journal_;
  uint32_t count_ = 0;
  LogEntry entries_[kLogWords];
};

}  // namespace ram
