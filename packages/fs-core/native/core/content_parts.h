// What the kinds of content share. Internal to content*.cc.
#pragma once

#include <atomic>
#include <cstdint>

#include "clock.h"
#include "heap.h"
#include "journal.h"
#include "passed_blobs.h"
#include "ram/spread.h"
#include "segment.h"

namespace ram {

class BlobFiles;
class ViewRegistry;

// Slab files hold up to here in their one inline record, and up to kSlabMax in pages. Where no
// blob file can be made they grow on in pages up to kPagesMax.
inline constexpr uint64_t kInlineMax = 2016;
inline constexpr uint64_t kSlabMax = 64 * 1024;
inline constexpr uint64_t kPagesMax = 64 * 1024 * 1024;
inline constexpr uint64_t kSizeMax = INT64_MAX;  // of a file, as tmpfs

struct ContentParts {
  Segment& segment;
  Journal& journal;
  Heap& heap;
  BlobFiles& blobs;
  ViewRegistry& views;
  PassedBlobs& passed;
  SpreadCounter slabBytes{};       // what inline records, pages and page maps occupy
  SpreadCounter inlineReleases{};  // inline records freed so far
};

// Adds to `tx` what differs: most writes come within one tick of the coarse clock.
inline void setWord(Transaction& tx, uint64_t* field, uint64_t value) {
  if (*field != value) tx.set64(field, value);
}

// mtime and ctime are now.
inline void stampModified(Transaction& tx, InodeRecord* record) {
  const Timestamp now = clockNow();
  if (record->modified != now.seconds) tx.set64(&record->modified, now.seconds);
  if (record->modifiedNs != now.nanoseconds) tx.set32(&record->modifiedNs, now.nanoseconds);
  if (record->changed != now.seconds) tx.set64(&record->changed, now.seconds);
  if (record->changedNs != now.nanoseconds) tx.set32(&record->changedNs, now.nanoseconds);
}

// atime as relatime has it. Several readers may store at once, hence the atomic words.
inline void stampAccessed(InodeRecord* record) {
  constexpr int64_t kDay = 24 * 60 * 60;
  const int64_t seconds = __atomic_load_n(&record->accessed, __ATOMIC_RELAXED);
  const uint32_t ns = __atomic_load_n(&record->accessedNs, __ATOMIC_RELAXED);
  const auto notAfter = [&](int64_t s, uint32_t n) {
    return seconds < s || (seconds == s && ns <= n);
  };
  const Timestamp now = clockNow();
  if (!notAfter(record->modified, record->modifiedNs) &&
      !notAfter(record->changed, record->changedNs) && now.seconds - seconds < kDay) {
    return;
  }
  if (seconds == now.seconds && ns == now.nanoseconds) return;
  __atomic_store_n(&record->accessed, now.seconds, __ATOMIC_RELAXED);
  __atomic_store_n(&record->accessedNs, now.nanoseconds, __ATOMIC_RELAXED);
}

inline bool inHeap(const Segment& segment, uint64_t content) {
  return content <= UINT32_MAX && segment.inHeap(static_cast<HeapRef>(content));
}

// How much of [offset, offset + length) lies within `size`.
inline uint64_t clipped(uint64_t offset, uint64_t length, uint64_t size) {
  if (offset >= size) return 0;
  return length < size - offset ? length : size - offset;
}

}  // namespace ram
