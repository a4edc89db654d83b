// Opening segments that were left behind, and checking ones that are in use.
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "store.h"
#include "walk.h"

namespace ram {

int Store::adopt(std::unique_ptr<Backing> backing, bool keepMounts, Store** out) {
  Store* store = new (std::nothrow) Store(std::move(backing));
  if (store == nullptr) return -ENOMEM;
  if (int status = store->recover(keepMounts); status < 0) {
    delete store;
    return status;
  }
  *out = store;
  return 0;
}

int Store::recover(bool keepMounts) {
  if (int status = segment_.open(); status < 0) return status;
  journal_.replay();
  if (int status = inodes_.start(); status < 0) return status;
  if (int status = heap_.start(); status < 0) return status;
  inodes_.rebuild();
  recountReferences(keepMounts);
  char report[128];
  Walk walk(segment_, inodes_, heap_, directories_, content_, xattrs_, report, sizeof report);
  if (int status = walk.run(); status < 0) return status;
  // A blob file is made before the record that refers to it, and removed after it.
  if (int status = content_.finishMarking(); status < 0) return status;
  heap_.finishMarking();
  for (const uint64_t inode : walk.nameless()) reclaimIfUnused(inode, segment_.inode(inode));
  setAside();  // a disk that was full does without
  return 0;
}

// Descriptors of the process died with it. Those of a mount, and the kernel's references, live on
// where the mount does.
void Store::recountReferences(bool keepMounts) {
  for (uint64_t inode = 1; inode < inodes_.highWater(); ++inode) {
    InodeRecord* record = inodes_.live(inode);
    if (record == nullptr) continue;
    record->opens = 0;
    record->flags &= ~(kInodeAwaited | kInodeRetained);
    record->lookups = 0;
  }
  Superblock* super = segment_.super();
  for (uint64_t i = 1; i < super->handlesHighWater; ++i) {
    HandleRecord* handle = segment_.handle(i);
    InodeRecord* record = handle->inode == 0 ? nullptr : inodes_.live(handle->inode);
    const bool kept = keepMounts && record != nullptr && handle->mount != 0;
    if (kept) {
      ++record->opens;
    } else {
      handle->inode = 0;
    }
  }
  handles_.rebuild();
  for (uint32_t mount = 1; mount < kMaxMounts; ++mount) {
    if (super->mounts[mount].attached == 0) continue;
    const bool kept = keepMounts && inodes_.attachMount(mount) == 0;
    if (!kept) {
      super->mounts[mount].attached = 0;
      inodes_.forgetMount(mount);
      continue;
    }
    for (uint64_t inode = 1; inode < inodes_.highWater(); ++inode) {
      InodeRecord* record = inodes_.live(inode);
      if (record != nullptr) record->lookups += *segment_.lookups(mount, inode);
    }
  }
}

int Store::check(char* report, size_t size) {
  if (isClosed()) return -EIO;
  Heap shadow(segment_);
  if (int status = shadow.start(); status < 0) return status;
  std::lock_guard order(renameMutex_);
  for (uint32_t stripe = 0; stripe < InodeLocks::kStripes; ++stripe) locks_.at(stripe).lock();
  Directory directories(segment_, journal_, shadow);
  Xattrs xattrs(segment_, journal_, shadow);
  Content contents(segment_, journal_, shadow, blobs_, views_);
  Walk walk(segment_, inodes_, shadow, directories, contents, xattrs, report, size);
  int status = walk.run();
  if (status == 0 && shadow.usedBytes() != heap_.usedBytes()) {
    status = -EUCLEAN;
    ::snprintf(report, size, "heap: %" PRIu64 " bytes are used, the allocator counts %" PRIu64,
               shadow.usedBytes(), heap_.usedBytes());
  }
  for (const uint64_t inode : walk.nameless()) {
    const InodeRecord* record = segment_.inode(inode);
    if (status < 0 || record->lookups != 0 || record->opens != 0) continue;
    status = -EUCLEAN;
    ::snprintf(report, size, "inode %" PRIu64 ": nothing refers to it", inode);
  }
  for (uint32_t stripe = InodeLocks::kStripes; stripe-- > 0;) locks_.at(stripe).unlock();
  return status;
}

}  // namespace ram
