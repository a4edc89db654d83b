// Blob files that kernels may read and write by themselves (FUSE passthrough), and empty ones that
// wait to become the content of a new file.
//
// A kernel knows a blob file by a backing id, which stays the same for as long as the blob file is
// here: making one takes a system call, and one inode must not be open under two of them.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <list>
#include <mutex>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "blob_files.h"
#include "layout.h"
#include "passed_versions.h"
#include "ram/file_system.h"
#include "ram/spread.h"

namespace ram {

// Thread-safe. Locks: a shard's, or a group's of empty ones, one at a time; leaves but for
// BlobFiles, which may be entered from here. A file's shard goes by its number: files that are used
// at once seldom share one. Functions that name a file need its inode's lock, exclusive, or its
// number known to nobody else.
//
// INVARIANT: every blob file in here has a lease, so the server has it open exactly once: its
// F_SETLEASE fails exactly while a kernel, or a mapping that a client kept, has it open too.
class PassedBlobs {
 public:
  explicit PassedBlobs(BlobFiles& blobs);

  // `device` is called until dropMount(mount) has returned.
  void setDevice(uint32_t mount, BackingDevice* device);
  void dropMount(uint32_t mount);
  bool passes(uint32_t mount) const {
    return mount != 0 && (mounts_.load(std::memory_order_acquire) >> mount & 1) != 0;
  }
  uint32_t mountCount() const { return __builtin_popcount(mounts_.load()); }

  // An empty blob file that was used before. false: there is none ready.
  bool takeEmpty(uint64_t* number, BlobFiles::Lease* out);
  // One that was made just now, so that nobody has opened it.
  void enter(uint64_t number);
  // The mount's backing id (> 0) of a blob file, which is kept until park() or recycle().
  // `flags` as of open(2). -EMFILE where there are too many of them, or what the kernel says.
  int acquire(uint64_t number, uint32_t mount, int flags);
  // No mount has it open any more. Its ids are kept for a while.
  void park(uint64_t number);
  int fd(uint64_t number);  // of one that is in here, else -EBADF

  struct State {
    bool here = false;
    bool reached = false;  // was open for reading, so clients may have mapped it, since settle()
    bool large = false;    // as noteLarge() said, and nobody can have changed that
  };
  State state(uint64_t number);
  void noteLarge(uint64_t number);
  void resize(uint64_t number);
  // Whether nobody but us can reach it; if so, that is remembered. -EBADF: it isn't in here.
  int settle(uint64_t number);

  // Its content is dead. True: it is empty (`empty`: it was) and waits for a new file. False: the
  // caller must remove it (it isn't in here any more).
  bool recycle(uint64_t number, bool empty);
  void forget(uint64_t number);  // as if it had never been in here

  // Clients may map it for writing, or still do: they can take pages away from under a mapping of
  // ours, until settle() or cover(). Lock: the inode's, at least shared, to ask.
  void expose(uint64_t number);
  void cover(uint64_t number);
  bool isExposed(uint64_t number);

  PassedVersions versions;

 private:
  struct Blob {
    BlobFiles::Lease lease;
    std::array<int32_t, kMaxMounts> ids{};  // 0: none
    bool parked = false;
    bool reached = false, large = false;  // see State
    bool quiet = false;                   // its leases are
    std::list<uint64_t>::iterator place{};  // valid while parked
  };
  using Blobs = std::unordered_map<uint64_t, Blob>;

  struct alignas(64) Shard {
    std::mutex mutex;
    Blobs blobs;
    std::list<uint64_t> parked;  // oldest first
    std::unordered_set<uint64_t> exposed;
    std::atomic<uint32_t> exposedCount{0};
  };
  // Empty ones that a group of threads left, who take them first.
  struct alignas(64) Empties {
    std::mutex mutex;
    std::vector<uint64_t> numbers;
    std::atomic<uint32_t> count{0};
  };
  static constexpr uint32_t kShards = 32;

  int insert(uint64_t number);
  bool isOnlyOpen(Blob& blob);
  bool popEmpty(uint64_t* number);
  bool dropParked();
  bool dropEmpty();
  // The shard's lock is held.
  bool makeEmpty(Blob& blob, bool empty);
  int idOn(uint32_t mount, Blob& blob);  // > 0, or -errno
  void closeIds(Blob& blob);
  void unpark(Shard& shard, Blob& blob);
  void drop(Shard& shard, Blobs::iterator found);
  void cover(Shard& shard, uint64_t number);
  Shard& shardOf(uint64_t number) { return shards_[number % kShards]; }

  BlobFiles& files_;
  const uint32_t parkedMax_, emptyMax_, allMax_;
  std::mutex mountsMutex_;  // guards changes of the next two; taken before a shard's
  std::array<std::atomic<BackingDevice*>, kMaxMounts> devices_{};
  std::atomic<uint32_t> mounts_{0};  // bit per mount that passes through
  std::array<Shard, kShards> shards_;
  std::array<Empties, kThreadGroups> empties_;
  std::atomic<uint32_t> all_{0}, parkedCount_{0}, emptyCount_{0};
  std::atomic<uint32_t> turn_{0};  // the shard to drop a parked one of next
};

// Whether a descriptor, the only one of its file here, is the only one at all.
bool isOnlyOpen(int fd);

}  // namespace ram
