// Keeps one mount's kernel caches true: turns changes made elsewhere (in process, on other mounts)
// into invalidation notices.
//
// Who may wait: a notice can block in the kernel behind a directory or page lock whose holder waits
// for a reply of ours. So no request ever waits for one. Changes by callers inside the process
// (caller.mount == 0, no lock held) are sent on their own thread and done when they return; changes
// by other mounts' requests go through a queue to a thread of their own.
//
// Why no reply leaves stale caches behind. A reply R carries what was true when it read the store;
// a change C after that read sends its notice N after the change:
//   names       The kernel holds the directory's lock from before it asks until it has used R, and
//               N takes that lock: N comes after R.
//   pages       The kernel locks the pages from before it asks; N waits for them. The same.
//   listings    of directories, which the kernel keeps as pages: read under the directory's lock,
//               as names are; N takes that lock, and then makes the pages or their version void.
//   attributes  of a known inode: N raises the inode's version, and R is dropped as outdated.
//   attributes  of an inode that R introduces: N finds nothing (-ENOENT) while R is on its way. So
//               replies leave a note (granted) before they are sent; N then waits for the
//               directory's lock, as names do, and is sent again. A change before the note shows
//               in `changes`, and then granted() queues the notice itself.
//
// A queue that grows long keeps each inode and each name once: what waits to be sent also speaks
// for later changes of the same, and the order of notices does not matter. When there are too many
// names, all names that the kernel holds are made void with one notice, where it knows that one.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <set>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <utility>

#include "ram/file_system.h"
#include "transport.h"

namespace ram::fuse {

class Notifier final : public Observer {
 public:
  static constexpr size_t kQueueMax = 1024;   // in their order, before they are merged
  static constexpr size_t kNamesMax = 16384;  // merged ones, before all names are made void

  explicit Notifier(Transport& transport) : transport_(transport) {}
  ~Notifier() { stop(); }

  // Starts the queue's thread; nothing is sent from the queue before. Returns 0, or -EAGAIN where
  // no thread can be had: then the mount must not be made, since notices would be lost.
  int start();
  // The kernel knows the notice that makes all names void (FUSE 7.44).
  void useEpochs() { epochs_.store(true); }
  // The kernel knows this inode as its node 1 (before any request is served).
  void useRoot(uint64_t inode) { root_.store(inode); }

  void inodeChanged(const Caller& caller, uint64_t inode, uint64_t offset,
                    uint64_t length) override;
  void entryChanged(const Caller& caller, uint64_t parent, std::string_view name) override;

  // Number of changes so far; taken before a request reads the store, for granted().
  uint64_t changes() const { return changes_.load(); }
  // A reply that is about to be sent makes `inode` known to the kernel, found in `parent`.
  void granted(uint64_t inode, uint64_t parent, uint64_t changesBefore);

  // For a request that changed attributes which the kernel does not expect to change (set-id bits
  // cleared by a write). Takes no kernel lock, so the request may wait for it.
  void invalidateAttributesNow(uint64_t inode);
  // Bytes that the kernel keeps in its cache after this request are not those of the file.
  void invalidateLater(uint64_t inode, uint64_t offset, uint64_t length);

  // Ends the queue's thread and waits for notices that are being sent; what is queued, and what
  // comes later, is dropped. Idempotent. A notice may wait for a client that waits for a reply:
  // requests must still be served, or the connection be ended.
  void stop();

  size_t queued();

  uint64_t sent() const { return sent_.load(std::memory_order_relaxed); }

 private:
  struct Item {
    uint64_t inode;  // or the parent, when a name is given
    uint64_t offset, length;
    std::string name;
  };
  static constexpr size_t kGrants = 4096;
  // Who takes it looks or stores, and gives it back at once.
  struct alignas(32) Grant {
    std::atomic<bool> taken{false};
    uint64_t inode = 0, parent = 0;

    void take();
    void giveBack() { taken.store(false, std::memory_order_release); }
  };

  struct Range {
    uint64_t begin, end;  // empty: attributes only
  };

  void enqueue(Item item);
  void merge(Item item);
  void mergeInode(uint64_t inode, uint64_t offset, uint64_t length);
  bool take(Item* item);
  void sendQueued(const Item& item);
  void run();
  void sendInode(uint64_t inode, uint64_t offset, uint64_t length);
  void sendName(uint64_t parent, std::string_view name);
  int sendEntry(uint64_t parent, std::string_view name);
  int writeInode(uint64_t inode, int64_t offset, int64_t length);
  // What the kernel calls the inode; 0 for one that it can't know: the store's root, where another
  // directory is mounted.
  uint64_t nodeOf(uint64_t inode) const;
  uint64_t grantParent(uint64_t inode);
  static size_t grantSlot(uint64_t inode) { return (inode * 0x9e3779b97f4a7c15ull) >> 52; }

  Transport& transport_;
  std::atomic<uint64_t> changes_{0};
  std::atomic<uint64_t> sent_{0};

  std::array<Grant, kGrants> grants_;

  std::atomic<bool> epochs_{false};
  std::atomic<uint64_t> root_{1};
  std::shared_mutex sending_;  // shared by those who send a change by themselves; no other in it

  std::mutex mutex_;  // guards what follows
  std::condition_variable wake_;
  std::deque<Item> queue_;
  std::unordered_map<uint64_t, Range> inodes_;        // merged, beyond the queue
  std::set<std::pair<uint64_t, std::string>> names_;  // the same
  bool allNames_ = false;
  std::set<uint64_t> directories_;  // of the names that are made void together
  std::thread thread_;
  std::atomic<bool> stopping_{false};
};

}  // namespace ram::fuse
