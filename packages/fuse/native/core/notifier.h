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
//   attributes  of a known inode: N raises the inode's version, and R is dropped as outdated.
//   attributes  of an inode that R introduces: N finds nothing (-ENOENT) while R is on its way. So
//               replies leave a note (granted) before they are sent; N then waits for the
//               directory's lock, as names do, and is sent again. A change before the note shows
//               in `changes`, and then granted() queues the notice itself.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "ram/file_system.h"
#include "transport.h"

namespace ram::fuse {

class Notifier final : public Observer {
 public:
  explicit Notifier(Transport& transport) : transport_(transport) {}
  ~Notifier() { stop(); }

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

  // Ends the queue's thread; what is queued is dropped. Idempotent.
  void stop();

  uint64_t sent() const { return sent_.load(std::memory_order_relaxed); }

 private:
  struct Item {
    uint64_t inode;  // or the parent, when a name is given
    uint64_t offset, length;
    std::string name;
  };
  static constexpr size_t kGrants = 4096, kGrantLocks = 64;
  struct Grant {
    uint64_t inode, parent;
  };

  void enqueue(Item item);
  void run();
  void sendInode(uint64_t inode, uint64_t offset, uint64_t length);
  void sendName(uint64_t parent, std::string_view name);
  int sendEntry(uint64_t parent, std::string_view name);
  int writeInode(uint64_t inode, int64_t offset, int64_t length);
  uint64_t grantParent(uint64_t inode);
  static size_t grantSlot(uint64_t inode) { return (inode * 0x9e3779b97f4a7c15ull) >> 52; }

  Transport& transport_;
  std::atomic<uint64_t> changes_{0};
  std::atomic<uint64_t> sent_{0};

  std::array<std::mutex, kGrantLocks> grantLocks_;  // slot i is guarded by lock i % kGrantLocks
  std::array<Grant, kGrants> grants_{};

  std::mutex mutex_;  // guards the queue, the thread's handle and stopping_
  std::condition_variable wake_;
  std::deque<Item> queue_;
  std::thread thread_;
  bool stopping_ = false;
};

}  // namespace ram::fuse
