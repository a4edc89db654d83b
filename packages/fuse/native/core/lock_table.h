// POSIX record locks and flock(2) locks of all mounts of one FileSystem.
//
// Only with `locks: 'volume'`; otherwise the kernel keeps locks per mount by itself. A lock that
// has to wait occupies no thread: its request is answered when the lock becomes free.
#pragma once

#include <compare>
#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "protocol.h"
#include "ram/file_system.h"

namespace ram::fuse {

struct LockOwner {
  uint32_t mount;
  bool flock;  // flock(2) and record locks don't see each other
  uint64_t id;
  auto operator<=>(const LockOwner&) const = default;
};

// Told when a lock that waited was granted (0) or given up (-errno). Called with the table locked.
class LockListener {
 public:
  virtual void lockSettled(uint64_t unique, uint32_t channel, int result) = 0;

 protected:
  ~LockListener() = default;
};

class LockTable {
 public:
  // The one of this file system, shared by its mounts; goes away with the last of them.
  static std::shared_ptr<LockTable> of(FileSystem* fileSystem);

  struct Waiter {
    LockListener* listener;
    uint64_t unique;
    uint32_t channel;
  };
  static constexpr int kWaiting = 1;

  // F_GETLK: `lock` becomes the first conflicting lock, or F_UNLCK.
  int query(uint64_t inode, const LockOwner& owner, WireLock* lock);
  // F_SETLK, and F_SETLKW where `waiter` is given. Returns 0, kWaiting (the listener will hear),
  // -EAGAIN, -EDEADLK, -EINVAL, -EINTR (the request was interrupted before it got here).
  // `handle` is the open file that it came through.
  int set(uint64_t inode, const LockOwner& owner, const WireLock& lock, const Waiter* waiter,
          uint64_t handle = 0);
  // A waiting request ends with -EINTR; one that is not waiting yet will, should it come to wait.
  void interrupt(LockListener* listener, uint64_t unique);
  // All locks of an owner on one inode: close of a descriptor.
  void releaseOwner(uint64_t inode, const LockOwner& owner);
  // All locks that came through an open file which is closed for good. Locks of open file
  // descriptions have no other end: the kernel tells their owner with no FLUSH and no RELEASE.
  void releaseHandle(uint64_t inode, uint32_t mount, uint64_t handle);
  // All locks and waiters of a mount that ends; its listener is not called again.
  void releaseMount(uint32_t mount);

 private:
  struct Held {
    LockOwner owner;
    WireLock lock;
    uint64_t handle;
  };
  struct Waiting {
    LockOwner owner;
    WireLock lock;
    Waiter waiter;
    uint64_t handle;
  };
  struct File {
    std::vector<Held> held;
    std::list<Waiting> waiting;
  };
  struct Interrupted {
    LockListener* listener;
    uint64_t unique;
  };

  static bool conflicts(const Held& held, const LockOwner& owner, const WireLock& lock);
  static const Held* conflict(const File& file, const LockOwner& owner, const WireLock& lock);
  static void apply(File& file, const LockOwner& owner, const WireLock& lock, uint64_t handle);
  void settle(uint64_t inode, File& file);
  bool deadlocks(const File& file, const LockOwner& owner, const WireLock& lock) const;
  bool takeInterrupted(const Waiter& waiter);

  std::mutex mutex_;  // guards everything below; taken inside no other lock
  std::unordered_map<uint64_t, File> files_;
  std::deque<Interrupted> interrupted_;
};

}  // namespace ram::fuse
