#include "heap.h"

#include <errno.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

namespace ram {
namespace {

constexpr std::array<uint16_t, 24> kClassBytes = {
    16,  32,  48,  64,  80,  96,  112, 128, 160, 192,  224,  256,
    320, 384, 448, 512, 576, 672, 816, 1008, 1344, 2032};
constexpr uint32_t kClasses = 22;
constexpr uint32_t kCachedPages = 256;  // 1 MiB of free pages kept for the next allocation
constexpr uint32_t kCommitAhead = 64;   // pages asked for at once where there is room

uint32_t classOf(uint64_t bytes) {
  const auto* end = kClassBytes.begin() + kClasses;
  return static_cast<uint32_t>(std::lower_bound(kClassBytes.begin(), end, bytes) -
                               kClassBytes.begin()) + 1;
}

uint32_t objectBytes(uint32_t sizeClass) { return kClassBytes[sizeClass - 1]; }
uint32_t objectsPerPage(uint32_t sizeClass) {
  return static_cast<uint32_t>(kPageSize) / objectBytes(sizeClass);
}

uint32_t pagesOf(uint64_t bytes) {
  return static_cast<uint32_t>((bytes + kPageSize - 1) / kPageSize);
}

constexpr uint32_t kGranulesPerPage = kPageSize / kGranule;

}  // namespace

Heap::Heap(Segment& segment) : segment_(segment), partial_(kClasses + 1) {
  pages_.resize(1);  // page 0 stays unused, so that reference 0 can mean none
  pages_[0].inUse = true;
}

uint64_t Heap::capacityOf(uint64_t bytes) {
  return bytes <= kSmallMax ? objectBytes(classOf(bytes)) : pagesOf(bytes) * kPageSize;
}

int Heap::commitPages(uint32_t start, uint32_t count) {
  const Superblock* super = segment_.super();
  const int status =
      segment_.commit(super->heapOffset + start * kPageSize, uint64_t{count} * kPageSize);
  if (status == 0) committedPages_ += count;
  return status;
}

// Pages come from the cache, else from what was given back, else from behind the high-water mark.
uint32_t Heap::takePages(uint32_t count, bool zeroed, Reserve reserve) {
  if (const uint32_t start = cached_.take(count)) {
    if (zeroed) std::memset(segment_.page(start), 0, uint64_t{count} * kPageSize);
    return start;
  }
  uint32_t ahead = 0;  // single pages are taken many at once where there is room
  const uint32_t most = count == 1 && keeps_ ? kCommitAhead - 1 : 0;
  const uint32_t start = takeUncommitted(count, most, &ahead);
  if (start == 0) return takeAside(count, reserve);
  if (ahead > 0 && commitPages(start, count + ahead) == 0) {
    cached_.insert(start + count, ahead);
    return start;
  }
  if (ahead > 0) returned_.insert(start + count, ahead);
  if (commitPages(start, count) == 0) return start;
  trimLocked();
  if (commitPages(start, count) == 0) return start;
  returned_.insert(start, count);
  return takeAside(count, reserve);
}

// `count` pages in a row that hold no memory, and up to `most` behind them. 0: none are left.
uint32_t Heap::takeUncommitted(uint32_t count, uint32_t most, uint32_t* ahead) {
  if (const uint32_t start = returned_.take(count)) {
    *ahead = returned_.takeBehind(start + count, most);
    return start;
  }
  const uint32_t start = static_cast<uint32_t>(pages_.size());
  const uint64_t room = segment_.super()->heapPages - start;
  if (count > room) return 0;
  *ahead = static_cast<uint32_t>(std::min<uint64_t>(room - count, most));
  pages_.resize(start + count + *ahead);
  return start;
}

uint32_t Heap::takeAside(uint32_t count, Reserve reserve) {
  const uint64_t kept = reserve == Reserve::kAll ? 0 : asideTarget_ / 2;
  if (reserve == Reserve::kNo || aside_.pages() < kept + count) return 0;
  const uint32_t start = aside_.take(count);
  if (start != 0) std::memset(segment_.page(start), 0, uint64_t{count} * kPageSize);
  return start;
}

int Heap::setAside(uint32_t pages) {
  std::lock_guard lock(mutex_);
  const uint32_t start = takePages(pages, false);
  if (start == 0) return -ENOSPC;
  aside_.insert(start, pages);
  asideTarget_ = pages;
  return 0;
}

// Given back in bulk: neighbours have merged into runs by then, one system call each.
void Heap::givePages(uint32_t start, uint32_t count) {
  for (uint32_t i = 0; i < count; ++i) pages_[start + i] = PageInfo{};
  if (aside_.pages() < asideTarget_) return aside_.insert(start, count);
  cached_.insert(start, count);
  if (!keeps_ || cached_.pages() > kCachedPages) trimLocked();
}

void Heap::trimLocked() {
  for (const auto& [start, length] : cached_.runs()) {
    segment_.decommit(segment_.super()->heapOffset + start * kPageSize,
                      uint64_t{length} * kPageSize);
    committedPages_ -= length;
    returned_.insert(start, length);
  }
  cached_.clear();
}

void Heap::keepFreePages(bool keep) {
  std::lock_guard lock(mutex_);
  keeps_ = keep;
  if (!keep) trimLocked();
}

bool Heap::trim() {
  std::lock_guard lock(mutex_);
  const bool any = cached_.pages() > 0;
  trimLocked();
  return any;
}

HeapRef Heap::takeSmall(uint32_t sizeClass, Reserve reserve) {
  std::vector<uint32_t>& candidates = partial_[sizeClass];
  const uint32_t perPage = objectsPerPage(sizeClass);
  while (!candidates.empty()) {
    const uint32_t number = candidates.back();
    PageInfo& page = pages_[number];
    // Entries of pages that filled up, or went back and live on as something else, are stale.
    if (page.sizeClass != sizeClass || page.count >= perPage || !page.listed) {
      if (page.sizeClass == sizeClass) page.listed = false;
      candidates.pop_back();
      continue;
    }
    for (uint32_t w = 0; w < 4; ++w) {
      const uint32_t bit = static_cast<uint32_t>(std::countr_one(page.used[w]));
      if (bit == 64 || w * 64 + bit >= perPage) continue;
      page.used[w] |= uint64_t{1} << bit;
      ++page.count;
      return number * kGranulesPerPage + (w * 64 + bit) * (objectBytes(sizeClass) / kGranule);
    }
    candidates.pop_back();
  }
  const uint32_t number = takePages(1, false, reserve);  // allocate() clears each object
  if (number == 0) return 0;
  PageInfo& page = pages_[number];
  page = PageInfo{};
  page.inUse = page.listed = true;
  page.sizeClass = static_cast<uint8_t>(sizeClass);
  page.used[0] = 1;
  page.count = 1;
  candidates.push_back(number);
  return number * kGranulesPerPage;
}

HeapRef Heap::allocate(uint64_t bytes, Reserve reserve) {
  std::unique_lock lock(mutex_);
  if (bytes > kSmallMax) {
    const uint32_t count = pagesOf(bytes);
    const uint32_t start = takePages(count, true, reserve);
    for (uint32_t i = 0; start != 0 && i < count; ++i) pages_[start + i].inUse = true;
    return start * kGranulesPerPage;
  }
  const HeapRef ref = takeSmall(classOf(bytes), reserve);
  lock.unlock();
  if (ref != 0) std::memset(segment_.at<uint8_t>(ref), 0, capacityOf(bytes));
  return ref;
}

uint32_t Heap::objectIndex(HeapRef ref, uint32_t sizeClass) const {
  return ref % kGranulesPerPage / (objectBytes(sizeClass) / kGranule);
}

void Heap::free(HeapRef ref, uint64_t bytes) {
  if (ref == 0) return;
  std::lock_guard lock(mutex_);
  const uint32_t number = ref / kGranulesPerPage;
  if (bytes > kSmallMax) {
    givePages(number, pagesOf(bytes));
    return;
  }
  PageInfo& page = pages_[number];
  const uint32_t sizeClass = page.sizeClass;
  const uint32_t index = objectIndex(ref, sizeClass);
  page.used[index / 64] &= ~(uint64_t{1} << index % 64);
  if (--page.count == 0) {
    givePages(number, 1);
  } else if (!page.listed) {
    page.listed = true;
    partial_[sizeClass].push_back(number);
  }
}

uint32_t Heap::allocatePage(bool zeroed) {
  std::lock_guard lock(mutex_);
  const uint32_t number = takePages(1, zeroed);
  if (number != 0) pages_[number].inUse = true;
  return number;
}

uint32_t Heap::storePages(const void* data, uint32_t* count) {
  const uint32_t wanted = *count;
  std::unique_lock lock(mutex_);
  uint32_t ahead = 0;
  uint32_t start = cached_.take(wanted);
  const bool committed = start != 0;
  if (!committed) start = takeUncommitted(wanted, 0, &ahead);
  if (start == 0) return 0;
  for (uint32_t i = 0; i < wanted; ++i) pages_[start + i].inUse = true;
  lock.unlock();

  const uint64_t at = segment_.super()->heapOffset + start * kPageSize;
  const uint64_t bytes = segment_.store(at, data, wanted * kPageSize, committed);
  const auto stored = static_cast<uint32_t>(bytes / kPageSize);

  lock.lock();
  if (!committed) committedPages_ += stored;
  const uint32_t rest = wanted - stored;
  for (uint32_t i = stored; i < wanted; ++i) pages_[start + i] = PageInfo{};
  if (rest > 0) (committed ? cached_ : returned_).insert(start + stored, rest);
  *count = stored;
  return stored == 0 ? 0 : start;
}

void Heap::freePage(uint32_t page) {
  std::lock_guard lock(mutex_);
  givePages(page, 1);
}

bool Heap::markPage(uint32_t page) {
  if (page == 0 || page >= segment_.super()->heapPages) return false;
  if (page >= pages_.size()) pages_.resize(page + 1);
  if (pages_[page].inUse) return false;
  pages_[page].inUse = true;
  return true;
}

bool Heap::mark(HeapRef ref, uint64_t bytes) {
  const uint32_t number = ref / kGranulesPerPage;
  if (bytes > kSmallMax) {
    if (ref % kGranulesPerPage != 0) return false;
    for (uint32_t i = 0; i < pagesOf(bytes); ++i) {
      if (!markPage(number + i)) return false;
    }
    return true;
  }
  if (number == 0 || number >= segment_.super()->heapPages) return false;
  if (number >= pages_.size()) pages_.resize(number + 1);
  PageInfo& page = pages_[number];
  const uint32_t sizeClass = classOf(bytes);
  if (page.inUse && page.sizeClass != sizeClass) return false;
  page.inUse = true;
  page.sizeClass = static_cast<uint8_t>(sizeClass);
  const uint32_t index = objectIndex(ref, sizeClass);
  if (ref % kGranulesPerPage % (objectBytes(sizeClass) / kGranule) != 0) return false;
  if (index >= objectsPerPage(sizeClass)) return false;
  const uint64_t bit = uint64_t{1} << index % 64;
  if (page.used[index / 64] & bit) return false;
  page.used[index / 64] |= bit;
  ++page.count;
  return true;
}

void Heap::finishMarking() {
  const Superblock* super = segment_.super();
  for (uint32_t number = 1; number < pages_.size(); ++number) {
    PageInfo& page = pages_[number];
    if (page.inUse) {
      ++committedPages_;
      if (page.sizeClass != 0 && page.count < objectsPerPage(page.sizeClass)) {
        page.listed = true;
        partial_[page.sizeClass].push_back(number);
      }
    } else {
      returned_.insert(number, 1);
    }
  }
  for (const auto& [start, length] : returned_.runs()) {
    segment_.decommit(super->heapOffset + start * kPageSize, uint64_t{length} * kPageSize);
  }
  const uint64_t tail = super->heapOffset + pages_.size() * kPageSize;
  segment_.decommit(tail, super->heapOffset + super->heapPages * kPageSize - tail);
}

uint64_t Heap::committedBytes() {
  std::lock_guard lock(mutex_);
  return committedPages_ * kPageSize;
}

uint64_t Heap::usedBytes() {
  std::lock_guard lock(mutex_);
  uint64_t bytes = 0;
  for (uint32_t number = 1; number < pages_.size(); ++number) {
    const PageInfo& page = pages_[number];
    if (page.inUse) {
      bytes += page.sizeClass == 0 ? kPageSize : page.count * objectBytes(page.sizeClass);
    }
  }
  return bytes;
}

uint64_t Heap::cachedBytes() {
  std::lock_guard lock(mutex_);
  return cached_.pages() * kPageSize;
}

std::vector<uint32_t> Heap::pagesWithRoom(uint64_t bytes) {
  std::lock_guard lock(mutex_);
  const uint32_t sizeClass = classOf(bytes);
  std::vector<uint32_t> pages = partial_[sizeClass];
  std::sort(pages.begin(), pages.end());
  pages.erase(std::unique(pages.begin(), pages.end()), pages.end());
  std::erase_if(pages, [&](uint32_t number) {
    const PageInfo& page = pages_[number];
    return page.sizeClass != sizeClass || page.count == objectsPerPage(sizeClass);
  });
  std::stable_sort(pages.begin(), pages.end(), [this](uint32_t a, uint32_t b) {
    return pages_[a].count < pages_[b].count;
  });
  return pages;
}

uint32_t Heap::objectsOn(uint32_t page, uint64_t bytes, HeapRef refs[256]) {
  std::lock_guard lock(mutex_);
  const uint32_t sizeClass = classOf(bytes);
  if (pages_[page].sizeClass != sizeClass) return 0;
  uint32_t count = 0;
  for (uint32_t i = 0; i < objectsPerPage(sizeClass); ++i) {
    if (pages_[page].used[i / 64] >> i % 64 & 1) {
      refs[count++] = page * kGranulesPerPage + i * (objectBytes(sizeClass) / kGranule);
    }
  }
  return count;
}

HeapRef Heap::allocateOn(uint32_t number, uint64_t bytes) {
  std::lock_guard lock(mutex_);
  const uint32_t sizeClass = classOf(bytes);
  PageInfo& page = pages_[number];
  if (page.sizeClass != sizeClass) return 0;
  for (uint32_t i = 0; i < objectsPerPage(sizeClass); ++i) {
    if (page.used[i / 64] >> i % 64 & 1) continue;
    page.used[i / 64] |= uint64_t{1} << i % 64;
    ++page.count;
    const HeapRef ref = number * kGranulesPerPage + i * (objectBytes(sizeClass) / kGranule);
    std::memset(segment_.at<uint8_t>(ref), 0, objectBytes(sizeClass));
    return ref;
  }
  return 0;
}

}  // namespace ram
