// Free pages of a Volume's heap: which hold memory, and which were given back to the tmpfs.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <set>

#include "segment.h"

namespace ram {

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

// Thread-safe. Lock: mutex_, a leaf, let go while the kernel makes or takes back pages. Free pages
// go back to the tmpfs, but for a small cache that trim() empties when space runs out.
//
// What the kernel is just making or taking back is in no set, and asking for several pages that
// don't fit takes the room of one for a moment. So who finds nothing waits until nobody is in the
// kernel, and looks again under the lock, kept: 0 means that the disk was full at that instant.
class PagePool {
 public:
  explicit PagePool(Segment& segment) : segment_(segment) {}

  // May what is set aside be used, when nothing else is left? kLess: down to half of it.
  enum class Reserve : uint8_t { kNo, kLess, kAll };

  int setAside(uint32_t pages);
  // `count` pages in a row; the first, or 0. Without `zeroed` their bytes are undefined.
  uint32_t take(uint32_t count, bool zeroed, Reserve reserve);
  // One page, and up to `most` in all where they are at hand. Undefined bytes. Their number.
  uint32_t takeSome(uint32_t* pages, uint32_t most);
  void give(uint32_t start, uint32_t count);
  void giveSome(const uint32_t* pages, size_t count);
  // Pages in a row that hold `data`; see Heap::storePages().
  uint32_t store(const void* data, uint32_t* count);

  // Free pages had better come back at once: see keep(), and what is set aside is not complete.
  bool isUrgent() const { return urgent_.load(std::memory_order_relaxed); }
  void keep(bool keep);
  // Gives back what is cached, and waits for who does so already. false: there was nothing.
  bool trim();
  // Counts what makes another look at the pool worth while.
  uint64_t gifts() const { return gifts_.load(std::memory_order_relaxed); }
  uint64_t committedBytes();
  uint64_t cachedBytes();
  // No page from here on was ever used.
  uint32_t end() const { return end_.load(std::memory_order_relaxed); }

  // Rebuilding, by one thread: pages below are used unless said otherwise; the rest is given back.
  void coverUsed(uint32_t page);
  void markFree(uint32_t page) { returned_.insert(page, 1); }
  void finishMarking(uint64_t used);

 private:
  using Lock = std::unique_lock<std::mutex>;
  uint32_t takeLocked(Lock& lock, uint32_t count, uint32_t ahead);
  uint32_t takeUncommitted(uint32_t count, uint32_t most, uint32_t* ahead);
  uint32_t takeAside(uint32_t count, Reserve reserve);
  void giveLocked(Lock& lock, uint32_t start, uint32_t count);
  uint32_t takeSettled(Lock& lock, uint32_t count, bool* zeroed);
  template <class Call>
  void unlocked(Lock& lock, Call call);
  void awaitSettled(Lock& lock);
  bool commit(Lock& lock, uint32_t start, uint32_t count);
  bool commitHeld(uint32_t start, uint32_t count);
  void trimLocked(Lock& lock);
  void decommit(const RunSet& gone);
  void noteReturned(const RunSet& gone);
  void noteUrgency();
  void clear(uint32_t start, uint32_t count);

  Segment& segment_;
  std::mutex mutex_;
  RunSet cached_;    // free and committed
  RunSet aside_;     // committed, see Heap::setAside()
  RunSet returned_;  // free and given back
  uint32_t asideTarget_ = 0;
  uint64_t committedPages_ = 0;
  bool keeps_ = true;
  uint32_t moving_ = 0;  // threads in the kernel
  std::condition_variable settled_;
  std::atomic<uint64_t> gifts_{0};
  std::atomic<bool> urgent_{false};
  std::atomic<uint32_t> end_{1};  // page 0 stays unused, so that reference 0 can mean none
};

}  // namespace ram
