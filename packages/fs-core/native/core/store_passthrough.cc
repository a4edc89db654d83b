// Files that kernels read and write by themselves: which opens, since when, and what follows their
// last close.
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>

#include "store.h"

namespace ram {
namespace {

constexpr int kCloseYields = 2;
constexpr uint64_t kLowShare = 8;  // less of the disk than this part of it is nearly nothing

}  // namespace

int Store::passThrough(uint32_t mount, BackingDevice* device) {
  if (isClosed()) return -EIO;
  if (mount == 0 || mount >= kMaxMounts) return -EINVAL;
  // The kernel holds nobody to a limit that is only a counter of ours.
  if (!backing_->isTmpfs()) return -EOPNOTSUPP;
  content_.passed().setDevice(mount, device);
  heap_.keepFreePages(false);
  return 0;
}

bool Store::passes(const Caller& caller) const { return content_.passed().passes(caller.mount); }

uint32_t Store::mountsAttached() const {
  return observers_.attached.load(std::memory_order_acquire);
}

// What an open becomes that is the mount's first of this inode. Lock: exclusive.
bool Store::wantsPassing(uint64_t inode, const InodeRecord* record, int flags) const {
  // A kernel must not hold the file that another one takes the place of.
  if (content_.provider() != nullptr || content_.maySpill(inode)) return false;
  if (record->kind == ContentKind::kFile) return true;
  if (record->kind == ContentKind::kExternal || record->kind == ContentKind::kAbsent) return false;
  // A small file that is only read is best left to the page cache, of which there may be but one.
  const uint32_t mounts = mountsAttached();
  return (flags & O_ACCMODE) != O_RDONLY || (mounts & (mounts - 1)) != 0;
}

// A client may map it for writing, or may come to without being asked about views.
// Lock: exclusive.
bool Store::isReached(uint64_t inode, const InodeRecord* record) {
  return content_.isExposed(record) || passedFiles_.anyPassed(inode, mountsAttached());
}

// Counts an open of a mount that may pass through, and passes it if that can be. Lock: exclusive.
void Store::passOpen(const Caller& caller, uint64_t inode, InodeRecord* record, int flags,
                     OpenResult* out) {
  const PassedFiles::Opens before = passedFiles_.of(inode, caller.mount);
  int id = 0;
  if (before.all > 0 ? before.passed : wantsPassing(inode, record, flags)) {
    const bool isNew = record->mode == 0;
    id = content_.promoteReady(inode, record, !isNew && (flags & O_ACCMODE) != O_WRONLY);
    if (id == 0) id = content_.guardViews(inode, record);
    if (id == 0) id = content_.passed().acquire(record->content, caller.mount, flags);
  }
  const bool passed = id > 0;
  // Others have it open as passed, and the kernel allows no mixture.
  if (!passed && before.all > 0 && before.passed) out->direct = true;
  passedFiles_.opened(inode, caller.mount, passed, flags);
  if (!passed) return;
  if ((flags & O_ACCMODE) == O_RDWR) content_.expose(inode, record);
  out->backing = id;
  out->direct = false;
  if ((flags & O_ACCMODE) != O_RDONLY && awaitedForgets() > 0) [[unlikely]] {
    out->low = isLowForKernels();
  }
  out->unsettles = before.mappers == 0 && (flags & O_ACCMODE) == O_RDWR;
  const bool watched = (flags & O_ACCMODE) != O_RDONLY && events_.wantsAny(kClosingEvents);
  const uint64_t version = watched ? content_.watchPassed(record) : 0;
  handles_.pass(out->handle, static_cast<uint32_t>(id), version);
}

// A kernel that passes through can't say that it finds no space.
bool Store::isLowForKernels() const {
  if (content_.passed().mountCount() == 0) return false;
  return backing_->freeBytes() < segment_.super()->maxBytes / kLowShare;
}

// An open for writing was passed through: what is kept for listeners only may be in its way. No
// lock held.
void Store::makeRoomFor(const OpenResult& opened, int flags) {
  if (opened.backing <= 0 || (flags & O_ACCMODE) == O_RDONLY) return;
  if (!events_.retention.isEmpty() && isLowForKernels()) letGoAll();
}

// Lock: at least shared.
uint32_t Store::attributeState(uint64_t inode, const Caller& caller) {
  if (caller.mount == 0 || passedFiles_.isQuiet()) return 0;
  const PassedFiles::Opens own = passedFiles_.of(inode, caller.mount);
  const uint32_t others = mountsAttached() & ~(1u << caller.mount);
  const bool isUnsettled = own.mappers > 0 || passedFiles_.isChanging(inode) ||
                           passedFiles_.anyWriter(inode, others);
  return isUnsettled ? uint32_t{kAttributesUnsettled} : 0;
}

// The last open of the mount. `mapped`: one of them could be mapped for writing.
void Store::closePassed(const HandleRecord& was, bool mapped, const Closing* closing) {
  {
    LockSet locks(locks_);
    locks.exclusive(was.inode);
    locks.lock();
    InodeRecord* record = segment_.inode(was.inode);
    if (closing != nullptr) [[unlikely]] announceClosed(was.inode, record, *closing);
    if (!passedFiles_.anyPassed(was.inode, mountsAttached() | 1u << was.mount)) {
      endPassing(was.inode, record, mapped);
    } else if (mapped) {
      passedFiles_.pin(was.inode, true);  // until endPassing() knows better
    }
    __atomic_sub_fetch(&record->opens, 1, __ATOMIC_ACQ_REL);
    reclaimIfUnused(was.inode, record);
  }
  sweepPinned();
}

// The kernel writes without telling: the version of the bytes, and whether that is another one than
// `known`. Takes the inode's lock, shared.
bool Store::wrotePassed(uint64_t inode, uint64_t known, uint64_t* version) {
  LockSet locks(locks_);
  locks.shared(inode);
  locks.lock();
  *version = content_.lookPassed(segment_.inode(inode));
  return *version != known;
}

// No kernel has the file open any more; mappings of clients may have outlived that (`mapped`:
// perhaps writable ones). Lock: exclusive.
void Store::endPassing(uint64_t inode, InodeRecord* record, bool mapped) {
  if (record->kind != ContentKind::kFile) return passedFiles_.unpin(inode);
  const bool dead = record->links == 0 &&
                    __atomic_load_n(&record->lookups, __ATOMIC_ACQUIRE) == 0;
  if (dead && __atomic_load_n(&record->opens, __ATOMIC_ACQUIRE) == 1) return;
  const uint64_t number = record->content;
  Content::Ended ended = content_.endPassing(inode, record);
  // The client that closed it may not quite be out of the kernel.
  for (int i = 0; ended == Content::Ended::kHeld && i < kCloseYields; ++i) {
    ::sched_yield();
    ended = content_.endPassing(inode, record);
  }
  if (ended == Content::Ended::kHeld) {
    passedFiles_.pin(inode, mapped);
  } else {
    passedFiles_.unpin(inode);
  }
  if (ended != Content::Ended::kSlab) content_.passed().park(number);
}

// Looks whether one of the files that clients kept is free by now. No lock held.
void Store::sweepPinned() {
  const uint64_t inode = passedFiles_.nextPinned();
  if (inode != 0) unpinIfFree(inode);
}

void Store::unpinIfFree(uint64_t inode) {
  LockSet locks(locks_);
  locks.exclusive(inode);
  locks.lock();
  InodeRecord* record = inodes_.live(inode);
  if (record == nullptr) return passedFiles_.unpin(inode);
  if (!passedFiles_.anyPassed(inode, mountsAttached())) endPassing(inode, record, false);
}

}  // namespace ram
