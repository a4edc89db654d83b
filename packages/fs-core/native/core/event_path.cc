#include "event_path.h"

#include <cstring>

namespace ram {

bool EventPath::prepend(std::string_view name) {
  if (name.size() + 1 > start_) return false;
  start_ -= name.size();
  std::memcpy(bytes_ + start_, name.data(), name.size());
  bytes_[--start_] = '/';
  return true;
}

bool EventPath::climb(uint64_t directory) {
  std::shared_lock lock(tree_);
  bool fits = true;
  while (fits && directory != kRootInode) {
    const InodeRecord* record = segment_.inode(directory);
    if (record->dentry == 0) return false;
    const auto* dentry = segment_.at<Dentry>(record->dentry);
    fits = prepend({dentry->name, dentry->length});
    directory = record->parent;
  }
  return fits;
}

bool EventPath::find(uint64_t parent, std::string_view name) {
  start_ = kEventPathMax;
  if (prepend(name) && climb(parent)) return true;
  start_ = kEventPathMax;
  return false;
}

bool EventPath::find(uint64_t inode) {
  start_ = kEventPathMax;
  if (inode == kRootInode) {
    bytes_[--start_] = '/';
    return true;
  }
  const InodeRecord* record = segment_.inode(inode);
  if (record->dentry == 0) return false;
  const auto* dentry = segment_.at<Dentry>(record->dentry);
  return find(record->parent, {dentry->name, dentry->length});
}

}  // namespace ram
