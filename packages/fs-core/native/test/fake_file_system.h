// A FileSystem of std::maps, for tests of what works on any FileSystem. One lock, no limits.
#pragma once

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <map>
#include <mutex>
#include <string>
#include <sys/stat.h>

#include "ram/file_system.h"

namespace ram {

class FakeFileSystem final : public FileSystem {
 public:
  FakeFileSystem() { nodes_[kRootInode] = newNode(kRootInode, S_IFDIR | 0755, kRootInode); }
  virtual ~FakeFileSystem() = default;

  int references = 0;
  int openHandles = 0;

  uint32_t abi() const override { return kFileSystemAbi; }
  void retain() override { ++references; }
  void release() override { --references; }
  int attach(Observer*) override { return -ENOSYS; }
  void detach(uint32_t) override {}
  int recordInit(uint32_t, const void*, size_t) override { return 0; }

  int lookup(const Caller&, uint64_t parent, std::string_view name, Attributes* out) override {
    std::lock_guard guard(lock_);
    uint64_t inode;
    int result = find(parent, name, &inode);
    if (result == 0) *out = nodes_[inode].attributes;
    return result;
  }
  void forget(const Caller&, uint64_t, uint64_t) override {}

  int makeNode(const Caller& caller, uint64_t parent, std::string_view name, uint32_t mode,
               uint64_t, Attributes* out) override {
    std::lock_guard guard(lock_);
    return add(caller, parent, name, mode, out);
  }
  int makeDirectory(const Caller& caller, uint64_t parent, std::string_view name, uint32_t mode,
                    Attributes* out) override {
    std::lock_guard guard(lock_);
    return add(caller, parent, name, S_IFDIR | mode, out);
  }
  int makeSymlink(const Caller& caller, uint64_t parent, std::string_view name,
                  std::string_view target, Attributes* out) override {
    std::lock_guard guard(lock_);
    int result = add(caller, parent, name, S_IFLNK | 0777, out);
    if (result == 0) nodes_[out->inode].data = target;
    return result;
  }
  int link(const Caller&, uint64_t inode, uint64_t parent, std::string_view name,
           Attributes* out) override {
    std::lock_guard guard(lock_);
    uint64_t other;
    int result = find(parent, name, &other);
    if (result == 0) return -EEXIST;
    if (result != -ENOENT) return result;
    Node& node = nodes_[inode];
    if (S_ISDIR(node.attributes.mode)) return -EPERM;
    ++node.attributes.links;
    nodes_[parent].entries[std::string(name)] = inode;
    *out = node.attributes;
    return 0;
  }
  int unlink(const Caller&, uint64_t parent, std::string_view name) override {
    std::lock_guard guard(lock_);
    return remove(parent, name, false);
  }
  int removeDirectory(const Caller&, uint64_t parent, std::string_view name) override {
    std::lock_guard guard(lock_);
    return remove(parent, name, true);
  }
  int rename(const Caller&, uint64_t parent, std::string_view name, uint64_t newParent,
             std::string_view newName, uint32_t flags) override {
    std::lock_guard guard(lock_);
    uint64_t source, target = 0;
    int result = find(parent, name, &source);
    if (result < 0) return result;
    result = find(newParent, newName, &target);
    if (result < 0 && result != -ENOENT) return result;
    if (result == 0 && (flags & RENAME_NOREPLACE) != 0) return -EEXIST;
    bool directory = isDirectory(source);
    for (uint64_t up = newParent; directory; up = nodes_[up].parent) {
      if (up == source) return -EINVAL;
      if (up == kRootInode) break;
    }
    if (source == target) return 0;
    for (uint64_t up = parent; target != 0 && up != kRootInode; up = nodes_[up].parent) {
      if (up == target) return -ENOTEMPTY;
    }
    if (target != 0) {
      if (directory && !isDirectory(target)) return -ENOTDIR;
      if (!directory && isDirectory(target)) return -EISDIR;
      result = remove(newParent, newName, directory);
      if (result < 0) return result;
    }
    nodes_[parent].entries.erase(std::string(name));
    nodes_[newParent].entries[std::string(newName)] = source;
    if (directory) nodes_[source].parent = newParent;
    return 0;
  }
  ssize_t readSymlink(const Caller&, uint64_t inode, char* target, size_t size) override {
    std::lock_guard guard(lock_);
    const std::string& data = nodes_[inode].data;
    memcpy(target, data.data(), std::min(size, data.size()));
    return static_cast<ssize_t>(data.size());
  }

