// The allocator of a Volume's heap. It writes nothing into the segments: what is in use is what
// live inodes reach, and mark() rebuilds the rest when segments are opened.
//
// Objects up to kSmallMax bytes share pages of one size class; larger ones and content pages are
// runs of whole pages. Each group of threads has pages of small objects, and a few free pages at
// hand, of its own; only when it needs or has more does it go to the pool. What is freed goes back
// to the page's group. On a full disk a group uses what others have.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <vector>

#include "page_pool.h"
#include "ram/spread.h"
#include "segment.h"
#include "sparse_array.h"

namespace ram {

inline constexpr uint32_t kSmallMax = 2032;  // two to a page, less the unusable tail

// Thread-safe. Locks: a group's, one at a time; within it perhaps the pool's, a leaf.
class Heap {
 public:
  using Reserve = PagePool::Reserve;

  explicit Heap(Segment& segment) : segment_(segment), pool_(segment) {}
  // Once, when the segments are mapped. -ENOMEM.
  int start() { return pages_.reserve(segment_.super()->heapPages); }

  // Sets pages aside for names, so that on a full disk rename(2) still works, and a file can be
  // made where one was deleted: what they take for a moment they give back. 0, -ENOSPC.
  int setAside(uint32_t pages) { return pool_.setAside(pages); }

  // A zeroed object of `bytes`; 0 when the disk is full.
  HeapRef allocate(uint64_t bytes, Reserve reserve = Reserve::kNo);
  void free(HeapRef ref, uint64_t bytes);
  // What an object of `bytes` really occupies.
  static uint64_t capacityOf(uint64_t bytes);

  // One content page; 0 when the disk is full. Not zeroed: its bytes are undefined.
  uint32_t allocatePage(bool zeroed = true);
  void freePage(uint32_t page);
  // Content pages in a row that hold `data`, made and filled in one system call: the first, and in
  // *count how many there are, fewer than asked for when the disk becomes full. 0: none; one by one
  // may still go.
  uint32_t storePages(const void* data, uint32_t* count);

  // Rebuilding: marks an object or page as used. false: out of range or used twice.
  bool mark(HeapRef ref, uint64_t bytes);
  bool markPage(uint32_t page);
  // Ends the marking: everything else is free and given back.
  void finishMarking();

  // false: free pages go back at once and none are asked for ahead, since kernels fill the disk by
  // themselves and don't say when it is full.
  void keepFreePages(bool keep);
  bool trim();  // gives free pages that are kept back; false: there were none
  uint64_t committedBytes() { return pool_.committedBytes(); }
  // By objects and pages in use, as their classes round them up. While nobody else uses the heap.
  uint64_t usedBytes() const;
  uint64_t cachedBytes();  // committed but free pages
  // What compaction works with. Pages of objects of `bytes` that have room, emptiest first.
  std::vector<uint32_t> pagesWithRoom(uint64_t bytes);
  // The live objects of such a page; 0 when it means something else by now.
  uint32_t objectsOn(uint32_t page, uint64_t bytes, HeapRef refs[256]);
  // A zeroed object on that very page; 0 when it has no room or means something else by now.
  HeapRef allocateOn(uint32_t page, uint64_t bytes);

 private:
  static constexpr uint32_t kClasses = 22;

  // Starts as zeros. Guarded by its group's mutex but for `inUse`, which is whose the page is.
  struct PageInfo {
    uint64_t used[4];   // bit per object of the class
    uint16_t count;     // of them
    uint8_t sizeClass;  // 0: not a page of small objects
    uint8_t group;      // atomic, written under the mutexes of the old group
    bool listed;
    bool inUse;
  };
  struct alignas(64) Group {
    std::mutex mutex;
    // Per class: pages with room (lazily cleaned).
    std::array<std::vector<uint32_t>, kClasses + 1> partial;
    std::vector<uint32_t> pages;  // free and committed, at hand
  };

  uint32_t ownerOf(uint32_t page) const {
    return __atomic_load_n(&pages_[page].group, __ATOMIC_RELAXED);
  }
  HeapRef objectOn(uint32_t page, uint32_t sizeClass);
  HeapRef takeObject(uint32_t group, uint32_t sizeClass);
  HeapRef takeSmall(uint32_t sizeClass, Reserve reserve);
  HeapRef openPage(uint32_t page, uint32_t group, uint32_t sizeClass);
  uint32_t takePage();
  uint32_t takeAnyPage();
  void givePage(uint32_t page);
  bool takeBack();

  Segment& segment_;
  PagePool pool_;
  SparseArray<PageInfo> pages_;
  std::array<Group, kThreadGroups> groups_;
};

}  // namespace ram
