// When each chunk of a file was last written, so that a provider saves only what changed.
#pragma once

#include <cstdint>

#include "heap.h"
#include "journal.h"
#include "segment.h"

namespace ram {

// Time is counted in epochs: a provider advances the epoch, then saves what was dirtied in the
// ones before. A chunk is marked before it is written: a killed process leaves a mark too many,
// never one too few. Locks: those of the record.
class Epochs {
 public:
  Epochs(Segment& segment, Journal& journal, Heap& heap)
      : segment_(segment), journal_(journal), heap_(heap) {}

  // Chunks from here on share one mark, so that a sparse file has no endless map.
  static constexpr uint64_t kMaxChunks = uint64_t{1} << 18;  // 16 GiB

  // Ends the current epoch and returns its number. Starts with 1.
  uint32_t advance();
  uint32_t current() const;

  // Marks the chunks of a range with the current epoch. 0, -ENOSPC. Lock: exclusive.
  int mark(InodeRecord* record, uint64_t offset, uint64_t length);

  // Calls visit(offset, length) for every run of chunks last written in an epoch of (after, upTo].
  // The last run may end behind the file. Lock: shared.
  template <class Visit>
  void forEach(const InodeRecord* record, uint32_t after, uint32_t upTo, Visit visit) const {
    const EpochMap* map = mapOf(record);
    const uint32_t count = map == nullptr ? 0 : map->capacity;
    for (uint32_t i = 0; i < count; ++i) {
      const uint32_t start = i;
      while (i < count && map->epochs[i] > after && map->epochs[i] <= upTo) ++i;
      if (i == start) continue;
      const bool rest = i == kMaxChunks;
      visit(start * kEpochChunkBytes,
            rest ? UINT64_MAX - start * kEpochChunkBytes : (i - start) * kEpochChunkBytes);
    }
  }

  void discard(const InodeRecord& dead);
  // Rebuilding: false when the record's map is impossible.
  bool markUsed(const InodeRecord* record);

 private:
  EpochMap* mapOf(const InodeRecord* record) const {
    return record->epochs == 0 ? nullptr : segment_.at<EpochMap>(record->epochs);
  }
  static uint64_t bytesFor(uint64_t capacity) {
    return sizeof(EpochMap) + capacity * sizeof(uint32_t);
  }
  int grow(InodeRecord* record, uint64_t chunks);

  Segment& segment_;
  Journal& journal_;
  Heap& heap_;
};

}  // namespace ram
