// Making and removing names.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "clock.h"
#include "content_parts.h"
#include "store.h"

namespace ram {
namespace {

constexpr uint32_t kLinksMax = 0x7fffffff;
// Also closed: who opens it is noted for then.
constexpr uint32_t kBirthEvents = eventBit(EventKind::kCreated) | eventBit(EventKind::kOpened) |
                                  eventBit(EventKind::kClosed) |
                                  eventBit(EventKind::kWritten);
constexpr size_t kTargetMax = 4095;  // PATH_MAX without its NUL

void stamp(int64_t* seconds, uint32_t* nanoseconds, Timestamp now) {
  *seconds = now.seconds;
  *nanoseconds = now.nanoseconds;
}

}  // namespace

int Store::checkName(std::string_view name) const {
  if (name.empty()) return -ENOENT;
  if (name.size() > 255) return -ENAMETOOLONG;
  if (name == "." || name == "..") return -EEXIST;
  if (name.find('/') != name.npos || name.find('\0') != name.npos) return -EINVAL;
  return 0;
}

// A directory that still has a place in the tree, so that names may be added to it.
InodeRecord* Store::liveDirectory(uint64_t inode, int* error) const {
  InodeRecord* record = inodes_.live(inode);
  if (record == nullptr) {
    *error = -ESTALE;
  } else if (!S_ISDIR(record->mode)) {
    *error = -ENOTDIR;
  } else if (record->links == 0) {
    *error = -ENOENT;
  } else {
    return record;
  }
  return nullptr;
}

void Store::touch(Transaction& tx, InodeRecord* record, bool modified) {
  const Timestamp now = clockNow();
  tx.set64(&record->changed, now.seconds);
  tx.set32(&record->changedNs, now.nanoseconds);
  if (!modified) return;
  tx.set64(&record->modified, now.seconds);
  tx.set32(&record->modifiedNs, now.nanoseconds);
}

int Store::lookup(const Caller& caller, uint64_t parent, std::string_view name, Attributes* out) {
  if (isClosed()) return -EIO;
  if (name.size() > 255) return -ENAMETOOLONG;
  LockSet locks(locks_);
  uint64_t guess = parent;
  for (;;) {
    locks.shared(parent);
    locks.shared(guess);
    locks.lock();
    const InodeRecord* directory = inodes_.live(parent);
    if (directory == nullptr) return -ESTALE;
    if (!S_ISDIR(directory->mode)) return -ENOTDIR;
    uint64_t inode;
    if (name == ".") {
      inode = parent;
    } else if (name == "..") {
      inode = directory->parent;
    } else {
      const Directory::Found found = directories_.find(directory, name);
      if (!found) return -ENOENT;
      inode = found.dentry->inode;
    }
    if (locks.tryShared(inode)) {
      const InodeRecord* record = inodes_.live(inode);
      if (record == nullptr) return -ESTALE;  // ".." of a directory that is gone
      if (int status = describe(caller, inode, record, out); status < 0) return status;
      takeReference(caller, inode);
      return 0;
    }
    locks.unlock();
    guess = inode;
  }
}

// Everything but the mode, which makes the record live when its transaction is committed.
void Store::fillRecord(const Caller& caller, InodeRecord* record, const InodeRecord* parent,
                       const Birth& birth, uint32_t* mode) {
  const Timestamp now = clockNow();
  *mode = birth.mode;
  record->uid = caller.uid;
  record->gid = caller.gid;
  if ((parent->mode & S_ISGID) != 0) {
    record->gid = parent->gid;
    if (S_ISDIR(birth.mode)) *mode |= S_ISGID;
  }
  record->links = S_ISDIR(birth.mode) ? 2 : 1;
  record->kind = ContentKind::kNone;
  if (S_ISCHR(birth.mode) || S_ISBLK(birth.mode)) record->content = birth.device;
  if (S_ISDIR(birth.mode)) record->cursor = kFirstCookie;
  stamp(&record->accessed, &record->accessedNs, now);
  stamp(&record->modified, &record->modifiedNs, now);
  stamp(&record->changed, &record->changedNs, now);
  stamp(&record->born, &record->bornNs, now);
}

int Store::makeInode(const Caller& caller, uint64_t parent, std::string_view name,
                     const Birth& birth, Attributes* out, OpenResult* opened) {
  if (int status = checkName(name); status < 0) return status;
  LockSet locks(locks_);
  locks.exclusive(parent);
  locks.lock();
  int error = 0;
  InodeRecord* directory = liveDirectory(parent, &error);
  if (directory == nullptr) return error;
  if (directories_.find(directory, name)) return -EEXIST;
  if (S_ISDIR(birth.mode) && directory->links >= kLinksMax) return -EMLINK;
  if (int status = directories_.reserve(directory, Heap::Reserve::kLess); status < 0) {
    return status;
  }
  const int64_t inode = inodes_.allocate();
  if (inode < 0) return static_cast<int>(inode);
  InodeRecord* record = segment_.inode(static_cast<uint64_t>(inode));
  const HeapRef dentry =
      directories_.makeDentry(name, static_cast<uint64_t>(inode), direntType(birth.mode),
                              Heap::Reserve::kLess);
  uint32_t mode = 0;
  fillRecord(caller, record, directory, birth, &mode);
  record->parent = static_cast<uint32_t>(parent);
  record->dentry = dentry;
  bool fits = dentry != 0;
  if (fits && S_ISLNK(mode)) {
    record->content = heap_.allocate(birth.target.size());
    record->size = birth.target.size();
    fits = record->content != 0;
    if (fits) {
      ::memcpy(segment_.at<char>(static_cast<HeapRef>(record->content)), birth.target.data(),
               birth.target.size());
    }
  }
  int64_t handle = fits ? 0 : -ENOSPC;
  if (fits && birth.openFlags >= 0) {
    handle = openHandle(caller, static_cast<uint64_t>(inode), record, birth.openFlags, opened);
  }
  if (handle < 0) {
    if (S_ISLNK(mode)) heap_.free(static_cast<HeapRef>(record->content), birth.target.size());
    directories_.freeDentry(dentry);
    inodes_.free(static_cast<uint64_t>(inode));
    return static_cast<int>(handle);
  }
  Transaction tx(journal_);
  directories_.insert(tx, directory, dentry);
  tx.set32(&record->mode, mode);
  if (S_ISDIR(mode)) tx.set32(&directory->links, directory->links + 1);
  touch(tx, directory, true);
  tx.outcome(caller, inode);
  tx.commit();
  takeReference(caller, static_cast<uint64_t>(inode));
  const int status = describe(caller, static_cast<uint64_t>(inode), record, out, true);
  if (events_.wantsAny(kBirthEvents)) [[unlikely]] {
    announceBirth(caller, static_cast<uint64_t>(inode), record, birth.openFlags, opened);
  }
  locks.unlock();
  tellEntry(caller, parent, name);
  return status;
}

int Store::makeNode(const Caller& caller, uint64_t parent, std::string_view name, uint32_t mode,
                    uint64_t device, Attributes* out) {
  if ((mode & S_IFMT) == 0) mode |= S_IFREG;
  if (S_ISDIR(mode)) return -EPERM;
  if (!S_ISREG(mode) && !S_ISFIFO(mode) && !S_ISSOCK(mode) && !S_ISCHR(mode) && !S_ISBLK(mode)) {
    return -EINVAL;
  }
  Birth birth;
  birth.mode = mode & (S_IFMT | 07777);
  birth.device = device;
  return withRoom(caller, [&] { return makeInode(caller, parent, name, birth, out, nullptr); });
}

int Store::makeDirectory(const Caller& caller, uint64_t parent, std::string_view name,
                         uint32_t mode, Attributes* out) {
  Birth birth;
  birth.mode = S_IFDIR | (mode & 07777);
  return withRoom(caller, [&] { return makeInode(caller, parent, name, birth, out, nullptr); });
}

int Store::makeSymlink(const Caller& caller, uint64_t parent, std::string_view name,
                       std::string_view target, Attributes* out) {
  if (target.empty()) return -ENOENT;
  if (target.size() > kTargetMax) return -ENAMETOOLONG;
  Birth birth;
  birth.mode = S_IFLNK | 0777;
  birth.target = target;
  return withRoom(caller, [&] { return makeInode(caller, parent, name, birth, out, nullptr); });
}

int Store::link(const Caller& caller, uint64_t inode, uint64_t parent, std::string_view name,
                Attributes* out) {
  if (int status = checkName(name); status < 0) return status;
  const int result = withRoom(caller, [&]() -> int {
    LockSet locks(locks_);
    locks.exclusive(parent);
    locks.exclusive(inode);
    locks.lock();
    int error = 0;
    InodeRecord* directory = liveDirectory(parent, &error);
    if (directory == nullptr) return error;
    InodeRecord* record = inodes_.live(inode);
    if (record == nullptr) return -ESTALE;
    if (S_ISDIR(record->mode)) return -EPERM;
    const bool temporary = (record->flags & kInodeTemporary) != 0;
    if (record->links == 0 && !temporary) return -ENOENT;
    if (record->links >= kLinksMax) return -EMLINK;
    if (directories_.find(directory, name)) return -EEXIST;
    int status = directories_.reserve(directory, Heap::Reserve::kLess);
    if (status < 0) return status;
    const HeapRef dentry =
        directories_.makeDentry(name, inode, direntType(record->mode), Heap::Reserve::kLess);
    if (dentry == 0) return -ENOSPC;
    Transaction tx(journal_);
    directories_.insert(tx, directory, dentry);
    tx.set32(&record->links, record->links + 1);
    if (temporary) tx.set16(&record->flags, record->flags & ~kInodeTemporary);
    tx.set32(&record->parent, static_cast<uint32_t>(parent));
    tx.set32(&record->dentry, dentry);
    touch(tx, record, false);
    touch(tx, directory, true);
    tx.outcome(caller, static_cast<int64_t>(inode));
    tx.commit();
    if (events_.wants(EventKind::kCreated)) [[unlikely]] {
      announce(EventKind::kCreated, caller, inode, record);
    }
    takeReference(caller, inode);
    return describe(caller, inode, record, out);
  });
  if (result == 0) {
    tellEntry(caller, parent, name);
    tellInode(caller, inode, 0, 0);
  }
  return result;
}

int Store::lockEntry(LockSet& locks, uint64_t parent, std::string_view name,
                     InodeRecord** directory, Directory::Found* found) {
  uint64_t guess = parent;
  for (;;) {
    locks.exclusive(parent);
    locks.exclusive(guess);
    locks.lock();
    *directory = inodes_.live(parent);
    if (*directory == nullptr) return -ESTALE;
    if (!S_ISDIR((*directory)->mode)) return -ENOTDIR;
    *found = directories_.find(*directory, name);
    if (!*found || locks.tryExclusive(found->dentry->inode)) return 0;
    guess = found->dentry->inode;
    locks.unlock();
  }
}

int Store::remove(const Caller& caller, uint64_t parent, std::string_view name,
                  bool wantDirectory) {
  if (isClosed()) return -EIO;
  if (name.size() > 255) return -ENAMETOOLONG;
  if (wantDirectory && name == ".") return -EINVAL;
  if (name == "." || name == "..") return wantDirectory ? -ENOTEMPTY : -EISDIR;
  uint64_t inode = 0;
  {
    LockSet locks(locks_);
    InodeRecord* directory = nullptr;
    Directory::Found found;
    if (int status = lockEntry(locks, parent, name, &directory, &found); status < 0) return status;
    if (!found) return -ENOENT;
    inode = found.dentry->inode;
    InodeRecord* record = segment_.inode(inode);
    const bool isDirectory = S_ISDIR(record->mode);
    if (wantDirectory && !isDirectory) return -ENOTDIR;
    if (!wantDirectory && isDirectory) return -EISDIR;
    if (isDirectory && !directories_.empty(record)) return -ENOTEMPTY;
    const bool announced = events_.wants(EventKind::kRemoved);
    EventPath path(segment_, treeMutex_);
    if (announced) [[unlikely]] path.find(parent, name);
    const HeapRef dentry = found.slot->dentry;
    std::unique_lock tree(treeMutex_, std::defer_lock);
    if (isDirectory) tree.lock();
    Transaction tx(journal_);
    directories_.remove(tx, directory, found);
    tx.set32(&record->links, isDirectory ? 0 : record->links - 1);
    if (isDirectory) tx.set32(&directory->links, directory->links - 1);
    if (record->dentry == dentry) tx.set32(&record->dentry, 0);
    touch(tx, record, false);
    touch(tx, directory, true);
    tx.outcome(caller, 0);
    tx.commit();
    directories_.freeDentry(dentry);
    if (isDirectory) tree.unlock();
    directories_.shrink(directory);
    if (announced) [[unlikely]] announceRemoval(caller, inode, record, path);
    reclaimIfUnused(inode, record);
  }
  tellEntry(caller, parent, name);
  tellInode(caller, inode, 0, 0);
  return 0;
}

int Store::unlink(const Caller& caller, uint64_t parent, std::string_view name) {
  return remove(caller, parent, name, false);
}

int Store::removeDirectory(const Caller& caller, uint64_t parent, std::string_view name) {
  return remove(caller, parent, name, true);
}

ssize_t Store::readSymlink(const Caller&, uint64_t inode, char* target, size_t size) {
  if (isClosed()) return -EIO;
  LockSet locks(locks_);
  locks.shared(inode);
  locks.lock();
  InodeRecord* record = inodes_.live(inode);
  if (record == nullptr) return -ESTALE;
  if (!S_ISLNK(record->mode)) return -EINVAL;
  stampAccessed(record);
  const size_t length = std::min<size_t>(record->size, size);
  ::memcpy(target, segment_.at<char>(static_cast<HeapRef>(record->content)), length);
  return static_cast<ssize_t>(record->size);
}

}  // namespace ram
