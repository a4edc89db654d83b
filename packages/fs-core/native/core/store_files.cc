// Open files and their bytes.
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store.h"

namespace ram {
namespace {

// Also closed: who opened a file, and whether it wrote, is noted for then.
constexpr uint32_t kClosedBit = eventBit(EventKind::kClosed);
constexpr uint32_t kWriteEvents = eventBit(EventKind::kWritten) | kClosedBit;
constexpr uint32_t kCopyEvents = eventBit(EventKind::kRead) | kWriteEvents;
constexpr uint32_t kOpenEvents =
    eventBit(EventKind::kOpened) | eventBit(EventKind::kTruncated) | kWriteEvents;

// Rights that open(2) asks for.
uint32_t wantedBy(int flags) {
  uint32_t mask = 0;
  if ((flags & O_TRUNC) != 0) mask |= W_OK;
  if ((flags & O_ACCMODE) != O_WRONLY) mask |= R_OK;
  if ((flags & O_ACCMODE) != O_RDONLY) mask |= W_OK;
  return mask;
}

}  // namespace

// Lock: at least shared; exclusive for a mount that passes through.
int64_t Store::openHandle(const Caller& caller, uint64_t inode, InodeRecord* record, int flags,
                          OpenResult* out) {
  const int64_t handle = handles_.allocate(inode, static_cast<uint32_t>(flags), caller.mount);
  if (handle < 0) return handle;
  __atomic_fetch_add(&record->opens, 1, __ATOMIC_RELAXED);
  out->handle = static_cast<uint64_t>(handle);
  // One page cache is kept true by invalidation; a second one would see writes too late.
  const uint32_t mounts = caller.mount == 0 ? 0 : mountsAttached();
  const bool several = (mounts & (mounts - 1)) != 0 && !S_ISDIR(record->mode);
  out->direct = several || (S_ISREG(record->mode) && views_.hasWritable(inode));
  out->flush = events_.wantsContents();
  out->backing = 0;
  out->unsettles = false;
  out->low = false;
  if (passes(caller) && !S_ISDIR(record->mode)) passOpen(caller, inode, record, flags, out);
  return handle;
}

int Store::open(const Caller& caller, uint64_t inode, int flags, uint32_t writeFlags,
                OpenResult* out) {
  const bool truncates = (flags & O_TRUNC) != 0;
  const int result = withRoom(caller, [&]() -> int {
    LockSet locks(locks_);
    if (truncates || passes(caller)) {
      locks.exclusive(inode);
    } else {
      locks.shared(inode);
    }
    locks.lock();
    InodeRecord* record = inodes_.live(inode);
    if (record == nullptr) return -ESTALE;
    if (S_ISLNK(record->mode)) return -ELOOP;
    if (S_ISDIR(record->mode) && (truncates || (flags & O_ACCMODE) != O_RDONLY)) return -EISDIR;
    if (truncates && S_ISREG(record->mode)) {
      // First, so that no crash in between leaves the bits on changed bytes.
      const bool bits = (writeFlags & kWriteKillPrivileges) != 0;
      if (int status = killPrivileges(record, bits); status < 0) return status;
      if (int status = content_.truncate(inode, record, 0); status < 0) return status;
    }
    const int64_t handle = openHandle(caller, inode, record, flags, out);
    if (handle < 0) return static_cast<int>(handle);
    if (events_.wantsAny(kOpenEvents) && S_ISREG(record->mode)) [[unlikely]] {
      announceOpen(caller, inode, record, flags, out->handle);
    }
    return 0;
  });
  if (result == 0 && truncates) tellInode(caller, inode, 0, UINT64_MAX);
  if (result == 0) makeRoomFor(*out, flags);
  // What other mounts have cached of its attributes is not true for long.
  const bool writes = (flags & O_ACCMODE) != O_RDONLY;
  if (result == 0 && !truncates && writes && out->backing > 0) tellInode(caller, inode, 0, 0);
  return result;
}

int Store::create(const Caller& caller, uint64_t parent, std::string_view name, uint32_t mode,
                  int flags, Attributes* out, OpenResult* opened) {
  Birth birth;
  birth.mode = S_IFREG | (mode & 07777);
  birth.openFlags = flags & ~(O_CREAT | O_EXCL | O_TRUNC);
  for (;;) {
    const int made = withRoom(
        caller, [&] { return makeInode(caller, parent, name, birth, out, opened); });
    if (made == 0) makeRoomFor(*opened, flags);
    if (made != -EEXIST || (flags & O_EXCL) != 0) return made;
    int status = lookup(caller, parent, name, out);
    if (status == -ENOENT) continue;  // removed in between
    if (status < 0) return status;
    const uint64_t inode = out->inode;
    // The kernel thought that it makes the file, and checked no rights to open it.
    const bool other = caller.mount != 0 && caller.uid != 0;
    if (other) status = access(caller, inode, wantedBy(flags));
    if (status == 0) {
      const uint32_t writeFlags = other ? uint32_t{kWriteKillPrivileges} : 0;
      status = open(caller, inode, flags & ~O_CREAT, writeFlags, opened);
    }
    if (status == 0 && (flags & O_TRUNC) != 0) status = getAttributes(caller, inode, out);
    if (status < 0 && caller.mount != 0) forget(caller, inode, 1);
    return status;
  }
}

int Store::makeTemporary(const Caller& caller, uint64_t parent, uint32_t mode, int flags,
                         Attributes* out, OpenResult* opened) {
  return withRoom(caller, [&]() -> int {
    LockSet locks(locks_);
    locks.exclusive(parent);
    locks.lock();
    int error = 0;
    InodeRecord* directory = liveDirectory(parent, &error);
    if (directory == nullptr) return error;
    const int64_t made = inodes_.allocate();
    if (made < 0) return static_cast<int>(made);
    const uint64_t inode = static_cast<uint64_t>(made);
    InodeRecord* record = segment_.inode(inode);
    Birth birth;
    birth.mode = S_IFREG | (mode & 07777);
    uint32_t liveMode = 0;
    fillRecord(caller, record, directory, birth, &liveMode);
    record->links = 0;
    record->flags = (flags & O_EXCL) != 0 ? kInodeSealed : kInodeTemporary;
    const int64_t handle = openHandle(caller, inode, record, flags, opened);
    if (handle < 0) {
      inodes_.free(inode);
      return static_cast<int>(handle);
    }
    Transaction tx(journal_);
    tx.set32(&record->mode, liveMode);
    tx.outcome(caller, made);
    tx.commit();
    takeReference(caller, inode);
    if (events_.wantsAny(kOpenEvents)) [[unlikely]] {
      announceOpen(caller, inode, record, flags & ~O_TRUNC, opened->handle);
    }
    return describe(caller, inode, record, out, true);
  });
}

void Store::close(const Caller& caller, uint64_t inode, uint64_t handle) {
  const bool watched = events_.wantsAny(kClosingEvents);
  HandleRecord was;
  Closing closing;
  if (watched) [[unlikely]] {
    // Before its number can mean another open.
    if (!handles_.look(handle, inode, &was)) return;
    closing = describeClosing(caller, handle, was);
  }
  if (handles_.free(handle, inode, &was)) closeHandle(was, watched ? &closing : nullptr);
}

void Store::closeHandle(const HandleRecord& was, const Closing* closing) {
  if (was.backing != 0 && was.version != 0) [[unlikely]] {
    content_.passed().versions.unwatch(segment_.inode(was.inode)->content);
  }
  if (!content_.passed().passes(was.mount)) return dropOpen(was.inode, closing);
  const PassedFiles::Opens left =
      passedFiles_.closed(was.inode, was.mount, static_cast<int>(was.flags));
  if (was.backing == 0 || left.all > 0) return dropOpen(was.inode, closing);
  closePassed(was, left.mapped, closing);
}

// `closing`: for the listeners, or null.
void Store::dropOpen(uint64_t inode, const Closing* closing) {
  InodeRecord* record = segment_.inode(inode);  // the open that ends kept it alive
  bool last;
  {
    // Shared keeps the record from being reclaimed between the count and the look at links.
    LockSet locks(locks_);
    locks.shared(inode);
    locks.lock();
    if (closing != nullptr) [[unlikely]] announceClosed(inode, record, *closing);
    last = __atomic_sub_fetch(&record->opens, 1, __ATOMIC_ACQ_REL) == 0 && record->links == 0;
  }
  if (last) reclaimLater(inode);
}

// Takes the exclusive lock and looks again.
void Store::reclaimLater(uint64_t inode) {
  LockSet locks(locks_);
  locks.exclusive(inode);
  locks.lock();
  if (InodeRecord* record = inodes_.live(inode)) reclaimIfUnused(inode, record);
}

// Brings bytes back that only the provider has.
int Store::populate(uint64_t inode) {
  LockSet locks(locks_);
  locks.exclusive(inode);
  locks.lock();
  InodeRecord* record = inodes_.live(inode);
  return record == nullptr ? -ESTALE : content_.populate(inode, record);
}

ssize_t Store::read(const Caller& caller, uint64_t inode, uint64_t, uint64_t offset, void* data,
                    size_t length) {
  if (isClosed()) return -EIO;
  for (;;) {
    {
      const std::shared_lock lock(locks_.at(InodeLocks::stripe(inode)));
      InodeRecord* record = inodes_.live(inode);
      if (record == nullptr) return -ESTALE;
      if (!S_ISREG(record->mode)) return S_ISDIR(record->mode) ? -EISDIR : -EINVAL;
      const ssize_t got = content_.read(inode, record, offset, data, length);
      if (got > 0 && events_.wants(EventKind::kRead)) [[unlikely]] {
        announce(EventKind::kRead, caller, inode, record);
      }
      if (got != Content::kMustPopulate) return got;
    }
    if (int status = populate(inode); status < 0) return status;
  }
}

int Store::writeOnce(const Caller& caller, WriteTarget target, uint64_t offset, const void* data,
                     size_t length, uint32_t flags, WriteResult* out) {
  const uint64_t inode = target.inode;
  const std::unique_lock lock(locks_.at(InodeLocks::stripe(inode)));
  InodeRecord* record = inodes_.live(inode);
  if (record == nullptr) return -ESTALE;
  if (!S_ISREG(record->mode)) return S_ISDIR(record->mode) ? -EISDIR : -EINVAL;
  if ((flags & kWriteKeepPrivileges) == 0) {
    const bool bits = (flags & kWriteKillPrivileges) != 0;
    if (int status = killPrivileges(record, bits); status < 0) return status;
  }
  const uint64_t at = (flags & kWriteAppend) != 0 ? Content::kAppend : offset;
  const int status = content_.write(inode, record, at, data, length, out);
  if (status == 0 && events_.wantsAny(kWriteEvents)) [[unlikely]] {
    announceWrite(caller, inode, record, target.handle);
  }
  return status;
}

int Store::write(const Caller& caller, uint64_t inode, uint64_t handle, uint64_t offset,
                 const void* data, size_t length, uint32_t flags, WriteResult* out) {
  const WriteTarget target{inode, handle};
  if (Provider* provider = content_.provider()) {
    if (int status = provider->admit(length); status < 0) return status;
  }
  const int result =
      withRoom(caller, [&] { return writeOnce(caller, target, offset, data, length, flags, out); });
  if (result < 0) return result;
  // Short because the disk is full: perhaps only because its room is scattered.
  // An append's rest is left to the caller, since another may have appended meanwhile.
  const bool may = (flags & kWriteAppend) == 0;
  if (may && out->length < length && (heap_.trim() || content_.compact(locks_, inodes_))) {
    const auto* rest = static_cast<const uint8_t*>(data) + out->length;
    WriteResult more;
    const int status = writeOnce(caller, target, out->offset + out->length, rest,
                                 length - out->length, flags, &more);
    if (status == 0) out->length += more.length;
  }
  tellInode(caller, inode, out->offset, out->length);
  return result;
}

int Store::sync(const Caller&, uint64_t inode, bool dataOnly) {
  if (isClosed()) return -EIO;
  Provider* provider = content_.provider();
  return provider == nullptr ? 0 : provider->sync(inode, dataOnly);
}

int Store::allocate(const Caller& caller, uint64_t inode, uint64_t handle, uint64_t offset,
                    uint64_t length, int mode) {
  const int result = withRoom(caller, [&]() -> int {
    LockSet locks(locks_);
    locks.exclusive(inode);
    locks.lock();
    InodeRecord* record = inodes_.live(inode);
    if (record == nullptr) return -ESTALE;
    if (S_ISDIR(record->mode)) return -EISDIR;
    if (!S_ISREG(record->mode)) return -ENODEV;
    const int status = content_.allocate(inode, record, offset, length, mode);
    if (status == 0 && events_.wantsAny(kWriteEvents)) [[unlikely]] {
      announceWrite(caller, inode, record, handle);
    }
    return status;
  });
  if (result == 0) tellInode(caller, inode, offset, length);
  return result;
}

int64_t Store::seek(const Caller&, uint64_t inode, uint64_t, uint64_t offset, int whence) {
  if (isClosed()) return -EIO;
  for (;;) {
    {
      LockSet locks(locks_);
      locks.shared(inode);
      locks.lock();
      InodeRecord* record = inodes_.live(inode);
      if (record == nullptr) return -ESTALE;
      if (!S_ISREG(record->mode)) return -EINVAL;
      const int64_t at = content_.seek(inode, record, offset, whence);
      if (at != Content::kMustPopulate) return at;
    }
    if (int status = populate(inode); status < 0) return status;
  }
}

ssize_t Store::copyRange(const Caller& caller, uint64_t fromInode, uint64_t fromOffset,
                         uint64_t toInode, uint64_t toOffset, size_t length,
                         uint64_t toHandle) {
  const ssize_t result = withRoom(caller, [&]() -> ssize_t {
    LockSet locks(locks_);
    locks.exclusive(fromInode);
    locks.exclusive(toInode);
    locks.lock();
    InodeRecord* from = inodes_.live(fromInode);
    InodeRecord* to = inodes_.live(toInode);
    if (from == nullptr || to == nullptr) return -ESTALE;
    if (S_ISDIR(from->mode) || S_ISDIR(to->mode)) return -EISDIR;
    if (!S_ISREG(from->mode) || !S_ISREG(to->mode)) return -EINVAL;
    const ssize_t copied =
        content_.copyRange(fromInode, from, fromOffset, toInode, to, toOffset, length);
    if (copied > 0 && events_.wantsAny(kCopyEvents)) [[unlikely]] {
      announce(EventKind::kRead, caller, fromInode, from);
      announceWrite(caller, toInode, to, toHandle);
    }
    return copied;
  });
  if (result > 0) tellInode(caller, toInode, toOffset, static_cast<uint64_t>(result));
  return result;
}

int Store::setSpill(uint64_t inode, uint64_t bytes, int directory) {
  if (isClosed()) return -EIO;
  LockSet locks(locks_);
  locks.exclusive(inode);
  locks.lock();
  InodeRecord* record = inodes_.live(inode);
  if (record == nullptr) return -ESTALE;
  if (!S_ISREG(record->mode)) return S_ISDIR(record->mode) ? -EISDIR : -EINVAL;
  const bool passed = record->kind == ContentKind::kFile &&
                      content_.passed().fd(record->content) >= 0;
  if (passedFiles_.anyPassed(inode, mountsAttached())) return -EBUSY;
  if (passed && !content_.isOurs(inode, record)) return -EBUSY;
  return content_.setSpill(inode, record, bytes, directory);
}

int Store::mapView(uint64_t inode, bool writable, View* out) {
  const Caller caller{};
  const int result = withRoom(caller, [&]() -> int {
    LockSet locks(locks_);
    locks.exclusive(inode);
    locks.lock();
    InodeRecord* record = inodes_.live(inode);
    if (record == nullptr) return -ESTALE;
    if (S_ISDIR(record->mode)) return -EISDIR;
    if (!S_ISREG(record->mode)) return -EINVAL;
    if (writable && handles_.hasCachedOpen(inode)) return -EBUSY;
    const int status = content_.makeView(inode, record, writable, out);
    if (status < 0 || !isReached(inode, record) || content_.guardViews(inode, record) == 0) {
      return status;
    }
    unmapView(out->id);
    return -EBUSY;
  });
  // The kernel may still hold pages of earlier opens; from now on it is told not to.
  if (result == 0 && writable) tellInode(caller, inode, 0, UINT64_MAX);
  return result;
}

}  // namespace ram
