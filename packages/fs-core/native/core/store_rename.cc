// rename(2) with its flags.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/stat.h>

#include "store.h"

namespace ram {
namespace {

constexpr uint32_t kRenameEvents = eventBit(EventKind::kRenamed) | eventBit(EventKind::kRemoved);

}  // namespace

struct Store::Move {
  uint64_t parent, newParent;
  std::string_view name, newName;
  InodeRecord* from = nullptr;  // the directories
  InodeRecord* to = nullptr;
  Directory::Found source, target;
  uint64_t inode = 0, replaced = 0;
  InodeRecord* record = nullptr;
  InodeRecord* replacedRecord = nullptr;

  bool isDirectory() const { return S_ISDIR(record->mode); }
  bool replacesDirectory() const { return replaced != 0 && S_ISDIR(replacedRecord->mode); }
};

// Locks both directories and both inodes. Which inodes is known only after a look at the
// directories, so a first guess may be wrong, and then all is taken anew in order.
int Store::lockMove(LockSet& locks, Move& move) {
  uint64_t guesses[2] = {move.parent, move.newParent};
  for (;;) {
    for (uint64_t inode : {move.parent, move.newParent, guesses[0], guesses[1]}) {
      locks.exclusive(inode);
    }
    locks.lock();
    int error = 0;
    move.from = liveDirectory(move.parent, &error);
    if (move.from == nullptr) return error;
    move.to = liveDirectory(move.newParent, &error);
    if (move.to == nullptr) return error;
    move.source = directories_.find(move.from, move.name);
    if (!move.source) return -ENOENT;
    if (move.newName.size() > 255) return -ENAMETOOLONG;
    move.target = directories_.find(move.to, move.newName);
    move.inode = move.source.dentry->inode;
    move.replaced = move.target ? move.target.dentry->inode : 0;
    const bool locked = locks.tryExclusive(move.inode) &&
                        (move.replaced == 0 || locks.tryExclusive(move.replaced));
    if (locked) {
      move.record = segment_.inode(move.inode);
      if (move.replaced != 0) move.replacedRecord = segment_.inode(move.replaced);
      return 0;
    }
    guesses[0] = move.inode;
    guesses[1] = move.replaced == 0 ? move.inode : move.replaced;
    locks.unlock();
  }
}

// Lock: renameMutex_, so that no directory changes its parent. `inode` is a live directory.
bool Store::isAncestor(uint64_t ancestor, uint64_t inode) const {
  while (inode != ancestor && inode != kRootInode) inode = segment_.inode(inode)->parent;
  return inode == ancestor;
}

int Store::checkMove(const Move& move, uint32_t flags) const {
  if (move.replaced != 0 && (flags & RENAME_NOREPLACE) != 0) return -EEXIST;
  if (move.replaced == 0 && (flags & RENAME_EXCHANGE) != 0) return -ENOENT;
  if (move.parent != move.newParent) {
    if (move.isDirectory() && isAncestor(move.inode, move.newParent)) return -EINVAL;
    if (move.replacesDirectory() && isAncestor(move.replaced, move.parent)) {
      return (flags & RENAME_EXCHANGE) != 0 ? -EINVAL : -ENOTEMPTY;
    }
  }
  if ((flags & RENAME_EXCHANGE) != 0) return 0;
  if (move.replaced == 0 || move.replaced == move.inode) return 0;
  if (move.replacesDirectory() && !move.isDirectory()) return -EISDIR;
  if (!move.replacesDirectory() && move.isDirectory()) return -ENOTDIR;
  if (move.replacesDirectory() && !directories_.empty(move.replacedRecord)) return -ENOTEMPTY;
  return 0;
}

int Store::commitMove(const Caller& caller, Move& move, uint32_t flags) {
  const bool exchange = (flags & RENAME_EXCHANGE) != 0;
  int64_t whiteout = 0;
  HeapRef dentry = 0;
  if ((flags & RENAME_WHITEOUT) != 0) {
    whiteout = inodes_.allocate();
    if (whiteout < 0) return static_cast<int>(whiteout);
  }
  if (move.replaced == 0) {
    // May move the table.
    int status = directories_.reserve(move.to, Heap::Reserve::kAll);
    if (status == 0) {
      dentry = directories_.makeDentry(move.newName, move.inode, direntType(move.record->mode),
                                       Heap::Reserve::kAll);
      if (dentry == 0) status = -ENOSPC;
    }
    if (status < 0) {
      if (whiteout != 0) inodes_.free(static_cast<uint64_t>(whiteout));
      return status;
    }
    move.source = directories_.find(move.from, move.name);
  }

  Transaction tx(journal_);
  HeapRef freed = 0;
  if (move.replaced == 0) {
    directories_.insert(tx, move.to, dentry);
  } else {
    directories_.replace(tx, move.target, move.inode, direntType(move.record->mode));
  }
  if (exchange) {
    directories_.replace(tx, move.source, move.replaced, direntType(move.replacedRecord->mode));
  } else if (whiteout != 0) {
    InodeRecord* record = segment_.inode(static_cast<uint64_t>(whiteout));
    Birth birth;
    birth.mode = S_IFCHR;
    uint32_t mode = 0;
    fillRecord(caller, record, move.from, birth, &mode);
    record->parent = static_cast<uint32_t>(move.parent);
    record->dentry = move.source.slot->dentry;
    tx.set32(&record->mode, mode);
    directories_.replace(tx, move.source, static_cast<uint64_t>(whiteout), DT_CHR);
  } else {
    freed = move.source.slot->dentry;
    directories_.remove(tx, move.from, move.source);
  }

  // A directory is counted by its parent; in an exchange two moves may cancel out.
  const bool leaves = move.isDirectory() && move.parent != move.newParent;
  const bool returns = exchange && move.replacesDirectory() && move.parent != move.newParent;
  if (leaves) {
    tx.set32(&move.from->links, tx.get32(&move.from->links) - 1);
    tx.set32(&move.to->links, tx.get32(&move.to->links) + 1);
  }
  if (returns) {
    tx.set32(&move.to->links, tx.get32(&move.to->links) - 1);
    tx.set32(&move.from->links, tx.get32(&move.from->links) + 1);
  }
  // INVARIANT (walk.cc): `dentry` is 0, or in `parent` and names the inode.
  tx.set32(&move.record->parent, static_cast<uint32_t>(move.newParent));
  tx.set32(&move.record->dentry, move.replaced == 0 ? dentry : move.target.slot->dentry);
  if (exchange) {
    tx.set32(&move.replacedRecord->parent, static_cast<uint32_t>(move.parent));
    tx.set32(&move.replacedRecord->dentry, move.source.slot->dentry);
  } else if (move.replaced != 0 && move.replacedRecord->dentry == move.target.slot->dentry) {
    tx.set32(&move.replacedRecord->dentry, 0);
  }
  if (!exchange && move.replaced != 0) {
    const bool directory = move.replacesDirectory();
    tx.set32(&move.replacedRecord->links, directory ? 0 : move.replacedRecord->links - 1);
    if (directory) tx.set32(&move.to->links, tx.get32(&move.to->links) - 1);
  }
  touch(tx, move.record, false);
  if (move.replaced != 0) touch(tx, move.replacedRecord, false);
  touch(tx, move.from, true);
  touch(tx, move.to, true);
  tx.outcome(caller, 0);
  const bool announced = events_.wantsAny(kRenameEvents);
  EventPath from(segment_, treeMutex_);
  EventPath to(segment_, treeMutex_);
  if (announced) [[unlikely]] from.find(move.parent, move.name);
  if (announced) [[unlikely]] to.find(move.newParent, move.newName);
  std::unique_lock tree(treeMutex_, std::defer_lock);
  if (move.isDirectory() || move.replacesDirectory()) tree.lock();
  tx.commit();
  directories_.freeDentry(freed);
  if (tree.owns_lock()) tree.unlock();
  if (freed != 0) directories_.shrink(move.from);
  if (announced) [[unlikely]] announceMove(caller, move, flags, from, to);
  if (!exchange && move.replaced != 0) reclaimIfUnused(move.replaced, move.replacedRecord);
  return 0;
}

// Locks: as commitMove(). A file that is replaced is removed first.
void Store::announceMove(const Caller& caller, const Move& move, uint32_t flags,
                         const EventPath& from, const EventPath& to) {
  const bool exchange = (flags & RENAME_EXCHANGE) != 0;
  if (!exchange && move.replaced != 0) {
    announceRemoval(caller, move.replaced, move.replacedRecord, to);
  }
  announceRename(caller, move.inode, move.record, from, to);
  if (exchange) announceRename(caller, move.replaced, move.replacedRecord, to, from);
}

int Store::rename(const Caller& caller, uint64_t parent, std::string_view name, uint64_t newParent,
                  std::string_view newName, uint32_t flags) {
  constexpr uint32_t kKnown = RENAME_NOREPLACE | RENAME_EXCHANGE | RENAME_WHITEOUT;
  if ((flags & ~kKnown) != 0) return -EINVAL;
  if ((flags & RENAME_EXCHANGE) != 0 && flags != RENAME_EXCHANGE) return -EINVAL;
  if (name == "." || name == ".." || newName == "." || newName == "..") return -EBUSY;
  if (name.size() > 255) return -ENAMETOOLONG;
  // A name too long is found out after a source that is missing, as the kernel does it.
  if (int status = checkName(newName); status < 0 && status != -ENAMETOOLONG) return status;
  uint64_t replaced = 0;
  uint64_t moved = 0;
  const int result = withRoom(caller, [&]() -> int {
    // Within one directory nothing changes its parent, so nothing needs the mutex.
    std::unique_lock<std::mutex> order(renameMutex_, std::defer_lock);
    if (parent != newParent) order.lock();
    LockSet locks(locks_);
    Move move{parent, newParent, name, newName, {}, {}, {}, {}, 0, 0, {}, {}};
    if (int status = lockMove(locks, move); status < 0) return status;
    if (int status = checkMove(move, flags); status < 0) return status;
    replaced = move.replaced;
    moved = move.inode;
    // Two names of one inode: POSIX wants nothing to happen.
    if (move.inode == move.replaced) return 0;
    return commitMove(caller, move, flags);
  });
  if (result == 0) {
    tellEntry(caller, parent, name);
    tellEntry(caller, newParent, newName);
    tellInode(caller, moved, 0, 0);
    if (replaced != 0) tellInode(caller, replaced, 0, 0);
  }
  return result;
}

}  // namespace ram