  int getAttributes(const Caller&, uint64_t inode, Attributes* out) override {
    std::lock_guard guard(lock_);
    auto found = nodes_.find(inode);
    if (found == nodes_.end()) return -ENOENT;
    *out = found->second.attributes;
    return 0;
  }
  int setAttributes(const Caller&, uint64_t inode, const SetAttributes& change,
                    Attributes* out) override {
    std::lock_guard guard(lock_);
    Node& node = nodes_[inode];
    if (change.fields & kSetMode) {
      node.attributes.mode = (node.attributes.mode & S_IFMT) | change.mode;
    }
    if (change.fields & kKillPrivileges) node.attributes.mode &= ~06000u;
    if (change.fields & kSetUid) node.attributes.uid = change.uid;
    if (change.fields & kSetGid) node.attributes.gid = change.gid;
    if (change.fields & kSetAccessed) node.attributes.accessed = change.accessed;
    if (change.fields & kSetModified) node.attributes.modified = change.modified;
    if (change.fields & kSetSize) {
      node.data.resize(change.size);
      node.attributes.size = change.size;
    }
    *out = node.attributes;
    return 0;
  }
  int access(const Caller& caller, uint64_t inode, uint32_t mask) override {
    std::lock_guard guard(lock_);
    uint32_t mode = nodes_[inode].attributes.mode;
    if (caller.uid != 0) return -EACCES;
    return (mask & X_OK) && !S_ISDIR(mode) && (mode & 0111) == 0 ? -EACCES : 0;
  }
  ssize_t getXattr(const Caller&, uint64_t inode, std::string_view name, void* value,
                   size_t size) override {
    std::lock_guard guard(lock_);
    auto& xattrs = nodes_[inode].xattrs;
    auto found = xattrs.find(std::string(name));
    if (found == xattrs.end()) return -ENODATA;
    if (size == 0) return static_cast<ssize_t>(found->second.size());
    if (size < found->second.size()) return -ERANGE;
    memcpy(value, found->second.data(), found->second.size());
    return static_cast<ssize_t>(found->second.size());
  }
  int setXattr(const Caller&, uint64_t inode, std::string_view name, const void* value,
               size_t size, int) override {
    std::lock_guard guard(lock_);
    nodes_[inode].xattrs[std::string(name)].assign(static_cast<const char*>(value), size);
    return 0;
  }
  ssize_t listXattr(const Caller&, uint64_t, char*, size_t) override { return 0; }
  int removeXattr(const Caller&, uint64_t inode, std::string_view name) override {
    std::lock_guard guard(lock_);
    return nodes_[inode].xattrs.erase(std::string(name)) == 0 ? -ENODATA : 0;
  }
  int statistics(FileSystemStats* out) override {
    *out = {4096, 100, 50, 100, 50, 255};
    return 0;
  }

  int open(const Caller&, uint64_t inode, int, uint32_t, OpenResult* out) override {
    std::lock_guard guard(lock_);
    if (!nodes_.contains(inode)) return -ENOENT;
    return hold(inode, out);
  }
  int create(const Caller& caller, uint64_t parent, std::string_view name, uint32_t mode, int,
             Attributes* out, OpenResult* opened) override {
    std::lock_guard guard(lock_);
    int result = add(caller, parent, name, mode, out);
    return result < 0 ? result : hold(out->inode, opened);
  }
  int makeTemporary(const Caller& caller, uint64_t, uint32_t mode, int, Attributes* out,
                    OpenResult* opened) override {
    std::lock_guard guard(lock_);
    uint64_t inode = nextInode_++;
    nodes_[inode] = newNode(inode, mode, 0);
    nodes_[inode].attributes.uid = caller.uid;
    nodes_[inode].attributes.links = 0;
    *out = nodes_[inode].attributes;
    return hold(inode, opened);
  }
  void close(const Caller&, uint64_t inode, uint64_t) override {
    std::lock_guard guard(lock_);
    --openHandles;
    --nodes_[inode].opens;
    reap(inode);
  }
  ssize_t read(const Caller&, uint64_t inode, uint64_t, uint64_t offset, void* data,
               size_t length) override {
    std::lock_guard guard(lock_);
    const std::string& bytes = nodes_[inode].data;
    if (offset >= bytes.size()) return 0;
    length = std::min(length, bytes.size() - offset);
    memcpy(data, bytes.data() + offset, length);
    return static_cast<ssize_t>(length);
  }
  int write(const Caller&, uint64_t inode, uint64_t, uint64_t offset, const void* data,
            size_t length, uint32_t flags, WriteResult* out) override {
    std::lock_guard guard(lock_);
    Node& node = nodes_[inode];
    if (flags & kWriteAppend) offset = node.data.size();
    if (node.data.size() < offset + length) node.data.resize(offset + length);
    memcpy(node.data.data() + offset, data, length);
    node.attributes.size = node.data.size();
    *out = {offset, length};
    return 0;
  }
  int sync(const Caller&, uint64_t, bool) override { return 0; }
  int allocate(const Caller&, uint64_t, uint64_t, uint64_t, uint64_t, int) override {
    return -EOPNOTSUPP;
  }
  int64_t seek(const Caller&, uint64_t, uint64_t, uint64_t, int) override { return -EOPNOTSUPP; }
  ssize_t copyRange(const Caller&, uint64_t from, uint64_t fromOffset, uint64_t to,
                    uint64_t toOffset, size_t length, uint64_t) override {
    std::lock_guard guard(lock_);
    std::string piece = nodes_[from].data.substr(fromOffset, length);
    std::string& target = nodes_[to].data;
    target.resize(std::max(target.size(), toOffset + piece.size()));
    target.replace(toOffset, piece.size(), piece);
    nodes_[to].attributes.size = target.size();
    return static_cast<ssize_t>(piece.size());
  }

