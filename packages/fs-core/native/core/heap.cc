#include "heap.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace ram {
namespace {

constexpr std::array<uint16_t, 22> kClassBytes = {
    16,  32,  48,  64,  80,  96,  112, 128, 160, 192,  224,  256,
    320, 384, 448, 512, 576, 672, 816, 1008, 1344, 2032};
constexpr uint32_t kAtHand = 32;  // free pages that a group keeps
constexpr uint32_t kFetched = 8;  // asked for together

uint32_t classOf(uint64_t bytes) {
  return static_cast<uint32_t>(
             std::lower_bound(kClassBytes.begin(), kClassBytes.end(), bytes) -
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

uint32_t objectIndex(HeapRef ref, uint32_t sizeClass) {
  return ref % kGranulesPerPage / (objectBytes(sizeClass) / kGranule);
}

HeapRef objectAt(uint32_t page, uint32_t index, uint32_t sizeClass) {
  return page * kGranulesPerPage + index * (objectBytes(sizeClass) / kGranule);
}

}  // namespace

uint64_t Heap::capacityOf(uint64_t bytes) {
  return bytes <= kSmallMax ? objectBytes(classOf(bytes)) : pagesOf(bytes) * kPageSize;
}

// --- pages ---------------------------------------------------------------------------------------

// What a group has at hand goes to and comes from the pool under the group's lock: who looks for
// the last free page finds it in one of the two.

// A free page with undefined bytes; 0: the pool has none.
uint32_t Heap::takePage() {
  Group& group = groups_[threadGroup()];
  std::lock_guard lock(group.mutex);
  if (!group.pages.empty()) {
    const uint32_t page = group.pages.back();
    group.pages.pop_back();
    return page;
  }
  uint32_t pages[kFetched];
  const uint32_t count = pool_.takeSome(pages, kFetched);
  if (count == 0) return 0;
  // The lowest comes first.
  for (uint32_t i = count; i-- > 1;) group.pages.push_back(pages[i]);
  return pages[0];
}

void Heap::givePage(uint32_t page) {
  Group& group = groups_[threadGroup()];
  std::unique_lock lock(group.mutex);
  // Under the lock: takeBack() comes after the pool has become urgent.
  if (pool_.isUrgent()) {
    lock.unlock();
    return pool_.give(page, 1);
  }
  group.pages.push_back(page);
  if (group.pages.size() <= kAtHand) return;
  constexpr uint32_t kSurplus = kAtHand / 2;
  pool_.giveSome(group.pages.data(), kSurplus);
  group.pages.erase(group.pages.begin(), group.pages.begin() + kSurplus);
}

// Brings the pages that groups have at hand back to the pool. false: there were none.
bool Heap::takeBack() {
  bool any = false;
  for (Group& group : groups_) {
    std::lock_guard lock(group.mutex);
    pool_.giveSome(group.pages.data(), group.pages.size());
    any = any || !group.pages.empty();
    group.pages.clear();
  }
  return any;
}

// As takePage(), or what another group has at hand.
uint32_t Heap::takeAnyPage() {
  for (;;) {
    const uint64_t seen = pool_.gifts();
    if (const uint32_t page = takePage()) return page;
    // Another thread may have taken back, or taken, what this one looked for.
    if (!takeBack() && pool_.gifts() == seen) return 0;
  }
}

uint32_t Heap::allocatePage(bool zeroed) {
  const uint32_t page = takeAnyPage();
  if (page == 0) return 0;
  pages_[page].inUse = true;
  if (zeroed) std::memset(segment_.page(page), 0, kPageSize);
  return page;
}

void Heap::freePage(uint32_t page) {
  pages_[page].inUse = false;
  givePage(page);
}

uint32_t Heap::storePages(const void* data, uint32_t* count) {
  const uint32_t start = pool_.store(data, count);
  for (uint32_t i = 0; start != 0 && i < *count; ++i) pages_[start + i].inUse = true;
  return start;
}

void Heap::keepFreePages(bool keep) {
  pool_.keep(keep);
  if (!keep) takeBack();
}

bool Heap::trim() {
  const bool any = takeBack();
  return pool_.trim() || any;
}

// --- objects -------------------------------------------------------------------------------------

// An object on a page of its class; 0 when that is full. Lock: of the page's group.
HeapRef Heap::objectOn(uint32_t number, uint32_t sizeClass) {
  PageInfo& page = pages_[number];
  const uint32_t perPage = objectsPerPage(sizeClass);
  for (uint32_t w = 0; w < 4; ++w) {
    const uint32_t bit = static_cast<uint32_t>(std::countr_one(page.used[w]));
    if (bit == 64 || w * 64 + bit >= perPage) continue;
    page.used[w] |= uint64_t{1} << bit;
    ++page.count;
    return objectAt(number, w * 64 + bit, sizeClass);
  }
  return 0;
}

// From a page that the group has.
HeapRef Heap::takeObject(uint32_t group, uint32_t sizeClass) {
  std::lock_guard lock(groups_[group].mutex);
  std::vector<uint32_t>& candidates = groups_[group].partial[sizeClass];
  while (!candidates.empty()) {
    const uint32_t number = candidates.back();
    // Entries of pages that filled up, or went back and live on as something else, are stale.
    if (ownerOf(number) == group && pages_[number].sizeClass == sizeClass) {
      const HeapRef ref = pages_[number].listed ? objectOn(number, sizeClass) : 0;
      if (ref != 0) return ref;
      pages_[number].listed = false;
    }
    candidates.pop_back();
  }
  return 0;
}

// Makes a free page one of objects of the group, and takes the first.
HeapRef Heap::openPage(uint32_t number, uint32_t group, uint32_t sizeClass) {
  PageInfo& page = pages_[number];
  page.inUse = true;
  if (const uint32_t before = ownerOf(number); before != group) {
    std::lock_guard lock(groups_[before].mutex);
    __atomic_store_n(&page.group, static_cast<uint8_t>(group), __ATOMIC_RELAXED);
  }
  std::lock_guard lock(groups_[group].mutex);
  page.sizeClass = static_cast<uint8_t>(sizeClass);
  page.listed = true;
  groups_[group].partial[sizeClass].push_back(number);
  return objectOn(number, sizeClass);
}

HeapRef Heap::takeSmall(uint32_t sizeClass, Reserve reserve) {
  const uint32_t own = threadGroup();
  if (const HeapRef ref = takeObject(own, sizeClass)) return ref;
  if (const uint32_t page = takePage()) return openPage(page, own, sizeClass);
  for (uint32_t i = 1; i < kThreadGroups; ++i) {
    if (const HeapRef ref = takeObject((own + i) % kThreadGroups, sizeClass)) return ref;
  }
  uint32_t page = takeAnyPage();
  if (page == 0) page = pool_.take(1, false, reserve);
  return page == 0 ? 0 : openPage(page, own, sizeClass);
}

HeapRef Heap::allocate(uint64_t bytes, Reserve reserve) {
  if (bytes > kSmallMax) {
    const uint32_t count = pagesOf(bytes);
    uint32_t start = pool_.take(count, true, Reserve::kNo);
    if (start == 0) {
      takeBack();
      start = pool_.take(count, true, reserve);
    }
    for (uint32_t i = 0; start != 0 && i < count; ++i) pages_[start + i].inUse = true;
    return start * kGranulesPerPage;
  }
  const HeapRef ref = takeSmall(classOf(bytes), reserve);
  if (ref != 0) std::memset(segment_.at<uint8_t>(ref), 0, capacityOf(bytes));
  return ref;
}

void Heap::free(HeapRef ref, uint64_t bytes) {
  if (ref == 0) return;
  const uint32_t number = ref / kGranulesPerPage;
  if (bytes > kSmallMax) {
    for (uint32_t i = 0; i < pagesOf(bytes); ++i) pages_[number + i].inUse = false;
    pool_.give(number, pagesOf(bytes));
    return;
  }
  // The object keeps the page what it is.
  Group& group = groups_[ownerOf(number)];
  PageInfo& page = pages_[number];
  {
    std::lock_guard lock(group.mutex);
    const uint32_t index = objectIndex(ref, page.sizeClass);
    page.used[index / 64] &= ~(uint64_t{1} << index % 64);
    if (--page.count != 0) {
      if (!page.listed) group.partial[page.sizeClass].push_back(number);
      page.listed = true;
      return;
    }
    page.sizeClass = 0;
    page.listed = false;
    page.inUse = false;
  }
  givePage(number);
}

// --- rebuilding ----------------------------------------------------------------------------------

bool Heap::markPage(uint32_t page) {
  if (page == 0 || page >= segment_.super()->heapPages) return false;
  pool_.coverUsed(page);
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
  PageInfo& page = pages_[number];
  const uint32_t sizeClass = classOf(bytes);
  if (page.inUse && page.sizeClass != sizeClass) return false;
  if (!page.inUse && !markPage(number)) return false;
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
  uint64_t used = 0;
  for (uint32_t number = 1; number < pool_.end(); ++number) {
    PageInfo& page = pages_[number];
    if (!page.inUse) {
      pool_.markFree(number);
      continue;
    }
    ++used;
    if (page.sizeClass == 0) continue;
    page.group = static_cast<uint8_t>(number % kThreadGroups);
    page.listed = page.count < objectsPerPage(page.sizeClass);
    if (page.listed) groups_[page.group].partial[page.sizeClass].push_back(number);
  }
  pool_.finishMarking(used);
}

// --- looking -------------------------------------------------------------------------------------

uint64_t Heap::usedBytes() const {
  uint64_t bytes = 0;
  for (uint32_t number = 1; number < pool_.end(); ++number) {
    const PageInfo& page = pages_[number];
    if (page.inUse) {
      bytes += page.sizeClass == 0 ? kPageSize : page.count * objectBytes(page.sizeClass);
    }
  }
  return bytes;
}

uint64_t Heap::cachedBytes() {
  uint64_t pages = 0;
  for (Group& group : groups_) {
    std::lock_guard lock(group.mutex);
    pages += group.pages.size();
  }
  return pages * kPageSize + pool_.cachedBytes();
}

std::vector<uint32_t> Heap::pagesWithRoom(uint64_t bytes) {
  const uint32_t sizeClass = classOf(bytes);
  std::vector<std::pair<uint32_t, uint32_t>> counted;
  for (uint32_t group = 0; group < kThreadGroups; ++group) {
    std::lock_guard lock(groups_[group].mutex);
    for (const uint32_t number : groups_[group].partial[sizeClass]) {
      if (ownerOf(number) != group || pages_[number].sizeClass != sizeClass) continue;
      if (pages_[number].count == objectsPerPage(sizeClass)) continue;
      counted.emplace_back(pages_[number].count, number);
    }
  }
  std::sort(counted.begin(), counted.end());
  counted.erase(std::unique(counted.begin(), counted.end()), counted.end());
  std::vector<uint32_t> pages;
  for (const auto& [count, number] : counted) pages.push_back(number);
  return pages;
}

uint32_t Heap::objectsOn(uint32_t number, uint64_t bytes, HeapRef refs[256]) {
  const uint32_t sizeClass = classOf(bytes);
  const uint32_t owner = ownerOf(number);
  std::lock_guard lock(groups_[owner].mutex);
  const PageInfo& page = pages_[number];
  if (ownerOf(number) != owner || page.sizeClass != sizeClass) return 0;
  uint32_t count = 0;
  for (uint32_t i = 0; i < objectsPerPage(sizeClass); ++i) {
    if (page.used[i / 64] >> i % 64 & 1) refs[count++] = objectAt(number, i, sizeClass);
  }
  return count;
}

HeapRef Heap::allocateOn(uint32_t number, uint64_t bytes) {
  const uint32_t sizeClass = classOf(bytes);
  const uint32_t owner = ownerOf(number);
  std::lock_guard lock(groups_[owner].mutex);
  if (ownerOf(number) != owner || pages_[number].sizeClass != sizeClass) return 0;
  const HeapRef ref = objectOn(number, sizeClass);
  if (ref != 0) std::memset(segment_.at<uint8_t>(ref), 0, objectBytes(sizeClass));
  return ref;
}

}  // namespace ram
