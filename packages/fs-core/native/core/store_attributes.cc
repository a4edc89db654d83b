// Attributes, extended attributes and permissions.
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "clock.h"
#include "store.h"

namespace ram {
namespace {

constexpr std::string_view kCapability = "security.capability";
constexpr uint32_t kChangeEvents = eventBit(EventKind::kTruncated) |
                                   eventBit(EventKind::kAttributes) | eventBit(EventKind::kClosed);

Timestamp time(int64_t seconds, uint32_t nanoseconds) { return {seconds, nanoseconds}; }

}  // namespace

int Store::describe(const Caller& caller, uint64_t inode, const InodeRecord* record,
                    Attributes* out, bool isNew) {
  const bool device = S_ISCHR(record->mode) || S_ISBLK(record->mode);
  out->inode = inode;
  out->mode = record->mode;
  out->links = record->links;
  out->uid = record->uid;
  out->gid = record->gid;
  out->generation = record->generation;
  out->blockSize = kPageSize;
  out->state = S_ISREG(record->mode) ? attributeState(inode, caller) : 0;
  out->device = device ? record->content : 0;
  out->born = time(record->born, record->bornNs);
  if (S_ISREG(record->mode) && !isNew) return content_.describe(inode, record, out);
  if (S_ISREG(record->mode)) {
    content_.describeNew(record, out);
    // Until it has bytes no mapping can change it, and whatever gives it some makes the kernel ask.
    out->state &= ~uint32_t{kAttributesUnsettled};
    return 0;
  }
  out->size = record->size;
  out->blocks = 0;
  out->accessed = time(__atomic_load_n(&record->accessed, __ATOMIC_RELAXED),
                       __atomic_load_n(&record->accessedNs, __ATOMIC_RELAXED));
  out->modified = time(record->modified, record->modifiedNs);
  out->changed = time(record->changed, record->changedNs);
  return 0;
}

int Store::getAttributes(const Caller& caller, uint64_t inode, Attributes* out) {
  if (isClosed()) return -EIO;
  if (caller.mount != 0 && passedFiles_.isChanging(inode)) unpinIfFree(inode);
  LockSet locks(locks_);
  locks.shared(inode);
  locks.lock();
  const InodeRecord* record = inodes_.live(inode);
  return record == nullptr ? -ESTALE : describe(caller, inode, record, out);
}

// Any change of a file takes its capability away, one by someone without CAP_FSETID also its
// set-id bits (`bits`). Lock: exclusive.
int Store::killPrivileges(InodeRecord* record, bool bits) {
  if (!S_ISREG(record->mode) || (!bits && record->xattrs == 0)) return 0;
  uint32_t mode = record->mode;
  if (bits) mode &= ~S_ISUID;
  if (bits && (mode & S_IXGRP) != 0) mode &= ~S_ISGID;
  const bool capability = xattrs_.has(record, kCapability);
  if (mode == record->mode && !capability) return 0;
  Transaction tx(journal_);
  tx.set32(&record->mode, mode);
  touch(tx, record, false);
  if (capability) return xattrs_.remove(tx, record, kCapability);
  tx.commit();
  return 0;
}

int Store::setAttributes(const Caller& caller, uint64_t inode, const SetAttributes& change,
                         Attributes* out) {
  const int result = withRoom(caller, [&]() -> int {
    LockSet locks(locks_);
    locks.exclusive(inode);
    locks.lock();
    InodeRecord* record = inodes_.live(inode);
    if (record == nullptr) return -ESTALE;
    const uint32_t fields = change.fields;
    if ((fields & kSetSize) != 0) {
      if (S_ISDIR(record->mode)) return -EISDIR;
      if (!S_ISREG(record->mode)) return -EINVAL;
    }
    // First, so that no crash in between leaves the bits on changed bytes.
    const bool owner = (fields & (kSetUid | kSetGid)) != 0;
    const bool kills = (fields & kKillPrivileges) != 0 || owner;
    if (kills || (fields & kSetSize) != 0) {
      if (int status = killPrivileges(record, kills); status < 0) return status;
    }
    if ((fields & kSetSize) != 0) {
      if (int status = content_.truncate(inode, record, change.size); status < 0) return status;
    }
    if (int status = applyTimes(inode, record, change); status < 0) return status;
    Transaction tx(journal_);
    if ((fields & kSetMode) != 0) {
      tx.set32(&record->mode, (record->mode & S_IFMT) | (change.mode & 07777));
    }
    if ((fields & kSetUid) != 0) tx.set32(&record->uid, change.uid);
    if ((fields & kSetGid) != 0) tx.set32(&record->gid, change.gid);
    if ((fields & kSetChanged) != 0) {
      if (S_ISREG(record->mode)) {
        if (int status = content_.settle(inode, record); status < 0) return status;
      }
      tx.set64(&record->changed, change.changed.seconds);
      tx.set32(&record->changedNs, change.changed.nanoseconds);
    } else if (fields != kSetSize) {
      touch(tx, record, false);
    }
    tx.outcome(caller, static_cast<int64_t>(inode));
    tx.commit();
    if (events_.wantsAny(kChangeEvents)) [[unlikely]] {
      announceChange(caller, inode, record, change);
    }
    return describe(caller, inode, record, out);
  });
  if (result == 0) {
    tellInode(caller, inode, change.size, (change.fields & kSetSize) != 0 ? UINT64_MAX : 0);
  }
  return result;
}

// Lock: exclusive.
int Store::applyTimes(uint64_t inode, InodeRecord* record, const SetAttributes& change) {
  const Timestamp now = clockNow();
  const bool accessedNow = (change.fields & kSetAccessedNow) != 0;
  const bool modifiedNow = (change.fields & kSetModifiedNow) != 0;
  const Timestamp* accessed = (change.fields & (kSetAccessed | kSetAccessedNow)) == 0 ? nullptr
                              : accessedNow ? &now
                                            : &change.accessed;
  const Timestamp* modified = (change.fields & (kSetModified | kSetModifiedNow)) == 0 ? nullptr
                              : modifiedNow ? &now
                                            : &change.modified;
  if (accessed == nullptr && modified == nullptr) return 0;
  if (S_ISREG(record->mode)) return content_.setTimes(inode, record, accessed, modified);
  Transaction tx(journal_);
  if (accessed != nullptr) {
    tx.set64(&record->accessed, accessed->seconds);
    tx.set32(&record->accessedNs, accessed->nanoseconds);
  }
  if (modified != nullptr) {
    tx.set64(&record->modified, modified->seconds);
    tx.set32(&record->modifiedNs, modified->nanoseconds);
  }
  tx.commit();
  return 0;
}

int Store::access(const Caller& caller, uint64_t inode, uint32_t mask) {
  if (isClosed()) return -EIO;
  if ((mask & ~uint32_t{R_OK | W_OK | X_OK}) != 0) return -EINVAL;
  LockSet locks(locks_);
  locks.shared(inode);
  locks.lock();
  const InodeRecord* record = inodes_.live(inode);
  if (record == nullptr) return -ESTALE;
  const uint32_t mode = record->mode;
  if (caller.uid == 0) {
    const bool runnable = S_ISDIR(mode) || (mode & 0111) != 0;
    return (mask & X_OK) != 0 && !runnable ? -EACCES : 0;
  }
  const uint32_t granted = caller.uid == record->uid   ? mode >> 6
                           : caller.gid == record->gid ? mode >> 3
                                                       : mode;
  return (mask & ~granted & 7) == 0 ? 0 : -EACCES;
}

ssize_t Store::getXattr(const Caller&, uint64_t inode, std::string_view name, void* value,
                        size_t size) {
  if (isClosed()) return -EIO;
  LockSet locks(locks_);
  locks.shared(inode);
  locks.lock();
  const InodeRecord* record = inodes_.live(inode);
  if (record == nullptr) return -ESTALE;
  if (int status = Xattrs::validate(name, record->mode, false); status < 0) return status;
  return xattrs_.get(record, name, value, size);
}

int Store::setXattr(const Caller& caller, uint64_t inode, std::string_view name, const void* value,
                    size_t size, int flags) {
  const int result = withRoom(caller, [&]() -> int {
    LockSet locks(locks_);
    locks.exclusive(inode);
    locks.lock();
    InodeRecord* record = inodes_.live(inode);
    if (record == nullptr) return -ESTALE;
    if (int status = Xattrs::validate(name, record->mode, true); status < 0) return status;
    Transaction tx(journal_);
    touch(tx, record, false);
    tx.outcome(caller, 0);
    const int status = xattrs_.set(tx, record, name, value, size, flags);
    if (status == 0 && events_.wants(EventKind::kAttributes)) [[unlikely]] {
      announce(EventKind::kAttributes, caller, inode, record);
    }
    return status;
  });
  if (result == 0) tellInode(caller, inode, 0, 0);
  return result;
}

ssize_t Store::listXattr(const Caller&, uint64_t inode, char* names, size_t size) {
  if (isClosed()) return -EIO;
  LockSet locks(locks_);
  locks.shared(inode);
  locks.lock();
  const InodeRecord* record = inodes_.live(inode);
  return record == nullptr ? -ESTALE : xattrs_.list(record, names, size);
}

int Store::removeXattr(const Caller& caller, uint64_t inode, std::string_view name) {
  if (isClosed()) return -EIO;
  {
    LockSet locks(locks_);
    locks.exclusive(inode);
    locks.lock();
    InodeRecord* record = inodes_.live(inode);
    if (record == nullptr) return -ESTALE;
    if (int status = Xattrs::validate(name, record->mode, true); status < 0) return status;
    Transaction tx(journal_);
    touch(tx, record, false);
    tx.outcome(caller, 0);
    if (int status = xattrs_.remove(tx, record, name); status < 0) return status;
    if (events_.wants(EventKind::kAttributes)) [[unlikely]] {
      announce(EventKind::kAttributes, caller, inode, record);
    }
  }
  tellInode(caller, inode, 0, 0);
  return 0;
}

int Store::statistics(FileSystemStats* out) {
  if (isClosed()) return -EIO;
  const uint64_t free = backing_->freeBytes() + heap_.cachedBytes();
  const Superblock* super = segment_.super();
  const uint64_t inodes = inodes_.used();
  out->blockSize = kPageSize;
  out->blocks = super->maxBytes / kPageSize;
  out->blocksFree = free / kPageSize;
  // Where only memory bounds them, as many as would fit as empty files.
  constexpr uint64_t kEmptyFileBytes = 256;
  out->inodesFree = super->maxInodes != 0 ? super->maxInodes - inodes : free / kEmptyFileBytes;
  out->inodes = super->maxInodes != 0 ? super->maxInodes : inodes + out->inodesFree;
  out->nameMax = 255;
  return 0;
}

}  // namespace ram
