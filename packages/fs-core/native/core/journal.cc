#include "journal.h"

#include <cstdlib>
#include <thread>

#include "ram/spread.h"

namespace ram {

static_assert(kLogSlots % kThreadGroups == 0);

void Journal::put(uint64_t* word, uint64_t value) {
  if (trace_ != nullptr) trace_(traceContext_);
  __atomic_store_n(word, value, __ATOMIC_RELEASE);
}

void Journal::trace(StoreTrace function, void* context) {
  trace_ = function;
  traceContext_ = context;
}

uint32_t Journal::acquireSlot() {
  const uint32_t first = threadGroup() * (kLogSlots / kThreadGroups);
  for (uint32_t i = 0;; ++i) {
    const uint32_t slot = (first + i) % kLogSlots;
    std::atomic<bool>& taken = slots_[slot].taken;
    // acquire: what the slot's last owner stored is behind us.
    if (!taken.load(std::memory_order_relaxed) &&
        !taken.exchange(true, std::memory_order_acquire)) {
      return slot;
    }
    // More committers than slots: each is done within a microsecond.
    if (i % kLogSlots == kLogSlots - 1) std::this_thread::yield();
  }
}

void Journal::releaseSlot(uint32_t slot) {
  slots_[slot].taken.store(false, std::memory_order_release);
}

void Journal::replay() {
  for (uint32_t i = 0; i < kLogSlots; ++i) {
    LogSlot* slot = segment_.logSlot(i);
    if (slot->count == 0 || slot->count > kLogWords) {
      slot->count = 0;
      continue;
    }
    for (uint64_t e = 0; e < slot->count; ++e) {
      const LogEntry& entry = slot->entries[e];
      if (entry.offset % 8 != 0 || entry.offset > segment_.mappedBytes() - 8) continue;
      put(reinterpret_cast<uint64_t*>(segment_.base() + entry.offset), entry.value);
    }
    put(&slot->count, 0);
  }
}

LogEntry* Transaction::find(uint64_t offset) {
  for (uint32_t i = 0; i < count_; ++i) {
    if (entries_[i].offset == offset) return &entries_[i];
  }
  return nullptr;
}

LogEntry& Transaction::word(const void* field) {
  const uint64_t offset = journal_.segment_.offsetOf(field) & ~uint64_t{7};
  if (LogEntry* pending = find(offset)) return *pending;
  if (count_ == kLogWords) std::abort();  // no operation touches that many words
  const auto* current = reinterpret_cast<uint64_t*>(journal_.segment_.base() + offset);
  entries_[count_] = {offset, __atomic_load_n(current, __ATOMIC_RELAXED)};
  return entries_[count_++];
}

namespace {

// Replaces the `bits` wide piece of a little-endian word that `field` points into.
uint64_t merged(uint64_t word, const void* field, unsigned bits, uint64_t value) {
  const unsigned shift = static_cast<unsigned>(reinterpret_cast<uintptr_t>(field) & 7) * 8;
  const uint64_t mask = ((uint64_t{1} << bits) - 1) << shift;
  return (word & ~mask) | (value << shift & mask);
}

}  // namespace

void Transaction::set64(uint64_t* field, uint64_t value) { word(field).value = value; }

void Transaction::set64(int64_t* field, int64_t value) {
  word(field).value = static_cast<uint64_t>(value);
}

void Transaction::set32(uint32_t* field, uint32_t value) {
  LogEntry& entry = word(field);
  entry.value = merged(entry.value, field, 32, value);
}

void Transaction::set16(uint16_t* field, uint16_t value) {
  LogEntry& entry = word(field);
  entry.value = merged(entry.value, field, 16, value);
}

void Transaction::setKind(ContentKind* field, ContentKind kind) {
  set16(reinterpret_cast<uint16_t*>(field), static_cast<uint16_t>(kind));
}

uint64_t Transaction::get64(const uint64_t* field) const {
  const uint64_t offset = journal_.segment_.offsetOf(field);
  for (uint32_t i = 0; i < count_; ++i) {
    if (entries_[i].offset == offset) return entries_[i].value;
  }
  return *field;
}

uint32_t Transaction::get32(const uint32_t* field) const {
  const uint64_t offset = journal_.segment_.offsetOf(field);
  const auto* aligned =
      reinterpret_cast<const uint64_t*>(journal_.segment_.base() + (offset & ~uint64_t{7}));
  return static_cast<uint32_t>(get64(aligned) >> (offset & 4) * 8);
}

void Transaction::outcome(const Caller& caller, int64_t result) {
  if (caller.mount == 0 || caller.unique == 0) return;
  Outcome* slot = journal_.segment_.outcome(static_cast<uint32_t>(caller.unique / 2 % kOutcomes));
  set64(&slot->unique, caller.unique);
  set64(&slot->mount, caller.mount);
  set64(&slot->result, result);
}

void Transaction::commit() {
  if (count_ == 0) return;
  Segment& segment = journal_.segment_;
  const uint32_t index = journal_.acquireSlot();
  LogSlot* slot = segment.logSlot(index);
  for (uint32_t i = 0; i < count_; ++i) slot->entries[i] = entries_[i];
  journal_.put(&slot->count, count_);
  for (uint32_t i = 0; i < count_; ++i) {
    journal_.put(reinterpret_cast<uint64_t*>(segment.base() + entries_[i].offset),
                 entries_[i].value);
  }
  journal_.put(&slot->count, 0);
  journal_.releaseSlot(index);
  count_ = 0;
}

}  // namespace ram
