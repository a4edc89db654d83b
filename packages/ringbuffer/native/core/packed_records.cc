#include "packed_records.h"

#include <cstring>

namespace ram {

using namespace ring;

namespace {

// Where the next header is, only this one tells: without this, each record would cost the whole way
// to the other CPU's cache.
constexpr uint32_t kAheadBytes = 1024;

void fetchToRead(const void* from) {
  __builtin_prefetch(static_cast<const uint8_t*>(from) + kAheadBytes);
  __builtin_prefetch(static_cast<const uint8_t*>(from) + kAheadBytes + 64);
}

void fetchToWrite(void* to) {
  auto* ahead = static_cast<uint8_t*>(to) + kAheadBytes;
#if defined(__x86_64__)
  asm volatile("prefetchw %0\n\tprefetchw %1" : : "m"(ahead[0]), "m"(ahead[64]));
#else
  __builtin_prefetch(ahead, 1);
  __builtin_prefetch(ahead + 64, 1);
#endif
}

// Lines of what the other side works on must stay there.
bool isAhead(uint32_t unitsLeft) { return unitsLeft > (kAheadBytes + 128) / kUnit; }

}  // namespace

MovedRecords copyIn(Ring ring, uint32_t tail, uint32_t freeUnits, const PackedRecords& from,
                    uint32_t type) {
  MovedRecords moved{0, 0};
  size_t at = 0;
  for (; moved.records < from.count; ++moved.records) {
    uint32_t length = from.lengths[moved.records];
    if (length > kLengthMask || length > from.size - at) break;
    uint32_t units = unitsOf(length);
    if (units > freeUnits - moved.units) break;
    uint32_t* header = ring.header(tail + moved.units);
    if (isAhead(freeUnits - moved.units)) fetchToWrite(header);
    // relaxed: `tail` publishes all of it.
    atomic(header[0]).store(kCommitted | length, std::memory_order_relaxed);
    header[1] = from.types == nullptr ? type : from.types[moved.records];
    memcpy(reinterpret_cast<uint8_t*>(header) + kUnit, from.bytes + at, length);
    at += length;
    moved.units += units;
  }
  return moved;
}

MovedRecords copyOut(Ring ring, uint32_t head, uint32_t filledUnits, const PackedRecords& into) {
  MovedRecords moved{0, 0};
  size_t at = 0;
  while (moved.records < into.count && moved.units < filledUnits) {
    uint32_t* header = ring.header(head + moved.units);
    if (isAhead(filledUnits - moved.units)) fetchToRead(header);
    // acquire: for the payload of a record of an MPSC ring.
    uint32_t word = atomic(header[0]).load(std::memory_order_acquire);
    uint32_t length = word & kLengthMask;
    if ((word & kStateMask) != kCommitted || length > into.size - at) break;
    if (unitsOf(length) > filledUnits - moved.units) break;
    memcpy(into.bytes + at, reinterpret_cast<uint8_t*>(header) + kUnit, length);
    into.lengths[moved.records] = length;
    if (into.types != nullptr) into.types[moved.records] = header[1];
    at += length;
    moved.units += unitsOf(length);
    ++moved.records;
  }
  return moved;
}

}  // namespace ram
