// Reading directories.
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "content_parts.h"
#include "store.h"

namespace ram {

// Entries are copied while the directory is locked and handed out when it no longer is, so that a
// visitor may take its time and the directory may change meanwhile.
struct Store::Batch {
  static constexpr uint32_t kEntries = 64;
  struct Entry {
    uint64_t inode;
    uint64_t cookie;
    uint8_t type;
    uint8_t length;
    bool described;  // attributes are there and a kernel reference is held
    char name[255];
    Attributes attributes;
  };
  Entry entries[kEntries];
  uint32_t count = 0;
  bool atEnd = false;

  void add(uint64_t inode, uint64_t cookie, uint8_t type, std::string_view name) {
    Entry& entry = entries[count++];
    entry.inode = inode;
    entry.cookie = cookie;
    entry.type = type;
    entry.described = false;
    entry.length = static_cast<uint8_t>(name.size());
    ::memcpy(entry.name, name.data(), name.size());
  }
};

int Store::fillBatch(const Caller& caller, uint64_t inode, uint64_t cookie, bool plus,
                     Batch* batch) {
  LockSet locks(locks_);
  locks.shared(inode);
  locks.lock();
  InodeRecord* directory = inodes_.live(inode);
  if (directory == nullptr) return -ESTALE;
  if (!S_ISDIR(directory->mode)) return -ENOTDIR;
  stampAccessed(directory);
  batch->count = 0;
  batch->atEnd = false;
  if (directory->links == 0) {  // removed while open: not even "." is left
    batch->atEnd = true;
    return 0;
  }
  if (cookie < 1) batch->add(inode, 1, DT_DIR, ".");
  if (cookie < 2) batch->add(directory->parent, 2, DT_DIR, "..");
  const DirectorySlot* end = directories_.end(directory);
  const DirectorySlot* slot = directories_.seek(directory, std::max(cookie, kFirstCookie - 1));
  for (; slot != end && batch->count < Batch::kEntries; ++slot) {
    const Dentry* dentry = directories_.dentryOf(slot);
    if (dentry == nullptr) continue;
    batch->add(dentry->inode, slot->cookie, dentry->type, {dentry->name, dentry->length});
    if (!plus) continue;
    // The child's lock may come before the directory's in the order, so it is only tried; an
    // entry without attributes makes the kernel look it up later.
    Batch::Entry& entry = batch->entries[batch->count - 1];
    std::shared_mutex& mutex = locks_.at(InodeLocks::stripe(dentry->inode));
    const bool held = InodeLocks::stripe(dentry->inode) == InodeLocks::stripe(inode);
    if (!held && !mutex.try_lock_shared()) continue;
    entry.described =
        describe(caller, dentry->inode, segment_.inode(dentry->inode), &entry.attributes) == 0;
    if (entry.described) takeReference(caller, dentry->inode);
    if (!held) mutex.unlock_shared();
  }
  batch->atEnd = slot == end;
  return 0;
}

int Store::readDirectory(const Caller& caller, uint64_t inode, uint64_t cookie, bool plus,
                         DirectoryVisitor* visitor) {
  if (isClosed()) return -EIO;
  Batch batch;
  for (;;) {
    if (int status = fillBatch(caller, inode, cookie, plus, &batch); status < 0) return status;
    bool wanted = true;
    for (uint32_t i = 0; i < batch.count; ++i) {
      const Batch::Entry& entry = batch.entries[i];
      if (wanted) {
        wanted = visitor->visit({{entry.name, entry.length},
                                 entry.inode,
                                 entry.cookie,
                                 entry.type,
                                 entry.described ? &entry.attributes : nullptr});
      }
      if (wanted) cookie = entry.cookie;
      if (!wanted && entry.described && caller.mount != 0) forget(caller, entry.inode, 1);
    }
    if (!wanted || batch.atEnd) return 0;
  }
}

int Store::openDirectory(const Caller& caller, uint64_t inode, OpenResult* out) {
  if (isClosed()) return -EIO;
  LockSet locks(locks_);
  locks.shared(inode);
  locks.lock();
  InodeRecord* record = inodes_.live(inode);
  if (record == nullptr) return -ESTALE;
  if (!S_ISDIR(record->mode)) return -ENOTDIR;
  const int64_t handle = openHandle(caller, inode, record, 0, out);
  return handle < 0 ? static_cast<int>(handle) : 0;
}

}  // namespace ram
