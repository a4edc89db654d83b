// Making, ending and describing a store; mounts and their references.
#include "store.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "clock.h"
#include "swap_usage.h"

namespace ram {
namespace {

constexpr uint64_t kHandles = 1 << 20;

uint64_t pagesUp(uint64_t bytes) { return (bytes + kPageSize - 1) / kPageSize * kPageSize; }

// Each region's address range is as long as the limit could ever let it grow; only pages that
// are committed cost memory.
uint64_t layOut(const StoreOptions& options, Superblock* out) {
  const uint64_t limit = pagesUp(options.maxBytes);
  out->magic = kMagic;
  out->version = kLayoutVersion;
  out->swap = options.swap ? 1 : 0;
  out->maxBytes = limit;
  out->maxInodes = options.maxInodes;
  const uint64_t inodes = std::min<uint64_t>(limit / sizeof(InodeRecord), UINT32_MAX - 64);
  out->inodesCapacity = std::max<uint64_t>(inodes, kPageSize) / 512 * 512;
  out->handlesCapacity = kHandles;
  // References into the heap are 32 bits of 16-byte granules.
  out->heapPages = std::min<uint64_t>(limit, uint64_t{1} << 36) / kPageSize;
  out->handlesOffset = Segment::headBytes();
  out->inodesOffset = out->handlesOffset + kHandles * sizeof(HandleRecord);
  out->lookupsOffset = out->inodesOffset + out->inodesCapacity * sizeof(InodeRecord);
  out->heapOffset = out->lookupsOffset + kMaxMounts * out->inodesCapacity * sizeof(uint64_t);
  out->heapOffset = pagesUp(out->heapOffset);
  out->nextBlobFile = 1;
  out->nextGeneration = 1;
  out->epoch = 1;
  return out->heapOffset + out->heapPages * kPageSize;
}

}  // namespace

Store::Store(std::unique_ptr<Backing> backing)
    : backing_(std::move(backing)),
      segment_(*backing_),
      blobs_(*backing_),
      content_(segment_, journal_, heap_, blobs_, views_) {}

Store::~Store() = default;

int Store::make(const StoreOptions& options, Store** out, const char** syscall) {
  *syscall = "fsopen";
  if (options.maxBytes < kMinStoreBytes || options.maxBytes > kMaxStoreBytes) return -EINVAL;
  std::unique_ptr<Backing> backing;
  const int made =
      Backing::make(options.backing, pagesUp(options.maxBytes), options.swap, &backing, syscall);
  if (made < 0) return made;
  *syscall = "mmap";
  Store* store = new (std::nothrow) Store(std::move(backing));
  if (store == nullptr) return -ENOMEM;
  if (int status = store->format(options); status < 0) {
    delete store;
    return status;
  }
  *out = store;
  return 0;
}

int Store::format(const StoreOptions& options) {
  Superblock super;
  ::memset(&super, 0, sizeof super);
  const uint64_t mappedBytes = layOut(options, &super);
  if (::getrandom(super.hashKey, sizeof super.hashKey, 0) < 0) return -errno;
  if (int status = segment_.create(super, mappedBytes); status < 0) return status;
  if (int status = inodes_.start(); status < 0) return status;
  if (int status = handles_.start(); status < 0) return status;
  if (int status = heap_.start(); status < 0) return status;
  if (int status = setAside(); status < 0) return status;
  inodes_.allocate();  // record 0: number 0 means "none" everywhere
  const int64_t root = inodes_.allocate();
  if (root != static_cast<int64_t>(kRootInode)) return -ENOSPC;
  InodeRecord* record = segment_.inode(kRootInode);
  const Timestamp now = clockNow();
  record->uid = options.rootUid;
  record->gid = options.rootGid;
  record->links = 2;
  record->parent = kRootInode;
  record->cursor = kFirstCookie;
  record->generation = 0;
  record->accessed = record->modified = record->changed = record->born = now.seconds;
  record->accessedNs = record->modifiedNs = record->changedNs = record->bornNs = now.nanoseconds;
  record->mode = S_IFDIR | (options.rootMode & 07777);
  return 0;
}

// A 256th of the disk, 8 KiB to 256 KiB: a directory of 10,000 names can still be renamed in.
int Store::setAside() {
  const uint64_t pages = segment_.super()->maxBytes / kPageSize / 256;
  return heap_.setAside(static_cast<uint32_t>(std::clamp<uint64_t>(pages, 2, 64)));
}

void Store::release() {
  if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
}

int Store::usage(StoreUsage* out) {
  if (isClosed()) return -EIO;
  uint64_t used = 0;
  uint64_t free = 0;
  if (int status = backing_->usage(&used, &free); status < 0) return status;
  // Pages kept ready for the next allocation count as free.
  const uint64_t cached = std::min(heap_.cachedBytes(), used);
  const uint64_t segments = Segment::headBytes() + heap_.committedBytes() +
                            inodes_.committedBytes() + handles_.committedBytes();
  out->usedBytes = used - cached;
  out->maxBytes = used + free;
  out->freeBytes = free + cached;
  out->slabBytes = content_.slabBytes();
  out->fileBytes = used - std::min(segments, used);
  out->externalBytes = content_.externalBytes();
  out->metadataBytes = segments - cached - std::min(out->slabBytes, segments - cached);
  out->inodes = inodes_.used();
  out->maxInodes = segment_.super()->maxInodes;
  out->swappedBytes = swappedBytes(*backing_);
  return 0;
}

int Store::attach(Observer* observer) {
  if (isClosed()) return -EIO;
  std::unique_lock lock(observers_.mutex);
  for (uint32_t mount = 1; mount < kMaxMounts; ++mount) {
    MountRecord& record = segment_.super()->mounts[mount];
    if (record.attached != 0) continue;
    if (int status = inodes_.attachMount(mount); status < 0) return status;
    record.initLength = 0;
    record.attached = 1;
    observers_.slots[mount] = observer;
    observers_.attached.fetch_or(1u << mount, std::memory_order_release);
    return static_cast<int>(mount);
  }
  return -EMFILE;
}

void Store::detach(uint32_t mount) {
  if (mount == 0 || mount >= kMaxMounts) return;
  {
    std::unique_lock lock(observers_.mutex);
    if (segment_.super()->mounts[mount].attached == 0) return;
    observers_.slots[mount] = nullptr;
    observers_.attached.fetch_and(~(1u << mount), std::memory_order_release);
  }
  handles_.dropMount(mount, [this](uint64_t handle, const HandleRecord& was) {
    const bool watched = events_.wantsAny(kClosingEvents);
    Closing closing;
    if (watched) [[unlikely]] closing = describeClosing(Caller{}, handle, was);
    closeHandle(was, watched ? &closing : nullptr);
  });
  content_.passed().dropMount(mount);
  if (content_.passed().mountCount() == 0) heap_.keepFreePages(true);
  dropReferences(mount);
  std::unique_lock lock(observers_.mutex);
  inodes_.detachMount(mount);
  segment_.super()->mounts[mount].attached = 0;
}

void Store::dropReferences(uint32_t mount) {
  for (uint64_t inode = 1; inode < inodes_.highWater(); ++inode) {
    const uint64_t count = __atomic_load_n(segment_.lookups(mount, inode), __ATOMIC_ACQUIRE);
    if (count != 0) forget(Caller{0, 0, 0, mount, 0}, inode, count);
  }
}

int Store::recordInit(uint32_t mount, const void* reply, size_t length) {
  if (mount == 0 || mount >= kMaxMounts || length > kInitBytes) return -EINVAL;
  std::unique_lock lock(observers_.mutex);
  MountRecord& record = segment_.super()->mounts[mount];
  if (record.attached == 0) return -EINVAL;
  ::memcpy(record.init, reply, length);
  __atomic_store_n(&record.initLength, static_cast<uint32_t>(length), __ATOMIC_RELEASE);
  return 0;
}

int Store::outcome(uint32_t mount, uint64_t unique, int64_t* result) {
  if (isClosed()) return -EIO;
  const Outcome* slot = segment_.outcome(static_cast<uint32_t>(unique / 2 % kOutcomes));
  if (slot->unique != unique || slot->mount != mount) return -ENOENT;
  *result = slot->result;
  return 0;
}

// Lock: at least shared, so that the inode can't be reclaimed meanwhile.
void Store::takeReference(const Caller& caller, uint64_t inode) {
  if (caller.mount == 0) return;
  // The mount's count goes first: a death in between leaves the total too small, and the total is
  // computed anew when the segments are opened.
  __atomic_fetch_add(segment_.lookups(caller.mount, inode), 1, __ATOMIC_RELAXED);
  __atomic_fetch_add(&segment_.inode(inode)->lookups, 1, __ATOMIC_RELAXED);
}

void Store::forget(const Caller& caller, uint64_t inode, uint64_t count) {
  if (caller.mount == 0 || caller.mount >= kMaxMounts || count == 0) return;
  bool last = false;
  {
    LockSet locks(locks_);
    locks.shared(inode);
    locks.lock();
    InodeRecord* record = inodes_.live(inode);
    if (record == nullptr) return;
    uint64_t* own = segment_.lookups(caller.mount, inode);
    const uint64_t given = std::min(count, __atomic_load_n(own, __ATOMIC_RELAXED));
    __atomic_fetch_sub(own, given, __ATOMIC_RELAXED);
    last = __atomic_sub_fetch(&record->lookups, given, __ATOMIC_ACQ_REL) == 0 &&
           record->links == 0;
  }
  if (last) reclaimLater(inode);
}

void Store::reclaimIfUnused(uint64_t inode, InodeRecord* record) {
  if (record->links != 0 || __atomic_load_n(&record->opens, __ATOMIC_ACQUIRE) != 0) return;
  if (__atomic_load_n(&record->lookups, __ATOMIC_ACQUIRE) != 0) return noteAwaited(record);
  if (events_.wantsAny(~0u) && retain(inode, record)) return;
  const InodeRecord dead = *record;
  passedFiles_.unpin(inode);
  Transaction tx(journal_);
  tx.set32(&record->mode, 0);
  tx.commit();
  // From here on no one can reach it; what it held is free for whoever looks.
  xattrs_.freeAll(dead.xattrs);
  if (S_ISREG(dead.mode)) {
    content_.discard(inode, dead);
  } else if (S_ISDIR(dead.mode)) {
    directories_.freeTable(static_cast<HeapRef>(dead.content));
  } else if (S_ISLNK(dead.mode)) {
    heap_.free(static_cast<HeapRef>(dead.content), dead.size);
  }
  inodes_.free(inode);
  if ((dead.flags & kInodeAwaited) != 0) awaitingForget_.subtract(1);
}

// Lock: exclusive.
void Store::noteAwaited(InodeRecord* record) {
  if ((record->flags & kInodeAwaited) != 0) return;
  record->flags |= kInodeAwaited;
  awaitingForget_.add(1);
}

// The kernel forgets deleted files a little later than it deletes them. Only calls from inside
// the process wait here (a mount's requests must not hold up the FORGETs behind them).
bool Store::awaitForgets() {
  constexpr int kTries = 50;
  const uint32_t before = awaitedForgets();
  for (int i = 0; before != 0 && i < kTries; ++i) {
    if (awaitedForgets() < before) return true;
    ::usleep(1000);
  }
  return false;
}

bool Store::hasListeners(const Caller& caller) const {
  const uint32_t attached = observers_.attached.load(std::memory_order_acquire);
  return (attached & ~(1u << caller.mount)) != 0;
}

// Whether the mount's kernel may have anything cached of the inode. Who asks has made a change
// under the inode's lock, and a look-up counts its reference under that lock: either it saw the
// change, or its reference is seen here.
bool Store::isKnown(uint32_t mount, uint64_t inode) const {
  return inode == kRootInode ||
         __atomic_load_n(segment_.lookups(mount, inode), __ATOMIC_ACQUIRE) != 0;
}

void Store::tellInode(const Caller& caller, uint64_t inode, uint64_t offset, uint64_t length) {
  if (!hasListeners(caller)) return;
  std::shared_lock lock(observers_.mutex);
  for (uint32_t mount = 1; mount < kMaxMounts; ++mount) {
    Observer* observer = observers_.slots[mount];
    if (observer != nullptr && mount != caller.mount && isKnown(mount, inode)) {
      observer->inodeChanged(caller, inode, offset, length);
    }
  }
}

void Store::tellEntry(const Caller& caller, uint64_t parent, std::string_view name) {
  if (!hasListeners(caller)) return;
  std::shared_lock lock(observers_.mutex);
  for (uint32_t mount = 1; mount < kMaxMounts; ++mount) {
    Observer* observer = observers_.slots[mount];
    if (observer != nullptr && mount != caller.mount && isKnown(mount, parent)) {
      observer->entryChanged(caller, parent, name);
    }
  }
}

}  // namespace ram
