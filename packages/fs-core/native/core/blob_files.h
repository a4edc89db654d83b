// The descriptors of blob files: opened by number when needed, closed when idle.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <list>
#include <mutex>
#include <unordered_map>

#include "backing.h"

namespace ram {

// Thread-safe. Locks: a shard's, leaves, one at a time, held across neither open(2) nor close(2). A
// file's shard goes by its number: files that are used at once seldom share one.
//
// Files on disk (spill_rules.h) are never closed before remove() either, and not counted.
//
// INVARIANT: a descriptor with leases is never closed. Without leases it stays open while no more
// than `budget` are; then the shards take turns to close what they have not used for longest.
// Memfds die with their descriptor: they are never closed before remove(), and then `budget` bounds
// how many there may be (-EMFILE).
class BlobFiles {
  struct Entry;

 public:
  // budget 0: a quarter of RLIMIT_NOFILE, 16 .. 4096.
  explicit BlobFiles(Backing& backing, uint32_t budget = 0);
  ~BlobFiles();
  BlobFiles(const BlobFiles&) = delete;
  BlobFiles& operator=(const BlobFiles&) = delete;

  // Keeps one descriptor open for as long as it lives.
  class Lease {
   public:
    Lease() = default;
    ~Lease() { reset(); }
    Lease(Lease&& other) noexcept : files_(other.files_), entry_(other.entry_) {
      other.files_ = nullptr;
    }
    Lease& operator=(Lease&&) = delete;
    int fd() const;
    explicit operator bool() const { return files_ != nullptr; }
    void reset();

   private:
    friend class BlobFiles;
    BlobFiles* files_ = nullptr;
    Entry* entry_ = nullptr;
  };

  // 0 or -errno; -EMFILE and -ENFILE only when closing idle descriptors didn't help.
  int create(uint64_t number, Lease* out);
  int acquire(uint64_t number, Lease* out);
  // Takes a file on disk over, for a number from kSpilledBlobs on: it is gone with remove().
  void adoptSpilled(uint64_t number, int fd);
  // What such files take of their disks.
  uint64_t spilledBytes();
  // Removes the file. Leases that exist stay usable; none can be made any more.
  void remove(uint64_t number);

  Backing& backing() { return backing_; }
  uint32_t budget() const { return budget_; }
  uint32_t openDescriptors();

 private:
  struct Entry {
    uint64_t number = 0;
    int fd = -1;
    uint32_t leases = 0;
    bool removed = false;                // closes with its last lease
    std::list<Entry*>::iterator idle{};  // valid while leases == 0
  };

  using Entries = std::unordered_map<uint64_t, Entry>;

  struct alignas(64) Shard {
    std::mutex mutex;
    Entries entries;
    std::unordered_map<Entry*, Entries::node_type> removed;  // still leased
    std::list<Entry*> idle;                                  // least recently used first
  };
  static constexpr uint32_t kShards = 32;

  template <class Open>
  int openWithRoom(Open open);
  int adopt(uint64_t number, int fd, bool fresh, Lease* out);
  bool enter(Shard& shard, uint64_t number, int fd, Lease* out);  // lock held
  void give(Shard& shard, Entry* entry, Lease* out);              // lock held
  bool closeIdle();
  void closeSurplus();
  void release(Entry* entry);
  Shard& shardOf(uint64_t number) { return shards_[number % kShards]; }

  Backing& backing_;
  const uint32_t budget_;
  std::array<Shard, kShards> shards_;
  std::atomic<uint32_t> counted_{0};  // entries, without files on disk
  std::atomic<uint32_t> turn_{0};     // the shard to close something next
  std::atomic<uint32_t> spilled_{0};  // files on disk
};

inline int BlobFiles::Lease::fd() const { return entry_->fd; }

}  // namespace ram
