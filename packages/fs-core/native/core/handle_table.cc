#include "handle_table.h"

#include <errno.h>
#include <fcntl.h>

#include <algorithm>

namespace ram {

int HandleTable::start() {
  owners_ = std::vector<std::atomic<uint8_t>>(segment_.super()->handlesCapacity / kPerBlock);
  std::lock_guard lock(mutex_);
  return growAhead();
}

HandleTable::Group* HandleTable::groupOf(uint64_t index) {
  if (index == 0 || index >= end()) return nullptr;
  // acquire: the group has the block, and its records are committed.
  const uint32_t owner = owners_[index / kPerBlock].load(std::memory_order_acquire);
  return owner == 0 ? nullptr : &groups_[owner - 1];
}

// Lock: of its group.
HandleRecord* HandleTable::find(uint64_t handle, uint64_t inode) const {
  HandleRecord* record = segment_.handle(static_cast<uint32_t>(handle));
  const bool same = record->inode == inode && record->serial == handle >> 32 && inode != 0;
  return same ? record : nullptr;
}

// Lock: mutex_.
int HandleTable::grow() {
  const Superblock* super = segment_.super();
  const uint64_t first = end();
  if (first + kPerPage > super->handlesCapacity) return -ENFILE;
  const uint64_t at = super->handlesOffset + first / kPerPage * kPageSize;
  if (int status = segment_.commit(at, kPageSize); status < 0) return status;
  __atomic_store_n(&segment_.super()->handlesHighWater, first + kPerPage, __ATOMIC_RELEASE);
  return 0;
}

// Ahead of need, so that files can be opened for a while after the disk became full. Lock: mutex_.
int HandleTable::growAhead() {
  int status = 0;
  while (end() - nextBlock_ * kPerBlock < kAhead && status == 0) status = grow();
  return status;
}

// Lock: of the group.
int HandleTable::takeBlock(uint32_t group) {
  std::lock_guard lock(mutex_);
  const int status = growAhead();
  if (nextBlock_ * kPerBlock >= end()) return status;
  const uint64_t first = nextBlock_ * kPerBlock;
  for (uint64_t i = first + kPerBlock; i-- > std::max<uint64_t>(first, 1);) {
    groups_[group].free.push_back(static_cast<uint32_t>(i));
  }
  owners_[nextBlock_++].store(static_cast<uint8_t>(group + 1), std::memory_order_release);
  return 0;
}

int64_t HandleTable::take(uint32_t number, uint64_t inode, uint32_t flags, uint32_t mount) {
  Group& group = groups_[number];
  std::lock_guard lock(group.mutex);
  if (group.free.empty()) {
    if (int status = takeBlock(number); status < 0) return status;
  }
  const uint32_t index = group.free.back();
  group.free.pop_back();
  HandleRecord* record = segment_.handle(index);
  record->flags = flags;
  record->mount = mount;
  record->serial = group.serial;
  record->backing = 0;
  // Last: whoever opens the segments of a killed process finds it whole, or free.
  __atomic_store_n(&record->inode, static_cast<uint32_t>(inode), __ATOMIC_RELEASE);
  group.serial = group.serial == 0x7fffffff ? 1 : group.serial + 1;
  return static_cast<int64_t>(uint64_t{record->serial} << 32 | index);
}

int64_t HandleTable::allocate(uint64_t inode, uint32_t flags, uint32_t mount) {
  const uint32_t own = threadGroup();
  int64_t handle = take(own, inode, flags, mount);
  for (uint32_t i = 1; handle < 0 && i < kThreadGroups; ++i) {
    handle = take((own + i) % kThreadGroups, inode, flags, mount);
  }
  return handle;
}

bool HandleTable::free(uint64_t handle, uint64_t inode, HandleRecord* was) {
  Group* group = groupOf(static_cast<uint32_t>(handle));
  if (group == nullptr) return false;
  std::lock_guard lock(group->mutex);
  HandleRecord* record = find(handle, inode);
  if (record == nullptr) return false;
  *was = *record;
  record->inode = 0;
  group->free.push_back(static_cast<uint32_t>(handle));
  return true;
}

void HandleTable::pass(uint64_t handle, uint32_t backing, uint64_t version) {
  std::lock_guard lock(groupOf(static_cast<uint32_t>(handle))->mutex);
  HandleRecord* record = segment_.handle(static_cast<uint32_t>(handle));
  record->backing = backing;
  record->version = version;
  record->flags |= O_DIRECT;
}

bool HandleTable::look(uint64_t handle, uint64_t inode, HandleRecord* out) {
  Group* group = groupOf(static_cast<uint32_t>(handle));
  if (group == nullptr) return false;
  std::lock_guard lock(group->mutex);
  const HandleRecord* record = find(handle, inode);
  if (record != nullptr) *out = *record;
  return record != nullptr;
}

int64_t HandleTable::flags(uint64_t handle, uint64_t inode) {
  HandleRecord record;
  return look(handle, inode, &record) ? static_cast<int64_t>(record.flags) : -EBADF;
}

bool HandleTable::hasCachedOpen(uint64_t inode) {
  for (uint64_t i = 1; i < end(); ++i) {
    Group* group = groupOf(i);
    if (group == nullptr) continue;
    std::lock_guard lock(group->mutex);
    const HandleRecord* record = segment_.handle(i);
    if (record->inode == inode && record->mount != 0 && (record->flags & O_DIRECT) == 0) {
      return true;
    }
  }
  return false;
}

uint64_t HandleTable::committedBytes() const {
  return (end() + kPerPage - 1) / kPerPage * kPageSize;
}

void HandleTable::rebuild() {
  owners_ = std::vector<std::atomic<uint8_t>>(segment_.super()->handlesCapacity / kPerBlock);
  nextBlock_ = end() / kPerBlock;
  for (uint64_t i = end(); i-- > 1;) {
    const auto number = static_cast<uint8_t>(i / kPerBlock % kThreadGroups);
    Group& group = groups_[number];
    const HandleRecord* record = segment_.handle(i);
    if (record->inode == 0) group.free.push_back(static_cast<uint32_t>(i));
    group.serial = std::max(group.serial, record->serial + 1);
    owners_[i / kPerBlock].store(static_cast<uint8_t>(number + 1), std::memory_order_relaxed);
  }
}

}  // namespace ram
