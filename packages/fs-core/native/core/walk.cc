#include "walk.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

namespace ram {

Walk::Walk(Segment& segment, InodeTable& inodes, Heap& heap, Directory& directories,
           Content& contents, Xattrs& xattrs, char* report, size_t reportSize)
    : segment_(segment),
      inodes_(inodes),
      heap_(heap),
      directories_(directories),
      contents_(contents),
      xattrs_(xattrs),
      report_(report),
      reportSize_(reportSize) {}

int Walk::broken(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  if (reportSize_ > 0) ::vsnprintf(report_, reportSize_, format, arguments);
  va_end(arguments);
  return -EUCLEAN;
}

template <class F>
int Walk::eachEntry(uint64_t inode, const InodeRecord* record, F visit) {
  const DirectorySlot* end = directories_.end(record);
  for (const DirectorySlot* slot = directories_.seek(record, 0); slot != end; ++slot) {
    const Dentry* dentry = directories_.dentryOf(slot);
    if (dentry == nullptr) continue;
    if (int status = visit(inode, dentry); status < 0) return status;
  }
  return 0;
}

int Walk::mark() {
  for (uint64_t inode = 1; inode < inodes_.highWater(); ++inode) {
    const InodeRecord* record = inodes_.live(inode);
    if (record == nullptr) continue;
    bool sound = xattrs_.mark(record);
    if (S_ISDIR(record->mode)) {
      sound = sound && directories_.mark(record);
    } else if (S_ISREG(record->mode)) {
      sound = sound && contents_.mark(inode, record);
    } else if (S_ISLNK(record->mode)) {
      const auto target = static_cast<HeapRef>(record->content);
      sound = sound && segment_.inHeap(target) && heap_.mark(target, record->size);
    }
    if (!sound) return broken("inode %" PRIu64 ": impossible contents", inode);
  }
  return 0;
}

int Walk::countNames() {
  for (uint64_t inode = 1; inode < inodes_.highWater(); ++inode) {
    const InodeRecord* record = inodes_.live(inode);
    if (record == nullptr || !S_ISDIR(record->mode)) continue;
    const int status = eachEntry(inode, record, [this](uint64_t parent, const Dentry* dentry) {
      const InodeRecord* child = inodes_.live(dentry->inode);
      if (child == nullptr) {
        return broken("inode %" PRIu64 ": the name %.*s has no inode", parent, dentry->length,
                      dentry->name);
      }
      if (IFTODT(child->mode) != dentry->type) {
        return broken("inode %u: its name has another type", dentry->inode);
      }
      ++names_[dentry->inode];
      if (segment_.at<Dentry>(child->dentry) == dentry) {
        known_[dentry->inode] = true;
        if (child->parent != parent) return broken("inode %u: wrong parent", dentry->inode);
      }
      if (S_ISDIR(child->mode)) ++subdirectories_[parent];
      return 0;
    });
    if (status < 0) return status;
  }
  return 0;
}

int Walk::compareLinks() {
  for (uint64_t inode = 1; inode < inodes_.highWater(); ++inode) {
    const InodeRecord* record = inodes_.live(inode);
    if (record == nullptr) continue;
    const uint32_t names = names_[inode];
    uint32_t links = names;
    if (S_ISDIR(record->mode)) {
      const bool placed = names == 1 || inode == kRootInode;
      links = placed ? 2 + subdirectories_[inode] : 0;
      if (names > 1) return broken("inode %" PRIu64 ": a directory with two names", inode);
      if (names == 1 && !known_[inode]) {
        return broken("inode %" PRIu64 ": a directory that does not know its name", inode);
      }
    }
    if (record->dentry != 0 && !known_[inode]) {
      return broken("inode %" PRIu64 ": knows a name that is not there", inode);
    }
    if (record->links != links) {
      return broken("inode %" PRIu64 ": %u links, should be %u", inode, record->links, links);
    }
    if (links == 0) nameless_.push_back(inode);
  }
  return 0;
}

int Walk::reachAll() {
  std::vector<bool> seen(names_.size());
  std::vector<uint64_t> directories{kRootInode};
  seen[kRootInode] = true;
  while (!directories.empty()) {
    const uint64_t inode = directories.back();
    directories.pop_back();
    eachEntry(inode, segment_.inode(inode), [&](uint64_t, const Dentry* dentry) {
      if (dentry->type == IFTODT(S_IFDIR) && !seen[dentry->inode]) {
        directories.push_back(dentry->inode);
      }
      seen[dentry->inode] = true;
      return 0;
    });
  }
  for (uint64_t inode = 1; inode < names_.size(); ++inode) {
    const InodeRecord* record = inodes_.live(inode);
    if (record != nullptr && record->links != 0 && !seen[inode]) {
      return broken("inode %" PRIu64 ": not reached from the root", inode);
    }
  }
  return 0;
}

int Walk::run() {
  names_.assign(inodes_.highWater(), 0);
  known_.assign(inodes_.highWater(), false);
  subdirectories_.assign(inodes_.highWater(), 0);
  const InodeRecord* root = inodes_.live(kRootInode);
  if (root == nullptr || !S_ISDIR(root->mode)) return broken("there is no root directory");
  if (int status = mark(); status < 0) return status;
  if (int status = countNames(); status < 0) return status;
  if (int status = compareLinks(); status < 0) return status;
  return reachAll();
}

}  // namespace ram
