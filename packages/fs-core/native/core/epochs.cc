#include "epochs.h"

#include <errno.h>

#include <algorithm>
#include <cstring>

namespace ram {
namespace {

uint64_t chunkOf(uint64_t offset) {
  return std::min(offset / kEpochChunkBytes, Epochs::kMaxChunks - 1);
}

}  // namespace

uint32_t Epochs::current() const {
  return static_cast<uint32_t>(__atomic_load_n(&segment_.super()->epoch, __ATOMIC_ACQUIRE)) + 1;
}

uint32_t Epochs::advance() {
  return static_cast<uint32_t>(
             __atomic_fetch_add(&segment_.super()->epoch, 1, __ATOMIC_ACQ_REL)) + 1;
}

int Epochs::grow(InodeRecord* record, uint64_t chunks) {
  const EpochMap* old = mapOf(record);
  const uint64_t wanted = std::max<uint64_t>(chunks, old == nullptr ? 0 : old->capacity * 2);
  const uint64_t room = Heap::capacityOf(bytesFor(std::min(wanted, kMaxChunks)));
  const uint64_t capacity =
      std::min((room - sizeof(EpochMap)) / sizeof(uint32_t), kMaxChunks);
  const HeapRef ref = heap_.allocate(bytesFor(capacity));
  if (ref == 0) return -ENOSPC;
  auto* fresh = segment_.at<EpochMap>(ref);
  fresh->capacity = static_cast<uint32_t>(capacity);
  if (old != nullptr) {
    std::memcpy(fresh->epochs, old->epochs, old->capacity * sizeof(uint32_t));
  }
  const InodeRecord before = *record;
  Transaction tx(journal_);
  tx.set32(&record->epochs, ref);
  tx.commit();
  discard(before);
  return 0;
}

int Epochs::mark(InodeRecord* record, uint64_t offset, uint64_t length) {
  if (length == 0) return 0;
  const uint64_t last = chunkOf(offset + length - 1);
  const EpochMap* map = mapOf(record);
  if (map == nullptr || map->capacity <= last) {
    if (int status = grow(record, last + 1); status < 0) return status;
  }
  EpochMap* marks = mapOf(record);
  const uint32_t now = current();
  for (uint64_t i = chunkOf(offset); i <= last; ++i) marks->epochs[i] = now;
  return 0;
}

void Epochs::discard(const InodeRecord& dead) {
  if (dead.epochs != 0) heap_.free(dead.epochs, bytesFor(mapOf(&dead)->capacity));
}

bool Epochs::markUsed(const InodeRecord* record) {
  const EpochMap* map = mapOf(record);
  if (map == nullptr) return true;
  if (!segment_.inHeap(record->epochs)) return false;
  return map->capacity <= kMaxChunks && heap_.mark(record->epochs, bytesFor(map->capacity));
}

}  // namespace ram
