#include "inode_table.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cstring>

namespace ram {

InodeTable::UsedBits::~UsedBits() {
  if (words != nullptr) ::munmap(words, bytes);
}

int InodeTable::UsedBits::reserve(uint64_t inodes) {
  bytes = (inodes / 64 + 1) * sizeof(uint64_t);
  void* address = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (address == MAP_FAILED) return -errno;
  words = static_cast<uint64_t*>(address);
  return 0;
}

bool InodeTable::UsedBits::get(uint64_t inode) const {
  return __atomic_load_n(words + inode / 64, __ATOMIC_ACQUIRE) >> inode % 64 & 1;
}

void InodeTable::UsedBits::set(uint64_t inode, bool value) {
  const uint64_t bit = uint64_t{1} << inode % 64;
  if (value) {
    __atomic_fetch_or(words + inode / 64, bit, __ATOMIC_RELEASE);
  } else {
    __atomic_fetch_and(words + inode / 64, ~bit, __ATOMIC_RELEASE);
  }
}

int InodeTable::commitPages(uint64_t first, uint64_t count) {
  for (uint32_t mount = 1; mount < kMaxMounts; ++mount) {
    if (!(mounts_ >> mount & 1)) continue;
    const int status = commitLookups(mount, lookupsCommitted_[mount], (first + count) * kPerPage);
    if (status < 0) return status;
  }
  const uint64_t at = segment_.super()->inodesOffset + first * kPageSize;
  if (int status = segment_.commit(at, count * kPageSize); status < 0) return status;
  for (uint64_t i = first; i < first + count; ++i) {
    pages_[i].committed = true;
    if (!pages_[i].listed) withRoom_.push_back(static_cast<uint32_t>(i));
    pages_[i].listed = true;
  }
  committedPages_ += count;
  return 0;
}

// More pages behind the last one; many at once where there is room.
int InodeTable::grow() {
  const uint64_t first = pages_.size();
  const uint64_t limit = segment_.super()->inodesCapacity / kPerPage;
  if (first >= limit) return -ENOSPC;
  const uint64_t ahead = std::clamp<uint64_t>(first / 4, 1, 64);
  for (uint64_t count : {std::min(ahead, limit - first), uint64_t{1}}) {
    pages_.resize(first + count);
    const int status = commitPages(first, count);
    if (status == 0) {
      // release: live() may look at the new records without the mutex.
      __atomic_store_n(&segment_.super()->inodesHighWater, (first + count) * kPerPage,
                       __ATOMIC_RELEASE);
      return 0;
    }
    pages_.resize(first);
    if (status != -ENOSPC) return status;
  }
  return -ENOSPC;
}

int64_t InodeTable::allocate() {
  std::lock_guard lock(mutex_);
  const uint64_t limit = segment_.super()->maxInodes;
  if (limit != 0 && used_ > limit) return -ENOSPC;  // record 0 is in used_
  emptyLimbo();
  for (;;) {
    if (withRoom_.empty()) {
      if (returned_.empty()) {
        if (int status = grow(); status < 0) return status;
      } else {
        if (int status = commitPages(returned_.back(), 1); status < 0) return status;
        returned_.pop_back();
      }
    }
    const uint32_t number = withRoom_.back();
    Page& page = pages_[number];
    if (page.used == ~uint32_t{0} || !page.committed) {
      page.listed = false;
      withRoom_.pop_back();
      continue;
    }
    if (number == spare_) spare_ = kNone;
    const uint32_t bit = static_cast<uint32_t>(std::countr_one(page.used));
    page.used |= 1u << bit;
    ++used_;
    const uint64_t inode = uint64_t{number} * kPerPage + bit;
    std::memset(static_cast<void*>(segment_.inode(inode)), 0, sizeof(InodeRecord));
    usedBits_.set(inode, true);
    return static_cast<int64_t>(inode);
  }
}

uint32_t InodeTable::enter() {
  for (;;) {
    // All in one order with emptyLimbo(): either it sees this call, or this sees its new parity.
    const uint32_t token = parity_.load();
    calls_[token].fetch_add(1);
    if (parity_.load() == token) return token;
    leave(token);
  }
}

// Two steps bring a freed number back: one ends the parity in which it was freed, the next finds
// that all calls of that parity are over.
void InodeTable::emptyLimbo() {
  for (int step = 0; step < 2; ++step) {
    const uint32_t other = 1 - parity_.load();
    if (limbo_[0].empty() && limbo_[1].empty()) return;
    if (calls_[other].load() != 0) return;
    for (const uint64_t inode : limbo_[other]) release(inode);
    limbo_[other].clear();
    parity_.store(other);
  }
}

void InodeTable::free(uint64_t inode) {
  std::lock_guard lock(mutex_);
  usedBits_.set(inode, false);
  --used_;
  limbo_[parity_.load()].push_back(inode);
  emptyLimbo();
}

void InodeTable::release(uint64_t inode) {
  const uint32_t number = static_cast<uint32_t>(inode / kPerPage);
  Page& page = pages_[number];
  page.used &= ~(1u << inode % kPerPage);
  if (page.used == 0 && spare_ == kNone) spare_ = number;
  if (page.used == 0 && spare_ != number) {
    page.committed = false;
    segment_.decommit(segment_.super()->inodesOffset + number * kPageSize, kPageSize);
    --committedPages_;
    returned_.push_back(number);
  } else if (!page.listed) {
    page.listed = true;
    withRoom_.push_back(number);
  }
}

InodeRecord* InodeTable::live(uint64_t inode) const {
  if (inode == 0 || inode >= highWater()) return nullptr;
  if (!usedBits_.get(inode)) return nullptr;
  InodeRecord* record = segment_.inode(inode);
  return __atomic_load_n(&record->mode, __ATOMIC_ACQUIRE) == 0 ? nullptr : record;
}

uint64_t InodeTable::used() {
  std::lock_guard lock(mutex_);
  return used_ - 1;
}

uint64_t InodeTable::committedBytes() {
  std::lock_guard lock(mutex_);
  uint64_t bytes = committedPages_ * kPageSize;
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
  const int status = commitLookups(mount, 0, pages_.size() * kPerPage);
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

void InodeTable::rebuild() {
  const Superblock* super = segment_.super();
  pages_.assign(super->inodesHighWater / kPerPage, Page{});
  for (uint64_t number = 0; number < pages_.size(); ++number) {
    Page& page = pages_[number];
    const bool committed =
        segment_.isCommitted(super->inodesOffset + number * kPageSize);
    if (number == 0) page.used = used_ = 1;  // record 0 is no inode, but counts
    for (uint32_t i = 0; committed && i < kPerPage; ++i) {
      if (segment_.inode(number * kPerPage + i)->mode == 0) continue;
      page.used |= 1u << i;
      usedBits_.set(number * kPerPage + i, true);
      ++used_;
    }
    if (committed && page.used == 0) {
      segment_.decommit(super->inodesOffset + number * kPageSize, kPageSize);
    }
    page.committed = committed && page.used != 0;
    if (!page.committed) {
      returned_.push_back(static_cast<uint32_t>(number));
      continue;
    }
    ++committedPages_;
    page.listed = page.used != ~uint32_t{0};
    if (page.listed) withRoom_.push_back(static_cast<uint32_t>(number));
  }
}

HandleRecord* HandleTable::find(uint64_t handle, uint64_t inode) const {
  const uint32_t index = static_cast<uint32_t>(handle);
  if (index == 0 || index >= segment_.super()->handlesHighWater) return nullptr;
  HandleRecord* record = segment_.handle(index);
  const bool same = record->inode == inode && record->serial == handle >> 32 && inode != 0;
  return same ? record : nullptr;
}

int HandleTable::grow() {
  Superblock* super = segment_.super();
  const uint64_t first = super->handlesHighWater == 0 ? 1 : super->handlesHighWater;
  const uint64_t last = first / kPerPage * kPerPage + kPerPage;
  if (last > super->handlesCapacity) return -ENFILE;
  const uint64_t at = super->handlesOffset + first / kPerPage * kPageSize;
  if (int status = segment_.commit(at, kPageSize); status < 0) return status;
  for (uint64_t i = last; i-- > first;) free_.push_back(static_cast<uint32_t>(i));
  __atomic_store_n(&super->handlesHighWater, last, __ATOMIC_RELEASE);
  return 0;
}

// Ahead of need, so that files can be opened for a while after the disk became full.
int HandleTable::growAhead() {
  int status = 0;
  while (free_.size() < kAhead && status == 0) status = grow();
  return status;
}

int64_t HandleTable::allocate(uint64_t inode, uint32_t flags, uint32_t mount) {
  std::lock_guard lock(mutex_);
  const int status = growAhead();
  if (free_.empty()) return status;
  const uint32_t index = free_.back();
  free_.pop_back();
  HandleRecord* record = segment_.handle(index);
  record->flags = flags;
  record->mount = mount;
  record->serial = serial_;
  record->backing = 0;
  serial_ = serial_ == 0x7fffffff ? 1 : serial_ + 1;
  __atomic_store_n(&record->inode, static_cast<uint32_t>(inode), __ATOMIC_RELEASE);
  return static_cast<int64_t>(uint64_t{record->serial} << 32 | index);
}

bool HandleTable::free(uint64_t handle, uint64_t inode, HandleRecord* was) {
  std::lock_guard lock(mutex_);
  HandleRecord* record = find(handle, inode);
  if (record == nullptr) return false;
  *was = *record;
  record->inode = 0;
  free_.push_back(static_cast<uint32_t>(handle));
  return true;
}

void HandleTable::pass(uint64_t handle, uint32_t backing, uint64_t version) {
  std::lock_guard lock(mutex_);
  HandleRecord* record = segment_.handle(static_cast<uint32_t>(handle));
  record->backing = backing;
  record->version = version;
  record->flags |= O_DIRECT;
}

bool HandleTable::look(uint64_t handle, uint64_t inode, HandleRecord* out) {
  std::lock_guard lock(mutex_);
  const HandleRecord* record = find(handle, inode);
  if (record != nullptr) *out = *record;
  return record != nullptr;
}

int64_t HandleTable::flags(uint64_t handle, uint64_t inode) {
  std::lock_guard lock(mutex_);
  HandleRecord* record = find(handle, inode);
  return record == nullptr ? -EBADF : static_cast<int64_t>(record->flags);
}

bool HandleTable::hasCachedOpen(uint64_t inode) {
  std::lock_guard lock(mutex_);
  for (uint64_t i = 1; i < segment_.super()->handlesHighWater; ++i) {
    const HandleRecord* record = segment_.handle(i);
    if (record->inode == inode && record->mount != 0 && (record->flags & O_DIRECT) == 0) {
      return true;
    }
  }
  return false;
}

uint64_t HandleTable::committedBytes() {
  std::lock_guard lock(mutex_);
  return (segment_.super()->handlesHighWater + kPerPage - 1) / kPerPage * kPageSize;
}

void HandleTable::rebuild() {
  std::lock_guard lock(mutex_);
  free_.clear();
  for (uint64_t i = segment_.super()->handlesHighWater; i-- > 1;) {
    const HandleRecord* record = segment_.handle(i);
    if (record->inode == 0) free_.push_back(static_cast<uint32_t>(i));
    serial_ = std::max(serial_, record->serial + 1);
  }
}

}  // namespace ram
