// Content in pages of the heap that a PageMap lists. Internal to content*.cc.
//
// An entry of the map is 0 for a hole, a page number, or a page number with kPageUnwritten: a page
// that fallocate(2) asked for. Its bytes are undefined and read as zeros, and as on tmpfs it is a
// hole for SEEK_HOLE but counts as a block. content == 0 stands for a map without pages.
//
// INVARIANT: bytes behind the file's size are undefined; who makes the file longer zeroes them.
// Pages wholly behind it are there only where asked for with FALLOC_FL_KEEP_SIZE.
#pragma once

#include "content_parts.h"

namespace ram {

class Backing;

inline constexpr uint32_t kPageUnwritten = 0x8000'0000;

class PageBytes {
 public:
  explicit PageBytes(ContentParts& parts) : parts_(parts) {}

  void read(const InodeRecord* record, uint64_t offset, void* data, size_t length) const;
  int64_t seek(const InodeRecord* record, uint64_t offset, int whence) const;

  // The following also take empty (kNone) files, which become kPages. All set mtime and ctime.
  // Returns the bytes that fitted, -ENOSPC when none did.
  ssize_t write(InodeRecord* record, uint64_t offset, const void* data, size_t length);
  void truncate(InodeRecord* record, uint64_t size);
  // Wholly or, with -ENOSPC, not at all.
  int allocate(InodeRecord* record, uint64_t offset, uint64_t length, bool keepSize);
  void punch(InodeRecord* record, uint64_t offset, uint64_t length);
  void zero(InodeRecord* record, uint64_t offset, uint64_t length);

  // Turns a file of another kind into one of pages with these bytes, all that it has. Its times
  // stay, and the caller frees what it held before.
  int adopt(InodeRecord* record, const uint8_t* data, uint64_t size);
  // Writes all of it, with its holes, into an empty blob file.
  int copyOut(const InodeRecord* record, Backing& backing, int fd) const;
  void release(const InodeRecord& dead);
  bool mark(const InodeRecord* record);

  // What turning this into a blob file needs while both exist.
  static uint64_t occupied(const InodeRecord* record) { return record->pages * kPageSize; }

 private:
  struct Batch;

  PageMap* of(const InodeRecord* record) const {
    return record->kind != ContentKind::kPages || record->content == 0
               ? nullptr
               : parts_.segment.at<PageMap>(static_cast<HeapRef>(record->content));
  }
  static uint32_t entry(const PageMap* map, uint64_t index) {
    return map == nullptr || index >= map->capacity ? 0 : map->pages[index];
  }
  static uint64_t objectBytes(uint64_t capacity) {
    return sizeof(PageMap) + capacity * sizeof(uint32_t);
  }
  HeapRef makeMap(const InodeRecord* record, uint64_t pages);
  void freeMap(HeapRef ref);
  uint32_t takePage(bool zeroed = true);
  void freePage(uint32_t entry);
  int reserveMap(InodeRecord* record, uint64_t pages);
  void zeroGap(InodeRecord* record, uint64_t end);
  void zeroRange(InodeRecord* record, uint64_t offset, uint64_t end);
  uint32_t storeBlank(PageMap* map, uint64_t offset, const uint8_t* data, size_t length,
                      uint64_t most, Transaction& tx);
  ssize_t writeBatch(InodeRecord* record, uint64_t offset, const uint8_t* data, size_t length);
  bool fillPage(uint32_t* entry, uint64_t within, const uint8_t* data, size_t length);
  void dropPages(InodeRecord* record, uint64_t first, uint64_t last, Transaction& tx);

  ContentParts& parts_;
};

}  // namespace ram