  int readDirectory(const Caller&, uint64_t inode, uint64_t, bool,
                    DirectoryVisitor* visitor) override {
    std::lock_guard guard(lock_);
    Node& node = nodes_[inode];
    if (!visitor->visit({".", inode, 1, DT_DIR, nullptr})) return 0;
    if (!visitor->visit({"..", node.parent, 2, DT_DIR, nullptr})) return 0;
    uint64_t cookie = 3;
    for (auto& [name, child] : node.entries) {
      uint32_t type = (nodes_[child].attributes.mode & S_IFMT) >> 12;
      if (!visitor->visit({name, child, cookie++, type, nullptr})) return 0;
    }
    return 0;
  }
  int openDirectory(const Caller&, uint64_t inode, OpenResult* out) override {
    std::lock_guard guard(lock_);
    return hold(inode, out);
  }
  int outcome(uint32_t, uint64_t, int64_t*) override { return -ENOENT; }

 private:
  static constexpr unsigned DT_DIR = 4;

  struct Node {
    Attributes attributes{};
    uint64_t parent = 0;
    std::map<std::string, uint64_t> entries;
    std::map<std::string, std::string> xattrs;
    std::string data;
    int opens = 0;
  };

  Node newNode(uint64_t inode, uint32_t mode, uint64_t parent) {
    Node node;
    node.attributes.inode = inode;
    node.attributes.mode = mode;
    node.attributes.links = S_ISDIR(mode) ? 2 : 1;
    node.attributes.generation = ++generation_;
    node.parent = parent;
    return node;
  }
  bool isDirectory(uint64_t inode) { return S_ISDIR(nodes_[inode].attributes.mode); }

  int find(uint64_t parent, std::string_view name, uint64_t* inode) {
    if (!isDirectory(parent)) return -ENOTDIR;
    if (name.size() > 255) return -ENAMETOOLONG;
    auto& entries = nodes_[parent].entries;
    auto found = entries.find(std::string(name));
    if (found == entries.end()) return -ENOENT;
    *inode = found->second;
    return 0;
  }
  int add(const Caller& caller, uint64_t parent, std::string_view name, uint32_t mode,
          Attributes* out) {
    uint64_t inode;
    int result = find(parent, name, &inode);
    if (result == 0) return -EEXIST;
    if (result != -ENOENT) return result;
    inode = freeInode_ != 0 ? freeInode_ : nextInode_++;
    freeInode_ = 0;
    Node node = newNode(inode, mode, parent);
    node.attributes.uid = caller.uid;
    node.attributes.gid = caller.gid;
    nodes_[inode] = node;
    nodes_[parent].entries[std::string(name)] = inode;
    *out = node.attributes;
    return 0;
  }
  int remove(uint64_t parent, std::string_view name, bool directory) {
    uint64_t inode;
    int result = find(parent, name, &inode);
    if (result < 0) return result;
    if (directory && !isDirectory(inode)) return -ENOTDIR;
    if (!directory && isDirectory(inode)) return -EISDIR;
    if (!nodes_[inode].entries.empty()) return -ENOTEMPTY;
    nodes_[parent].entries.erase(std::string(name));
    nodes_[inode].attributes.links -= directory ? 2 : 1;
    reap(inode);
    return 0;
  }
  int hold(uint64_t inode, OpenResult* out) {
    ++openHandles;
    ++nodes_[inode].opens;
    *out = {inode + 1000, false};
    return 0;
  }
  void reap(uint64_t inode) {
    Node& node = nodes_[inode];
    if (node.attributes.links > 0 || node.opens > 0) return;
    nodes_.erase(inode);
    freeInode_ = inode;  // its number is given out again at once, the worst case
  }

  std::mutex lock_;
  std::map<uint64_t, Node> nodes_;
  uint64_t nextInode_ = 2;
  uint64_t freeInode_ = 0;
  uint32_t generation_ = 0;
};

}  // namespace ram
