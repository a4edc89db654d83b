// Moving small contents together, so that deleting every second of many small files frees pages.
#include <unistd.h>

#include <mutex>
#include <vector>

#include "content.h"

namespace ram {

// Read by system call: the object may go, and its page with it, while nobody holds its owner.
uint32_t Content::ownerOf(HeapRef ref) const {
  const Segment& segment = parts_.segment;
  const uint64_t at = segment.super()->heapOffset + uint64_t{ref} * kGranule;
  uint32_t owner = 0;
  const ssize_t got = ::pread(segment.fd(), &owner, sizeof owner, static_cast<off_t>(at));
  return got == sizeof owner ? owner : 0;
}

// Moves the inline content at `ref` to `page`. Any other kind of object, and one whose owner is
// busy, stays where it is.
Content::Moved Content::moveInline(InodeLocks& locks, const InodeTable& inodes, HeapRef ref,
                                   uint32_t page, uint64_t bytes) {
  const uint32_t owner = ownerOf(ref);
  const std::unique_lock lock(locks.at(InodeLocks::stripe(owner)), std::try_to_lock);
  if (!lock.owns_lock()) return Moved::kNotOurs;
  // What is no inline content has any number there.
  InodeRecord* record = inodes.live(owner);
  if (record == nullptr) return Moved::kNotOurs;
  if (record->kind != ContentKind::kInline || record->content != ref) return Moved::kNotOurs;
  // Since `ref` was listed its page may have become one of another class, with an object there.
  if (InlineBytes::objectBytes(inline_.of(record)->capacity) != bytes) return Moved::kNotOurs;
  const HeapRef fresh = parts_.heap.allocateOn(page, bytes);
  if (fresh == 0) return Moved::kNoRoom;
  inline_.move(record, fresh);
  return Moved::kMoved;
}

// From the emptiest pages onto the fullest, until they meet.
bool Content::compactClass(InodeLocks& locks, const InodeTable& inodes, uint64_t bytes) {
  const std::vector<uint32_t> pages = parts_.heap.pagesWithRoom(bytes);
  bool emptied = false;
  size_t target = pages.size();
  for (size_t source = 0; source + 1 < target; ++source) {
    HeapRef refs[256];
    const uint32_t count = parts_.heap.objectsOn(pages[source], bytes, refs);
    uint32_t moved = 0;
    for (uint32_t i = 0; i < count; ++i) {
      Moved outcome = Moved::kNoRoom;
      while (source + 1 < target) {
        outcome = moveInline(locks, inodes, refs[i], pages[target - 1], bytes);
        if (outcome != Moved::kNoRoom) break;
        --target;
      }
      if (outcome == Moved::kMoved) ++moved;
    }
    emptied = emptied || (count > 0 && moved == count);
  }
  return emptied;
}

bool Content::compact(InodeLocks& locks, const InodeTable& inodes) {
  // Nothing was freed since the last time that this was of no use: it would be of none now.
  const uint64_t released = parts_.inlineReleases.sum();
  if (released == fruitlessAt_.load(std::memory_order_relaxed)) return false;
  bool emptied = false;
  for (uint64_t bytes = Heap::capacityOf(1); bytes <= kSmallMax;
       bytes = Heap::capacityOf(bytes + 1)) {
    emptied = compactClass(locks, inodes, bytes) || emptied;
  }
  parts_.heap.trim();
  if (!emptied) fruitlessAt_.store(released, std::memory_order_relaxed);
  return emptied;
}

}  // namespace ram
