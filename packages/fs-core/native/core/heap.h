// The allocator of a Volume's heap. It writes nothing into the segments: what is in use is what
// live inodes reach, and mark() rebuilds the rest when segments are opened.
//
// Objects up to kSmallMax bytes share pages of one size class; larger ones and content pages are
// runs of whole pages. Wholly free pages go back to the tmpfs, but for a small cache that
// trim() empties when space runs out.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <vector>

#include "segment.h"

namespace ram {

inline constexpr uint32_t kSmallMax = 2032;  // two to a page, less the unusable tail

// Free runs of pages, merged with their neighbours.
class RunSet {
 public:
  void insert(uint32_t start, uint32_t length);
  // Cuts `length` pages out of the best fitting run; 0 when there is none.
  uint32_t take(uint32_t length);
  bool remove(uint32_t start, uint32_t length);  // a range known to be free
  // Takes the front of the run that begins at `start`, if one does: how many pages it was.
  uint32_t takeBehind(uint32_t start, uint32_t most);
  const std::map<uint32_t, uint32_t>& runs() const { return byStart_; }
  uint64_t pages() const { return pages_; }
  void clear();

 private:
  void erase(std::map<uint32_t, uint32_t>::iterator run);
  std::map<uint32_t, uint32_t> byStart_;
  std::set<std::pair<uint32_t, uint32_t>> byLength_;
  uint64_t pages_ = 0;
};

class Heap {
 public:
  explicit Heap(Segment& segment);

  // Sets pages aside for names, so that on a full disk rename(2) still works, and a file can be
  // made where one was deleted: what they take for a moment they give back. 0, -ENOSPC.
  int setAside(uint32_t pages);
  // May what is set aside be used, when nothing else is left? kLess: down to half of it.
  enum class Reserve : uint8_t { kNo, kLess, kAll };

  // A zeroed object of `bytes`; 0 when the disk is full. Lock: heap mutex, a leaf.
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
  bool trim();  // gives the cache of free pages back; false: it was empty
  uint64_t committedBytes();
  uint64_t usedBytes();  // by objects and pages in use, as their classes round them up
  uint64_t cachedBytes();  // committed but free pages
  // What compaction works with. Pages of objects of `bytes` that have room, emptiest first.
  std::vector<uint32_t> pagesWithRoom(uint64_t bytes);
  // The live objects of such a page; 0 when it means something else by now.
  uint32_t objectsOn(uint32_t page, uint64_t bytes, HeapRef refs[256]);
  // A zeroed object on that very page; 0 when it has no room or means something else by now.
  HeapRef allocateOn(uint32_t page, uint64_t bytes);

 private:
  struct PageInfo {
    uint64_t used[4] = {0, 0, 0, 0};  // bit per object of the class
    uint16_t count = 0;
    uint8_t sizeClass = 0;  // 0: not a page of small objects
    bool listed = false;
    bool inUse = false;
  };
  uint32_t takePages(uint32_t count, bool zeroed, Reserve reserve = Reserve::kNo);
  uint32_t takeUncommitted(uint32_t count, uint32_t most, uint32_t* ahead);
  uint32_t takeAside(uint32_t count, Reserve reserve);
  void givePages(uint32_t start, uint32_t count);
  int commitPages(uint32_t start, uint32_t count);
  void trimLocked();
  HeapRef takeSmall(uint32_t sizeClass, Reserve reserve);
  uint32_t objectIndex(HeapRef ref, uint32_t sizeClass) const;

  Segment& segment_;
  std::mutex mutex_;
  std::vector<PageInfo> pages_;                 // up to the high-water mark
  std::vector<std::vector<uint32_t>> partial_;  // per class: pages with room (lazily cleaned)
  RunSet cached_;                               // free and committed
  RunSet aside_;                                // committed, see setAside()
  uint32_t asideTarget_ = 0;
  RunSet returned_;                             // free and given back
  uint64_t committedPages_ = 0;
  bool keeps_ = true;
};

}  // namespace ram
