#include "content_pages.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "blob_io.h"

namespace ram {
namespace {

// Pages changed in one transaction. Neighbours share a word of the log; scattered ones don't.
constexpr uint64_t kBatchPages = 64;
constexpr uint64_t kScatteredPages = 40;
// From here on one system call for all is cheaper than a page fault for each.
constexpr uint64_t kStoredTogether = 4;

uint64_t pagesFor(uint64_t bytes) { return (bytes + kPageSize - 1) / kPageSize; }
bool isWritten(uint32_t entry) { return entry != 0 && (entry & kPageUnwritten) == 0; }

}  // namespace

void PageBytes::read(const InodeRecord* record, uint64_t offset, void* data,
                     size_t length) const {
  const PageMap* map = of(record);
  auto* out = static_cast<uint8_t*>(data);
  while (length > 0) {
    const uint64_t within = offset % kPageSize;
    const size_t n = std::min<uint64_t>(length, kPageSize - within);
    const uint32_t page = entry(map, offset / kPageSize);
    if (isWritten(page)) {
      std::memcpy(out, parts_.segment.page(page) + within, n);
    } else {
      std::memset(out, 0, n);
    }
    out += n;
    offset += n;
    length -= n;
  }
}

int64_t PageBytes::seek(const InodeRecord* record, uint64_t offset, int whence) const {
  const PageMap* map = of(record);
  for (uint64_t i = offset / kPageSize; i * kPageSize < record->size; ++i) {
    if (isWritten(entry(map, i)) == (whence == SEEK_DATA)) {
      return static_cast<int64_t>(std::max(offset, i * kPageSize));
    }
    if (map == nullptr || i >= map->capacity) break;  // nothing but a hole from here
  }
  return whence == SEEK_DATA ? -ENXIO : static_cast<int64_t>(record->size);
}

// --- maps and pages ------------------------------------------------------------------------------

// A map for at least `pages` pages with the record's entries; not yet the record's.
HeapRef PageBytes::makeMap(const InodeRecord* record, uint64_t pages) {
  const PageMap* old = of(record);
  const uint64_t room = old == nullptr ? 0 : old->capacity;
  const uint64_t wanted = pages <= room ? room : std::max(pages, room * 3 / 2);
  const uint64_t bytes = Heap::capacityOf(objectBytes(wanted));
  const HeapRef ref = parts_.heap.allocate(bytes);
  if (ref == 0) return 0;
  auto* map = parts_.segment.at<PageMap>(ref);
  map->capacity = static_cast<uint32_t>((bytes - sizeof(PageMap)) / sizeof(uint32_t));
  if (old != nullptr) std::memcpy(map->pages, old->pages, old->capacity * sizeof(uint32_t));
  parts_.slabBytes.add(bytes);
  return ref;
}

void PageBytes::freeMap(HeapRef ref) {
  if (ref == 0) return;
  const uint64_t bytes = objectBytes(parts_.segment.at<PageMap>(ref)->capacity);
  parts_.heap.free(ref, bytes);
  parts_.slabBytes.subtract(bytes);
}

uint32_t PageBytes::takePage(bool zeroed) {
  const uint32_t page = parts_.heap.allocatePage(zeroed);
  if (page != 0) parts_.slabBytes.add(kPageSize);
  return page;
}

void PageBytes::freePage(uint32_t entry) {
  parts_.heap.freePage(entry & ~kPageUnwritten);
  parts_.slabBytes.subtract(kPageSize);
}

// Makes the record one of pages whose map has room for `pages`. Changes nothing that shows.
int PageBytes::reserveMap(InodeRecord* record, uint64_t pages) {
  const PageMap* map = of(record);
  if (map != nullptr && map->capacity >= pages) return 0;
  const HeapRef ref = makeMap(record, pages);
  if (ref == 0) return -ENOSPC;
  const bool empty = record->kind != ContentKind::kPages;
  const HeapRef old = empty ? 0 : static_cast<HeapRef>(record->content);
  Transaction tx(parts_.journal);
  tx.setKind(&record->kind, ContentKind::kPages);
  tx.set64(&record->content, ref);
  if (empty) tx.set32(&record->pages, 0);
  tx.commit();
  freeMap(old);
  return 0;
}

// Zeroes what is undefined between the file's size and `end`.
void PageBytes::zeroGap(InodeRecord* record, uint64_t end) {
  if (end > record->size) zeroRange(record, record->size, end);
}

void PageBytes::zeroRange(InodeRecord* record, uint64_t offset, uint64_t end) {
  const PageMap* map = of(record);
  if (map == nullptr) return;
  end = std::min(end, map->capacity * kPageSize);
  while (offset < end) {
    const uint64_t within = offset % kPageSize;
    const uint64_t n = std::min(end - offset, kPageSize - within);
    const uint32_t page = map->pages[offset / kPageSize];
    if (isWritten(page)) std::memset(parts_.segment.page(page) + within, 0, n);
    offset += n;
  }
}

// --- writing -------------------------------------------------------------------------------------

// Puts bytes into the page behind *entry, making it if need be; *entry becomes what the map must
// say then. false: the disk is full.
bool PageBytes::fillPage(uint32_t* entry, uint64_t within, const uint8_t* data, size_t length) {
  if (*entry == 0) {
    *entry = takePage(length < kPageSize);
    if (*entry == 0) return false;
  } else if ((*entry & kPageUnwritten) != 0) {
    *entry &= ~kPageUnwritten;
    uint8_t* page = parts_.segment.page(*entry);
    std::memset(page, 0, within);
    std::memset(page + within + length, 0, kPageSize - within - length);
  }
  std::memcpy(parts_.segment.page(*entry) + within, data, length);
  return true;
}

// Fills whole pages of a hole together: how many, 0 where that doesn't fit.
uint32_t PageBytes::storeBlank(PageMap* map, uint64_t offset, const uint8_t* data, size_t length,
                               uint64_t most, Transaction& tx) {
  if (offset % kPageSize != 0) return 0;
  const uint64_t first = offset / kPageSize;
  most = std::min<uint64_t>(most, length / kPageSize);
  uint32_t count = 0;
  while (count < most && map->pages[first + count] == 0) ++count;
  if (count < kStoredTogether) return 0;
  const uint32_t page = parts_.heap.storePages(data, &count);
  if (page == 0) return 0;
  for (uint32_t i = 0; i < count; ++i) tx.set32(&map->pages[first + i], page + i);
  parts_.slabBytes.add(count * kPageSize);
  return count;
}

// At most kBatchPages pages. The map has room.
ssize_t PageBytes::writeBatch(InodeRecord* record, uint64_t offset, const uint8_t* data,
                              size_t length) {
  PageMap* map = of(record);
  Transaction tx(parts_.journal);
  uint32_t added = 0;
  size_t done = 0;
  for (uint64_t i = 0; i < kBatchPages && done < length; ++i) {
    const uint64_t at = offset + done;
    const uint32_t stored = storeBlank(map, at, data + done, length - done, kBatchPages - i, tx);
    if (stored > 0) {
      added += stored;
      done += stored * kPageSize;
      i += stored - 1;
      continue;
    }
    const uint64_t within = at % kPageSize;
    const size_t n = std::min<uint64_t>(length - done, kPageSize - within);
    const uint32_t before = map->pages[at / kPageSize];
    uint32_t now = before;
    if (!fillPage(&now, within, data + done, n)) break;
    if (now != before) tx.set32(&map->pages[at / kPageSize], now);
    if (before == 0) ++added;
    done += n;
  }
  if (done == 0) return -ENOSPC;
  if (added > 0) tx.set32(&record->pages, record->pages + added);
  setWord(tx, &record->size, std::max(record->size, offset + done));
  stampModified(tx, record);
  tx.commit();
  return static_cast<ssize_t>(done);
}

ssize_t PageBytes::write(InodeRecord* record, uint64_t offset, const void* data, size_t length) {
  if (int status = reserveMap(record, pagesFor(offset + length)); status < 0) {
    const PageMap* map = of(record);
    const uint64_t mapped = map == nullptr ? 0 : map->capacity * kPageSize;
    if (offset >= mapped) return status;
    length = mapped - offset;
  }
  zeroGap(record, offset);
  const auto* bytes = static_cast<const uint8_t*>(data);
  size_t done = 0;
  while (done < length) {
    const ssize_t n = writeBatch(record, offset + done, bytes + done, length - done);
    if (n < 0) return done > 0 ? static_cast<ssize_t>(done) : n;
    done += static_cast<size_t>(n);
  }
  return static_cast<ssize_t>(done);
}

// --- size and holes ------------------------------------------------------------------------------

// Takes pages [first, last) out of the map, a transaction per batch; `tx` is the first of them.
// Whatever was left when killed is a page too many behind the end, or not yet punched.
void PageBytes::dropPages(InodeRecord* record, uint64_t first, uint64_t last, Transaction& tx) {
  PageMap* map = of(record);
  last = std::min<uint64_t>(last, map == nullptr ? 0 : map->capacity);
  uint64_t at = first;
  Transaction rest(parts_.journal);
  Transaction* current = &tx;
  do {
    uint32_t gone[kScatteredPages];
    uint32_t count = 0;
    for (; at < last && count < kScatteredPages; ++at) {
      if (map->pages[at] == 0) continue;
      gone[count++] = map->pages[at];
      current->set32(&map->pages[at], 0);
    }
    if (count > 0) current->set32(&record->pages, record->pages - count);
    current->commit();
    current = &rest;
    for (uint32_t i = 0; i < count; ++i) freePage(gone[i]);
  } while (at < last);
}

void PageBytes::truncate(InodeRecord* record, uint64_t size) {
  zeroGap(record, size);
  const InodeRecord before = *record;
  Transaction tx(parts_.journal);
  stampModified(tx, record);
  setWord(tx, &record->size, size);
  if (size == 0) {
    tx.setKind(&record->kind, ContentKind::kNone);
    tx.set64(&record->content, 0);
    tx.set32(&record->pages, 0);
    tx.commit();
    if (before.kind == ContentKind::kPages) release(before);
    return;
  }
  if (record->kind != ContentKind::kPages) {
    tx.setKind(&record->kind, ContentKind::kPages);
    tx.set64(&record->content, 0);
    tx.set32(&record->pages, 0);
  }
  if (size <= before.size) {
    dropPages(record, pagesFor(size), UINT64_MAX, tx);
  } else {
    tx.commit();
  }
}

int PageBytes::allocate(InodeRecord* record, uint64_t offset, uint64_t length, bool keepSize) {
  const uint64_t end = offset + length;
  const uint64_t first = offset / kPageSize;
  const uint64_t last = pagesFor(end);
  // Into a map that nobody sees yet, so that it happens at once however long the range is.
  const HeapRef ref = makeMap(record, last);
  if (ref == 0) return -ENOSPC;
  auto* map = parts_.segment.at<PageMap>(ref);
  const PageMap* old = of(record);
  uint32_t added = 0;
  uint64_t at = first;
  for (; at < last; ++at) {
    if ((map->pages[at] & kPageUnwritten) != 0) {
      // tmpfs: a page that is asked for once more is data from then on.
      map->pages[at] &= ~kPageUnwritten;
      std::memset(parts_.segment.page(map->pages[at]), 0, kPageSize);
    }
    if (map->pages[at] != 0) continue;
    const uint32_t page = takePage();
    if (page == 0) break;
    map->pages[at] = page | kPageUnwritten;
    ++added;
  }
  if (at < last) {
    for (uint64_t i = first; i < at; ++i) {
      if (entry(old, i) == 0) freePage(map->pages[i]);
    }
    freeMap(ref);
    return -ENOSPC;
  }
  const bool empty = record->kind != ContentKind::kPages;
  const HeapRef gone = empty ? 0 : static_cast<HeapRef>(record->content);
  if (!keepSize) zeroGap(record, end);
  Transaction tx(parts_.journal);
  tx.setKind(&record->kind, ContentKind::kPages);
  tx.set64(&record->content, ref);
  tx.set32(&record->pages, (empty ? 0 : record->pages) + added);
  if (!keepSize) setWord(tx, &record->size, std::max(record->size, end));
  stampModified(tx, record);
  tx.commit();
  freeMap(gone);
  return 0;
}

void PageBytes::punch(InodeRecord* record, uint64_t offset, uint64_t length) {
  const uint64_t end = offset + length;
  const uint64_t first = pagesFor(offset);
  const uint64_t last = end / kPageSize;
  Transaction tx(parts_.journal);
  stampModified(tx, record);
  if (first > last) {  // within one page
    zeroRange(record, offset, end);
    tx.commit();
    return;
  }
  zeroRange(record, offset, first * kPageSize);
  zeroRange(record, last * kPageSize, end);
  dropPages(record, first, last, tx);
}

void PageBytes::zero(InodeRecord* record, uint64_t offset, uint64_t length) {
  zeroRange(record, offset, offset + length);
  Transaction tx(parts_.journal);
  stampModified(tx, record);
  tx.commit();
}

// --- moves ---------------------------------------------------------------------------------------

int PageBytes::adopt(InodeRecord* record, const uint8_t* data, uint64_t size) {
  const uint64_t count = pagesFor(size);
  const HeapRef ref = makeMap(record, count);
  if (ref == 0) return -ENOSPC;
  auto* map = parts_.segment.at<PageMap>(ref);
  for (uint64_t i = 0; i < count; ++i) {
    map->pages[i] = takePage();
    if (map->pages[i] == 0) {
      while (i > 0) freePage(map->pages[--i]);
      freeMap(ref);
      return -ENOSPC;
    }
    const uint64_t at = i * kPageSize;
    std::memcpy(parts_.segment.page(map->pages[i]), data + at, clipped(at, kPageSize, size));
  }
  Transaction tx(parts_.journal);
  tx.setKind(&record->kind, ContentKind::kPages);
  tx.set64(&record->content, ref);
  tx.set32(&record->pages, static_cast<uint32_t>(count));
  tx.commit();
  return 0;
}

int PageBytes::copyOut(const InodeRecord* record, Backing& backing, int fd) const {
  const PageMap* map = of(record);
  if (int status = blobTruncate(backing, fd, record->size); status < 0) return status;
  for (uint64_t i = 0; map != nullptr && i < map->capacity; ++i) {
    const uint64_t at = i * kPageSize;
    const uint32_t page = map->pages[i];
    if (page == 0) continue;
    const uint64_t inFile = clipped(at, kPageSize, record->size);
    if (!isWritten(page) || inFile == 0) {
      // Twice makes it data, see allocate().
      for (int times = isWritten(page) ? 2 : 1; times > 0; --times) {
        const int status = blobAllocate(backing, fd, FALLOC_FL_KEEP_SIZE, at, kPageSize);
        if (status < 0) return status;
      }
      continue;
    }
    const ssize_t n = blobWrite(backing, fd, parts_.segment.page(page), inFile, at);
    if (n < 0) return static_cast<int>(n);
    if (static_cast<uint64_t>(n) != inFile) return -ENOSPC;
  }
  return 0;
}

void PageBytes::release(const InodeRecord& dead) {
  const PageMap* map = of(&dead);
  if (map == nullptr) return;
  for (uint32_t i = 0; i < map->capacity; ++i) {
    if (map->pages[i] != 0) freePage(map->pages[i]);
  }
  freeMap(static_cast<HeapRef>(dead.content));
}

bool PageBytes::mark(const InodeRecord* record) {
  const PageMap* map = of(record);
  if (map == nullptr) return record->pages == 0;
  if (!inHeap(parts_.segment, record->content)) return false;
  if (map->capacity > kPagesMax / kPageSize * 2) return false;
  const uint64_t bytes = objectBytes(map->capacity);
  if (!parts_.heap.mark(static_cast<HeapRef>(record->content), bytes)) return false;
  uint32_t pages = 0;
  for (uint32_t i = 0; i < map->capacity; ++i) {
    if (map->pages[i] == 0) continue;
    if (!parts_.heap.markPage(map->pages[i] & ~kPageUnwritten)) return false;
    ++pages;
  }
  parts_.slabBytes.add(bytes + pages * kPageSize);
  return pages == record->pages;
}

}  // namespace ram
