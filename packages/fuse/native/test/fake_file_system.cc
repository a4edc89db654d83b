#include "fake_file_system.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <time.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

namespace ram::fuse {
namespace {

Timestamp now() {
  timespec time;
  clock_gettime(CLOCK_REALTIME, &time);
  return {time.tv_sec, static_cast<uint32_t>(time.tv_nsec)};
}

constexpr uint64_t kSizeMax = 64 << 20;  // bytes of one file

bool fits(uint64_t offset, uint64_t length) {
  return offset <= kSizeMax && length <= kSizeMax - offset;
}

bool isDirectory(const Attributes& attributes) { return S_ISDIR(attributes.mode); }

void killPrivileges(Attributes& attributes) {
  attributes.mode &= ~uint32_t{S_ISUID};
  if (attributes.mode & S_IXGRP) attributes.mode &= ~uint32_t{S_ISGID};
}

}  // namespace

FakeFileSystem::FakeFileSystem() {
  auto root = std::make_unique<Node>();
  root->attributes.inode = nextInode_++;
  root->attributes.mode = S_IFDIR | 0755;
  root->attributes.links = 2;
  root->attributes.blockSize = 4096;
  root->parent = kRootInode;
  root->references = 1;
  touch(*root);
  nodes_[kRootInode] = std::move(root);
}

uint64_t FakeFileSystem::kernelReferences(uint64_t inode) {
  std::lock_guard lock(mutex_);
  Node* node = find(inode);
  return node == nullptr ? 0 : node->references;
}

size_t FakeFileSystem::openHandles() {
  std::lock_guard lock(mutex_);
  size_t sum = 0;
  for (auto& [inode, node] : nodes_) sum += node->opens;
  return sum;
}

uint64_t FakeFileSystem::inodeCount() {
  std::lock_guard lock(mutex_);
  return nodes_.size();
}

int FakeFileSystem::attach(Observer* observer) {
  std::lock_guard lock(mutex_);
  observers_.push_back(observer);
  return static_cast<int>(observers_.size()) - 1;
}

void FakeFileSystem::detach(uint32_t mount) {
  std::lock_guard lock(mutex_);
  observers_[mount] = nullptr;
}

int FakeFileSystem::recordInit(uint32_t, const void* reply, size_t length) {
  recordedInit.assign(static_cast<const char*>(reply), length);
  return 0;
}

FakeFileSystem::Node* FakeFileSystem::find(uint64_t inode) {
  auto found = nodes_.find(inode);
  return found == nodes_.end() ? nullptr : found->second.get();
}

// *entry is null when there is no such name.
int FakeFileSystem::findIn(uint64_t parent, std::string_view name, Node** directory,
                           Entry** entry) {
  *directory = find(parent);
  if (*directory == nullptr) return -ENOENT;
  if (!isDirectory((*directory)->attributes)) return -ENOTDIR;
  auto found = (*directory)->entries.find(name);
  *entry = found == (*directory)->entries.end() ? nullptr : &found->second;
  return 0;
}

void FakeFileSystem::touch(Node& node) {
  node.attributes.modified = node.attributes.changed = now();
  if (node.attributes.born.seconds == 0) {
    node.attributes.born = node.attributes.accessed = node.attributes.changed;
  }
}

void FakeFileSystem::resize(Node& node, uint64_t size) {
  node.content.resize(size);
  node.attributes.size = size;
  node.attributes.blocks = (size + 511) / 512;
}

FakeFileSystem::Node& FakeFileSystem::make(const Caller& caller, Node& directory,
                                           std::string_view name, uint32_t mode) {
  auto node = std::make_unique<Node>();
  Attributes& attributes = node->attributes;
  attributes.inode = nextInode_++;
  attributes.uid = caller.uid;
  attributes.gid = caller.gid;
  if (directory.attributes.mode & S_ISGID) {
    attributes.gid = directory.attributes.gid;
    if (S_ISDIR(mode)) mode |= S_ISGID;
  }
  attributes.mode = mode;
  attributes.links = S_ISDIR(mode) ? 2 : 1;
  attributes.blockSize = 4096;
  node->parent = directory.attributes.inode;
  touch(*node);
  Node& made = *node;
  nodes_[attributes.inode] = std::move(node);
  if (!name.empty()) {
    directory.entries[std::string(name)] = {made.attributes.inode, nextCookie_++};
    if (S_ISDIR(mode)) directory.attributes.links++;
    touch(directory);
  }
  return made;
}

int FakeFileSystem::give(const Caller& caller, Node& node, Attributes* out) {
  if (caller.mount != 0) node.references++;
  *out = node.attributes;
  return 0;
}

void FakeFileSystem::dropIfUnused(Node& node) {
  if (node.references == 0 && node.opens == 0 && node.attributes.links == 0) {
    nodes_.erase(node.attributes.inode);
  }
}

void FakeFileSystem::unlinkNode(Node& node) {
  node.attributes.links = isDirectory(node.attributes) ? 0 : node.attributes.links - 1;
  node.attributes.changed = now();
  dropIfUnused(node);
}

void FakeFileSystem::changed(std::unique_lock<std::mutex>& lock, const Caller& caller,
                             uint64_t inode, uint64_t offset, uint64_t length) {
  auto observers = observers_;
  lock.unlock();
  for (size_t mount = 1; mount < observers.size(); mount++) {
    if (observers[mount] != nullptr && mount != caller.mount) {
      observers[mount]->inodeChanged(caller, inode, offset, length);
    }
  }
}

void FakeFileSystem::renamed(std::unique_lock<std::mutex>& lock, const Caller& caller,
                             uint64_t parent, std::string_view name) {
  auto observers = observers_;
  lock.unlock();
  for (size_t mount = 1; mount < observers.size(); mount++) {
    if (observers[mount] != nullptr && mount != caller.mount) {
      observers[mount]->entryChanged(caller, parent, name);
    }
  }
}

int FakeFileSystem::lookup(const Caller& caller, uint64_t parent, std::string_view name,
                           Attributes* out) {
  std::lock_guard lock(mutex_);
  Node* directory;
  Entry* entry;
  if (int error = findIn(parent, name, &directory, &entry)) return error;
  return entry == nullptr ? -ENOENT : give(caller, *find(entry->inode), out);
}

void FakeFileSystem::forget(const Caller&, uint64_t inode, uint64_t count) {
  std::lock_guard lock(mutex_);
  Node* node = find(inode);
  if (node == nullptr || inode == kRootInode) return;
  node->references -= std::min(node->references, count);
  dropIfUnused(*node);
}

int FakeFileSystem::makeNamed(const Caller& caller, uint64_t parent, std::string_view name,
                              uint32_t mode, Attributes* out) {
  std::unique_lock lock(mutex_);
  Node* directory;
  Entry* entry;
  if (int error = findIn(parent, name, &directory, &entry)) return error;
  if (entry != nullptr) return -EEXIST;
  if (nodes_.size() >= inodesMax) return -ENOSPC;
  give(caller, make(caller, *directory, name, mode), out);
  renamed(lock, caller, parent, name);
  return 0;
}

int FakeFileSystem::makeNode(const Caller& caller, uint64_t parent, std::string_view name,
                             uint32_t mode, uint64_t device, Attributes* out) {
  if ((mode & S_IFMT) == 0) mode |= S_IFREG;
  constexpr uint32_t kTypes[] = {S_IFREG, S_IFIFO, S_IFSOCK, S_IFCHR, S_IFBLK};
  if (std::ranges::find(kTypes, mode & S_IFMT) == std::end(kTypes)) return -EINVAL;
  int error = makeNamed(caller, parent, name, mode, out);
  if (error < 0) return error;
  std::lock_guard lock(mutex_);
  out->device = find(out->inode)->attributes.device = device;
  return 0;
}

int FakeFileSystem::makeDirectory(const Caller& caller, uint64_t parent, std::string_view name,
                                  uint32_t mode, Attributes* out) {
  return makeNamed(caller, parent, name, S_IFDIR | (mode & 07777), out);
}

int FakeFileSystem::makeSymlink(const Caller& caller, uint64_t parent, std::string_view name,
                                std::string_view target, Attributes* out) {
  int error = makeNamed(caller, parent, name, S_IFLNK | 0777, out);
  if (error < 0) return error;
  std::lock_guard lock(mutex_);
  Node& node = *find(out->inode);
  node.content = target;
  node.attributes.size = target.size();
  *out = node.attributes;
  return 0;
}

int FakeFileSystem::link(const Caller& caller, uint64_t inode, uint64_t parent,
                         std::string_view name, Attributes* out) {
  std::unique_lock lock(mutex_);
  Node* directory;
  Entry* entry;
  if (int error = findIn(parent, name, &directory, &entry)) return error;
  Node* node = find(inode);
  if (entry != nullptr) return -EEXIST;
  if (node == nullptr) return -ENOENT;
  directory->entries[std::string(name)] = {inode, nextCookie_++};
  node->attributes.links++;
  node->attributes.changed = now();
  touch(*directory);
  give(caller, *node, out);
  renamed(lock, caller, parent, name);
  return 0;
}

int FakeFileSystem::unlink(const Caller& caller, uint64_t parent, std::string_view name) {
  std::unique_lock lock(mutex_);
  Node* directory;
  Entry* entry;
  if (int error = findIn(parent, name, &directory, &entry)) return error;
  if (entry == nullptr) return -ENOENT;
  Node& node = *find(entry->inode);
  if (isDirectory(node.attributes)) return -EISDIR;
  directory->entries.erase(directory->entries.find(name));
  touch(*directory);
  unlinkNode(node);
  renamed(lock, caller, parent, name);
  return 0;
}

int FakeFileSystem::removeDirectory(const Caller& caller, uint64_t parent,
                                    std::string_view name) {
  std::unique_lock lock(mutex_);
  Node* directory;
  Entry* entry;
  if (int error = findIn(parent, name, &directory, &entry)) return error;
  if (entry == nullptr) return -ENOENT;
  Node& node = *find(entry->inode);
  if (!isDirectory(node.attributes)) return -ENOTDIR;
  if (!node.entries.empty()) return -ENOTEMPTY;
  directory->entries.erase(directory->entries.find(name));
  directory->attributes.links--;
  touch(*directory);
  unlinkNode(node);
  renamed(lock, caller, parent, name);
  return 0;
}

int FakeFileSystem::rename(const Caller& caller, uint64_t parent, std::string_view name,
                           uint64_t newParent, std::string_view newName, uint32_t flags) {
  std::unique_lock lock(mutex_);
  Node *from, *to;
  Entry *source, *target;
  if (int error = findIn(parent, name, &from, &source)) return error;
  if (int error = findIn(newParent, newName, &to, &target)) return error;
  if (source == nullptr) return -ENOENT;
  if (flags & ~uint32_t{RENAME_NOREPLACE | RENAME_EXCHANGE}) return -EINVAL;
  Node& node = *find(source->inode);
  Node* old = target == nullptr ? nullptr : find(target->inode);
  if ((flags & RENAME_EXCHANGE) && old == nullptr) return -ENOENT;
  if ((flags & RENAME_NOREPLACE) && old != nullptr) return -EEXIST;
  if (flags & RENAME_EXCHANGE) {
    std::swap(source->inode, target->inode);
  } else if (old != &node) {
    bool moved = isDirectory(node.attributes);
    if (old != nullptr && isDirectory(old->attributes) != moved) return moved ? -ENOTDIR : -EISDIR;
    if (old != nullptr && !old->entries.empty()) return -ENOTEMPTY;
    uint64_t inode = source->inode;
    from->entries.erase(from->entries.find(name));
    to->entries[std::string(newName)] = {inode, nextCookie_++};
    node.parent = newParent;
    if (moved) from->attributes.links--;
    if (moved && (old == nullptr || from != to)) to->attributes.links++;
    if (old != nullptr) unlinkNode(*old);
  }
  node.attributes.changed = now();
  touch(*from);
  touch(*to);
  renamed(lock, caller, parent, name);
  lock.lock();
  renamed(lock, caller, newParent, newName);
  return 0;
}

ssize_t FakeFileSystem::readSymlink(const Caller&, uint64_t inode, char* target, size_t size) {
  std::lock_guard lock(mutex_);
  Node* node = find(inode);
  if (node == nullptr || !S_ISLNK(node->attributes.mode)) return -EINVAL;
  std::memcpy(target, node->content.data(), std::min(size, node->content.size()));
  return static_cast<ssize_t>(node->content.size());
}

int FakeFileSystem::getAttributes(const Caller&, uint64_t inode, Attributes* out) {
  std::lock_guard lock(mutex_);
  Node* node = find(inode);
  if (node == nullptr) return -ENOENT;
  *out = node->attributes;
  return 0;
}

int FakeFileSystem::setAttributes(const Caller& caller, uint64_t inode,
                                  const SetAttributes& change, Attributes* out) {
  std::unique_lock lock(mutex_);
  Node* node = find(inode);
  if (node == nullptr) return -ENOENT;
  if ((change.fields & kSetSize) && !S_ISREG(node->attributes.mode)) return -EINVAL;
  if ((change.fields & kSetSize) && !fits(0, change.size)) return -EFBIG;
  Attributes& own = node->attributes;
  own.changed = now();
  if (change.fields & kSetMode) own.mode = (own.mode & S_IFMT) | change.mode;
  if (change.fields & kSetUid) own.uid = change.uid;
  if (change.fields & kSetGid) own.gid = change.gid;
  if (change.fields & kSetSize) {
    resize(*node, change.size);
    own.modified = own.changed;
  }
  if (change.fields & kSetAccessed) own.accessed = change.accessed;
  if (change.fields & kSetModified) own.modified = change.modified;
  if (change.fields & kSetAccessedNow) own.accessed = own.changed;
  if (change.fields & kSetModifiedNow) own.modified = own.changed;
  if (change.fields & kKillPrivileges) {
    killPrivileges(own);
    node->xattrs.erase("security.capability");
  }
  *out = own;
  bool cut = (change.fields & kSetSize) != 0;
  changed(lock, caller, inode, cut ? change.size : 0, cut ? UINT64_MAX : 0);
  return 0;
}

int FakeFileSystem::access(const Caller& caller, uint64_t inode, uint32_t mask) {
  std::lock_guard lock(mutex_);
  Node* node = find(inode);
  if (node == nullptr) return -ENOENT;
  if (caller.uid == 0) return 0;
  uint32_t bits = node->attributes.mode;
  if (caller.uid == node->attributes.uid) {
    bits >>= 6;
  } else if (caller.gid == node->attributes.gid) {
    bits >>= 3;
  }
  return (bits & mask & 7) == mask ? 0 : -EACCES;
}

ssize_t FakeFileSystem::getXattr(const Caller&, uint64_t inode, std::string_view name,
                                 void* value, size_t size) {
  std::lock_guard lock(mutex_);
  Node* node = find(inode);
  if (node == nullptr) return -ENOENT;
  auto found = node->xattrs.find(name);
  if (found == node->xattrs.end()) return -ENODATA;
  size_t length = found->second.size();
  if (size == 0) return static_cast<ssize_t>(length);
  if (size < length) return -ERANGE;
  std::memcpy(value, found->second.data(), length);
  return static_cast<ssize_t>(length);
}

int FakeFileSystem::setXattr(const Caller& caller, uint64_t inode, std::string_view name,
                             const void* value, size_t size, int flags) {
  std::unique_lock lock(mutex_);
  Node* node = find(inode);
  if (node == nullptr) return -ENOENT;
  bool exists = node->xattrs.contains(name);
  if (exists && (flags & XATTR_CREATE)) return -EEXIST;
  if (!exists && (flags & XATTR_REPLACE)) return -ENODATA;
  node->xattrs[std::string(name)].assign(static_cast<const char*>(value), size);
  node->attributes.changed = now();
  changed(lock, caller, inode, 0, 0);
  return 0;
}

ssize_t FakeFileSystem::listXattr(const Caller&, uint64_t inode, char* names, size_t size) {
  std::lock_guard lock(mutex_);
  Node* node = find(inode);
  if (node == nullptr) return -ENOENT;
  std::string all;
  for (auto& [name, value] : node->xattrs) all += name + '\0';
  if (size != 0 && size < all.size()) return -ERANGE;
  if (size != 0) std::memcpy(names, all.data(), all.size());
  return static_cast<ssize_t>(all.size());
}

int FakeFileSystem::removeXattr(const Caller& caller, uint64_t inode, std::string_view name) {
  std::unique_lock lock(mutex_);
  Node* node = find(inode);
  if (node == nullptr) return -ENOENT;
  auto found = node->xattrs.find(name);
  if (found == node->xattrs.end()) return -ENODATA;
  node->xattrs.erase(found);
  changed(lock, caller, inode, 0, 0);
  return 0;
}

int FakeFileSystem::statistics(FileSystemStats* out) {
  std::lock_guard lock(mutex_);
  *out = {4096, 262144, 131072, 100000, 100000 - nodes_.size(), 255};
  return 0;
}

int FakeFileSystem::open(const Caller& caller, uint64_t inode, int flags, uint32_t writeFlags,
                         OpenResult* out) {
  std::unique_lock lock(mutex_);
  Node* node = find(inode);
  if (node == nullptr) return -ENOENT;
  if ((flags & O_TRUNC) != 0 && !S_ISREG(node->attributes.mode)) return -EINVAL;
  node->opens++;
  lastOpenFlags = flags;
  *out = {inode, hasViews};
  if ((flags & O_TRUNC) == 0) return 0;
  resize(*node, 0);
  touch(*node);
  if (writeFlags & kWriteKillPrivileges) killPrivileges(node->attributes);
  changed(lock, caller, inode, 0, UINT64_MAX);
  return 0;
}

int FakeFileSystem::create(const Caller& caller, uint64_t parent, std::string_view name,
                           uint32_t mode, int flags, Attributes* out, OpenResult* opened) {
  int error = makeNode(caller, parent, name, S_IFREG | (mode & 07777), 0, out);
  if (error == -EEXIST && (flags & O_EXCL) == 0) error = lookup(caller, parent, name, out);
  return error < 0 ? error : open(caller, out->inode, flags, 0, opened);
}

int FakeFileSystem::makeTemporary(const Caller& caller, uint64_t parent, uint32_t mode, int flags,
                                  Attributes* out, OpenResult* opened) {
  std::unique_lock lock(mutex_);
  Node* directory = find(parent);
  if (directory == nullptr) return -ENOENT;
  Node& node = make(caller, *directory, {}, S_IFREG | (mode & 07777));
  node.attributes.links = 0;
  give(caller, node, out);
  lock.unlock();
  return open(caller, out->inode, flags, 0, opened);
}

void FakeFileSystem::close(const Caller&, uint64_t inode, uint64_t) {
  std::lock_guard lock(mutex_);
  Node* node = find(inode);
  if (node == nullptr || node->opens == 0) return;
  node->opens--;
  dropIfUnused(*node);
}

ssize_t FakeFileSystem::read(const Caller&, uint64_t inode, uint64_t, uint64_t offset, void* data,
                             size_t length) {
  std::lock_guard lock(mutex_);
  Node* node = find(inode);
  if (node == nullptr) return -ENOENT;
  if (offset >= node->content.size()) return 0;
  size_t bytes = std::min<size_t>(length, node->content.size() - offset);
  std::memcpy(data, node->content.data() + offset, bytes);
  return static_cast<ssize_t>(bytes);
}

int FakeFileSystem::write(const Caller& caller, uint64_t inode, uint64_t, uint64_t offset,
                          const void* data, size_t length, uint32_t flags, WriteResult* out) {
  std::unique_lock lock(mutex_);
  Node* node = find(inode);
  if (node == nullptr) return -ENOENT;
  if (flags & kWriteAppend) offset = node->content.size();
  if (!fits(offset, length)) return -EFBIG;
  if (offset >= sizeMax && length > 0) return -ENOSPC;
  length = std::min<uint64_t>(length, sizeMax - offset);
  if (offset + length > node->content.size()) resize(*node, offset + length);
  std::memcpy(node->content.data() + offset, data, length);
  if (flags & kWriteKillPrivileges) killPrivileges(node->attributes);
  touch(*node);
  *out = {offset, length};
  changed(lock, caller, inode, offset, length);
  return 0;
}

int FakeFileSystem::allocate(const Caller& caller, uint64_t inode, uint64_t, uint64_t offset,
                             uint64_t length, int mode) {
  std::unique_lock lock(mutex_);
  Node* node = find(inode);
  if (node == nullptr) return -ENOENT;
  if (!fits(offset, length)) return -EFBIG;
  constexpr int kKnown = FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE;
  if (mode & ~kKnown) return -EOPNOTSUPP;
  uint64_t end = offset + length, size = node->content.size();
  if (mode & (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE)) {
    uint64_t stop = std::min(end, size);
    if (offset < stop) std::memset(node->content.data() + offset, 0, stop - offset);
  }
  if (!(mode & FALLOC_FL_KEEP_SIZE) && end > size) resize(*node, end);
  touch(*node);
  changed(lock, caller, inode, offset, length);
  return 0;
}

int64_t FakeFileSystem::seek(const Caller&, uint64_t inode, uint64_t, uint64_t offset,
                             int whence) {
  std::lock_guard lock(mutex_);
  Node* node = find(inode);
  if (node == nullptr) return -ENOENT;
  if (offset >= node->content.size()) return -ENXIO;
  return static_cast<int64_t>(whence == SEEK_DATA ? offset : node->content.size());
}

ssize_t FakeFileSystem::copyRange(const Caller& caller, uint64_t fromInode, uint64_t fromOffset,
                                  uint64_t toInode, uint64_t toOffset, size_t length, uint64_t) {
  std::string bytes(std::min<size_t>(length, 1 << 24), '\0');
  ssize_t count = read(caller, fromInode, 0, fromOffset, bytes.data(), bytes.size());
  if (count <= 0) return count;
  WriteResult written;
  int error = write(caller, toInode, 0, toOffset, bytes.data(), static_cast<size_t>(count), 0,
                    &written);
  return error < 0 ? error : count;
}

int FakeFileSystem::readDirectory(const Caller& caller, uint64_t inode, uint64_t cookie,
                                  bool plus, DirectoryVisitor* visitor) {
  std::unique_lock lock(mutex_);
  Node* directory = find(inode);
  if (directory == nullptr) return -ENOENT;
  if (!isDirectory(directory->attributes)) return -ENOTDIR;
  std::vector<std::pair<std::string, Entry>> found(directory->entries.begin(),
                                                   directory->entries.end());
  found.push_back({".", {inode, 1}});
  found.push_back({"..", {directory->parent, 2}});
  lock.unlock();
  std::erase_if(found, [&](auto& item) { return item.second.cookie <= cookie; });
  std::sort(found.begin(), found.end(),
            [](auto& a, auto& b) { return a.second.cookie < b.second.cookie; });
  for (auto& [name, entry] : found) {
    Attributes attributes;
    if (getAttributes(caller, entry.inode, &attributes) != 0) continue;
    bool dots = entry.cookie < 3;
    if (!visitor->visit({name, entry.inode, entry.cookie, IFTODT(attributes.mode),
                         plus && !dots ? &attributes : nullptr})) {
      break;
    }
    lock.lock();
    Node* node = find(entry.inode);
    if (plus && !dots && caller.mount != 0 && node != nullptr) node->references++;
    lock.unlock();
  }
  return 0;
}

int FakeFileSystem::openDirectory(const Caller&, uint64_t inode, OpenResult* out) {
  std::lock_guard lock(mutex_);
  Node* node = find(inode);
  if (node == nullptr) return -ENOENT;
  node->opens++;
  *out = {inode, false};
  return 0;
}

}  // namespace ram::fuse
