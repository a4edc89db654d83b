// Many records at once between a ring and memory in which they lie end to end, without gaps.
#pragma once

#include <cstddef>
#include <cstdint>

#include "ram/ring.h"

namespace ram {

struct PackedRecords {
  uint8_t* bytes;
  size_t size;
  uint32_t* lengths;  // of each record
  uint32_t* types;    // of each record, or nullptr
  uint32_t count;     // room in `lengths` and `types`
};

struct MovedRecords {
  uint32_t records;
  uint32_t units;  // that they take in the ring
};

// Copies the first records to `tail`, as many as fit into `freeUnits`, without publishing them.
// For the one producer of an SPSC ring. Stops at a length that goes beyond `from.size`.
MovedRecords copyIn(ring::Ring ring, uint32_t tail, uint32_t freeUnits, const PackedRecords& from,
                    uint32_t type);

// Copies committed records from `head` on, of which `filledUnits` are known to be there, as many as
// fit into `into`. Stops at the first one that isn't committed, or whose header can't be right.
MovedRecords copyOut(ring::Ring ring, uint32_t head, uint32_t filledUnits,
                     const PackedRecords& into);

}  // namespace ram
