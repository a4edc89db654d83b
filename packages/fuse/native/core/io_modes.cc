#include "io_modes.h"

namespace ram::fuse {

IoModes::Slot* IoModes::Shard::find(uint64_t inode) {
  size_t mask = slots.size() - 1;
  size_t at = (hash(inode) >> 20) & mask;
  while (slots[at].inode != 0 && slots[at].inode != inode) at = (at + 1) & mask;
  return &slots[at];
}

void IoModes::Shard::grow() {
  std::vector<Slot> old(slots.size() * 2);
  old.swap(slots);
  for (const Slot& slot : old) {
    if (slot.inode != 0) *find(slot.inode) = slot;
  }
}

void IoModes::Shard::erase(Slot* slot) {
  size_t mask = slots.size() - 1;
  size_t hole = static_cast<size_t>(slot - slots.data());
  for (size_t at = (hole + 1) & mask; slots[at].inode != 0; at = (at + 1) & mask) {
    size_t home = (hash(slots[at].inode) >> 20) & mask;
    // The entry may move into the hole unless its home lies behind the hole.
    if (((at - home) & mask) >= ((at - hole) & mask)) {
      slots[hole] = slots[at];
      hole = at;
    }
  }
  slots[hole] = {};
  used--;
}

bool IoModes::open(uint64_t inode, bool wantsDirect, bool forWriting) {
  Shard& shard = this->shard(inode);
  std::lock_guard lock(shard.mutex);
  if (shard.used * 2 >= shard.slots.size()) shard.grow();
  Slot* slot = shard.find(inode);
  if (slot->inode == 0) {
    *slot = {inode, 0, 0, wantsDirect};
    shard.used++;
  }
  slot->count++;
  if (forWriting) slot->writers++;
  return slot->direct;
}

void IoModes::needDirect(uint64_t inode) {
  Shard& shard = this->shard(inode);
  std::lock_guard lock(shard.mutex);
  Slot* slot = shard.find(inode);
  if (slot->inode != 0) slot->direct = true;
}

void IoModes::close(uint64_t inode, bool forWriting) {
  Shard& shard = this->shard(inode);
  std::lock_guard lock(shard.mutex);
  Slot* slot = shard.find(inode);
  if (slot->inode == 0) return;
  if (forWriting && slot->writers > 0) slot->writers--;
  if (--slot->count == 0) shard.erase(slot);
}

uint32_t IoModes::openCount(uint64_t inode) {
  Shard& shard = this->shard(inode);
  std::lock_guard lock(shard.mutex);
  return shard.find(inode)->count;
}

bool IoModes::openForWriting(uint64_t inode) {
  Shard& shard = this->shard(inode);
  std::lock_guard lock(shard.mutex);
  return shard.find(inode)->writers > 0;
}

}  // namespace ram::fuse
