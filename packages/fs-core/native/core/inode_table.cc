#include "inode_table.h"

#include <errno.h>

#include <algorithm>
#include <bit>
#include <cstring>

namespace ram {

int InodeTable::start() {
  const uint64_t inodes = segment_.super()->inodesCapacity;
  if (int status = usedBits_.reserve(inodes / 64 + 1); status < 0) return status;
  if (int status = pages_.reserve(inodes / kPerPage); status < 0) return status;
  return owners_.reserve(inodes / kPerChunk);
}

bool InodeTable::isUsed(uint64_t inode) const {
  return __atomic_load_n(&usedBits_[inode / 64], __ATOMIC_ACQUIRE) >> inode % 64 & 1;
}

void InodeTable::setUsed(uint64_t inode, bool value) {
  const uint64_t bit = uint64_t{1} << inode % 64;
  if (value) {
    __atomic_fetch_or(&usedBits_[inode / 64], bit, __ATOMIC_RELEASE);
  } else {
    __atomic_fetch_and(&usedBits_[inode / 64], ~bit, __ATOMIC_RELEASE);
  }
}

InodeTable::Group& InodeTable::groupOf(uint64_t inode) {
  return groups_[__atomic_load_n(&owners_[inode / kPerChunk], __ATOMIC_RELAXED)];
}

// --- pages ---------------------------------------------------------------------------------------

// Lock: of the group.
int InodeTable::commitPages(Group& group, uint32_t first, uint32_t count) {
  const uint64_t at = segment_.super()->inodesOffset + first * kPageSize;
  if (int status = segment_.commit(at, count * kPageSize); status < 0) return status;
  for (uint32_t i = first; i < first + count; ++i) {
    pages_[i].committed = true;
    if (!pages_[i].listed) group.withRoom.push_back(i);
    pages_[i].listed = true;
  }
  group.committedPages += count;
  return 0;
}

// The next chunk behind the last one becomes the group's. Lock: of the group.
int InodeTable::takeChunk(uint32_t number) {
  std::lock_guard lock(mutex_);
  const uint64_t first = highWater();
  const uint64_t end = first + kPerChunk;
  if (end > segment_.super()->inodesCapacity) return -ENOSPC;
  for (uint32_t mount = 1; mount < kMaxMounts; ++mount) {
    if (!(mounts_ >> mount & 1)) continue;
    const int status = commitLookups(mount, lookupsCommitted_[mount], end);
    if (status < 0) return status;
  }
  groups_[number].next = static_cast<uint32_t>(first / kPerPage);
  groups_[number].end = static_cast<uint32_t>(end / kPerPage);
  __atomic_store_n(&owners_[first / kPerChunk], static_cast<uint8_t>(number), __ATOMIC_RELAXED);
  // release: who sees an inode of the chunk also sees the chunk's owner.
  __atomic_store_n(&segment_.super()->inodesHighWater, end, __ATOMIC_RELEASE);
  return 0;
}

// More pages with room; many at once where there is memory. Lock: of the group.
int InodeTable::grow(uint32_t number) {
  Group& group = groups_[number];
  if (!group.returned.empty()) {
    const int status = commitPages(group, group.returned.back(), 1);
    if (status == 0) group.returned.pop_back();
    return status;
  }
  if (group.next == group.end) {
    if (int status = takeChunk(number); status < 0) return status;
  }
  const uint64_t wanted = std::max<uint64_t>(group.committedPages / 4, 1);
  const auto ahead = static_cast<uint32_t>(std::min<uint64_t>(wanted, group.end - group.next));
  for (const uint32_t count : {ahead, uint32_t{1}}) {
    const int status = commitPages(group, group.next, count);
    if (status == 0) group.next += count;
    if (status != -ENOSPC) return status;
  }
  return -ENOSPC;
}

// --- numbers -------------------------------------------------------------------------------------

int64_t InodeTable::take(uint32_t number) {
  Group& group = groups_[number];
  std::lock_guard lock(group.mutex);
  emptyLimbo(group);
  for (;;) {
    if (group.withRoom.empty()) {
      if (int status = grow(number); status < 0) return status;
    }
    const uint32_t index = group.withRoom.back();
    Page& page = pages_[index];
    if (page.used == ~uint32_t{0} || !page.committed) {
      page.listed = false;
      group.withRoom.pop_back();
      continue;
    }
    if (index == group.spare) group.spare = kNone;
    const uint32_t bit = static_cast<uint32_t>(std::countr_one(page.used));
    page.used |= 1u << bit;
    const uint64_t inode = uint64_t{index} * kPerPage + bit;
    if (group.generation == group.generationsEnd) {
      group.generation = __atomic_fetch_add(&segment_.super()->nextGeneration, kGenerationsAhead,
                                            __ATOMIC_RELAXED);
      group.generationsEnd = group.generation + kGenerationsAhead;
    }
    InodeRecord* record = segment_.inode(inode);
    std::memset(static_cast<void*>(record), 0, sizeof(InodeRecord));
    record->generation = static_cast<uint32_t>(group.generation++);
    setUsed(inode, true);
    return static_cast<int64_t>(inode);
  }
}

int64_t InodeTable::allocate() {
  const uint64_t limit = segment_.super()->maxInodes;
  // Record 0 is counted too.
  if (limit != 0 && limited_.fetch_add(1, std::memory_order_relaxed) > limit) {
    limited_.fetch_sub(1, std::memory_order_relaxed);
    return -ENOSPC;
  }
  const uint32_t own = threadGroup();
  int64_t inode = take(own);
  for (uint32_t i = 1; inode == -ENOSPC && i < kThreadGroups; ++i) {
    inode = take((own + i) % kThreadGroups);
  }
  if (inode >= 0) used_.add(1);
  if (inode < 0 && limit != 0) limited_.fetch_sub(1, std::memory_order_relaxed);
  return inode;
}

void InodeTable::free(uint64_t inode) {
  Group& group = groupOf(inode);
  std::lock_guard lock(group.mutex);
  setUsed(inode, false);
  used_.subtract(1);
  if (segment_.super()->maxInodes != 0) limited_.fetch_sub(1, std::memory_order_relaxed);
  if (group.limbo.empty() && nobodyCalls()) return release(group, inode);
  group.limbo.push_back({inode, epoch_.load()});
  emptyLimbo(group);
}

// Lock: of the group.
void InodeTable::release(Group& group, uint64_t inode) {
  const uint32_t number = static_cast<uint32_t>(inode / kPerPage);
  Page& page = pages_[number];
  page.used &= ~(1u << inode % kPerPage);
  if (page.used == 0 && group.spare == kNone) group.spare = number;
  if (page.used == 0 && group.spare != number) {
    page.committed = false;
    segment_.decommit(segment_.super()->inodesOffset + number * kPageSize, kPageSize);
    --group.committedPages;
    group.returned.push_back(number);
  } else if (!page.listed) {
    page.listed = true;
    group.withRoom.push_back(number);
  }
}

InodeRecord* InodeTable::live(uint64_t inode) const {
  if (inode == 0 || inode >= highWater()) return nullptr;
  if (!isUsed(inode)) return nullptr;
  InodeRecord* record = segment_.inode(inode);
  return __atomic_load_n(&record->mode, __ATOMIC_ACQUIRE) == 0 ? nullptr : record;
}

// --- calls of several steps ----------------------------------------------------------------------

uint32_t InodeTable::enter() {
  for (;;) {
    // All in one order with advanceEpoch(): either it sees this call, or this sees its new epoch.
    const uint64_t epoch = epoch_.load();
    const auto token = static_cast<uint32_t>(epoch % 2);
    calls_[token].add(1, std::memory_order_seq_cst);
    if (epoch_.load() == epoch) return token;
    leave(token);
  }
}

// Who learned a number before it was freed did so under a lock that the free came after: its call
// is seen here.
bool InodeTable::nobodyCalls() const {
  return calls_[0].sum(std::memory_order_seq_cst) == 0 &&
         calls_[1].sum(std::memory_order_seq_cst) == 0;
}

void InodeTable::advanceEpoch() {
  uint64_t epoch = epoch_.load();
  if (calls_[(epoch + 1) % 2].sum(std::memory_order_seq_cst) != 0) return;
  epoch_.compare_exchange_strong(epoch, epoch + 1);
}

// Lock: of the group.
void InodeTable::emptyLimbo(Group& group) {
  if (group.limbo.empty()) return;
  advanceEpoch();
  advanceEpoch();
  const uint64_t epoch = epoch_.load();
  const auto kept = std::find_if(group.limbo.begin(), group.limbo.end(),
                                 [&](const Freed& freed) { return freed.epoch + 2 > epoch; });
  for (auto freed = group.limbo.begin(); freed != kept; ++freed) release(group, freed->inode);
  group.limbo.erase(group.limbo.begin(), kept);
}

// --- kernel references ---------------------------------------------------------------------------

uint64_t InodeTable::committedBytes() {
  uint64_t bytes = 0;
  for (Group& group : groups_) {
    std::lock_guard lock(group.mutex);
    bytes += group.committedPages * kPageSize;
  }
  std::lock_guard lock(mutex_);
  for (const uint64_t inodes : lookupsCommitted_) bytes += inodes * sizeof(uint64_t);
  return bytes;
}

int InodeTable::commitLookups(uint32_t mount, uint64_t fromInode, uint64_t toInode) {
  const uint64_t first = fromInode / kLookupsPerPage;
  const uint64_t last = (toInode + kLookupsPerPage - 1) / kLookupsPerPage;
  if (last <= first) return 0;
  const uint64_t at = segment_.offsetOf(segment_.lookups(mount, 0)) + first * kPageSize;
  if (int status = segment_.commit(at, (last - first) * kPageSize); status < 0) return status;
  lookupsCommitted_[mount] = last * kLookupsPerPage;
  return 0;
}

int InodeTable::attachMount(uint32_t mount) {
  std::lock_guard lock(mutex_);
  const int status = commitLookups(mount, 0, highWater());
  if (status == 0) mounts_ |= 1u << mount;
  return status;
}

void InodeTable::detachMount(uint32_t mount) {
  std::lock_guard lock(mutex_);
  if (lookupsCommitted_[mount] != 0) {
    segment_.decommit(segment_.offsetOf(segment_.lookups(mount, 0)),
                      lookupsCommitted_[mount] * sizeof(uint64_t));
  }
  lookupsCommitted_[mount] = 0;
  mounts_ &= ~(1u << mount);
}

void InodeTable::forgetMount(uint32_t mount) {
  std::lock_guard lock(mutex_);
  segment_.decommit(segment_.offsetOf(segment_.lookups(mount, 0)),
                    segment_.super()->inodesCapacity * sizeof(uint64_t));
}

// --- opening segments ----------------------------------------------------------------------------

void InodeTable::rebuild() {
  Superblock* super = segment_.super();
  super->inodesHighWater = (super->inodesHighWater + kPerChunk - 1) / kPerChunk * kPerChunk;
  for (uint32_t number = 0; number < super->inodesHighWater / kPerPage; ++number) {
    const auto owner = static_cast<uint8_t>(number / kChunkPages % kThreadGroups);
    owners_[number / kChunkPages] = owner;
    Group& group = groups_[owner];
    Page& page = pages_[number];
    const bool committed = segment_.isCommitted(super->inodesOffset + number * kPageSize);
    if (number == 0) page.used = 1;  // record 0 is no inode, but counts
    for (uint32_t i = 0; committed && i < kPerPage; ++i) {
      if (segment_.inode(number * kPerPage + i)->mode == 0) continue;
      page.used |= 1u << i;
      setUsed(number * kPerPage + i, true);
    }
    used_.add(static_cast<uint64_t>(std::popcount(page.used)));
    if (committed && page.used == 0) {
      segment_.decommit(super->inodesOffset + number * kPageSize, kPageSize);
    }
    page.committed = committed && page.used != 0;
    if (!page.committed) {
      group.returned.push_back(number);
      continue;
    }
    ++group.committedPages;
    page.listed = page.used != ~uint32_t{0};
    if (page.listed) group.withRoom.push_back(number);
  }
  limited_ = used_.sum();
}

}  // namespace ram
