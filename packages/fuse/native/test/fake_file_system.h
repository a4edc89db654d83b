// A small but real file system in memory, so that the driver can be tested without the store.
// One mutex, files up to 64 MiB. Semantics as far as everyday programs need them.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "ram/file_system.h"

namespace ram::fuse {

class FakeFileSystem final : public FileSystem {
 public:
  FakeFileSystem();
  // Kernel references and open handles that a mount still holds; for leak checks in tests.
  uint64_t kernelReferences(uint64_t inode);
  size_t openHandles();
  uint64_t inodeCount();
  int references() const { return references_; }
  std::string recordedInit;
  uint64_t inodesMax = UINT64_MAX;
  std::atomic<uint64_t> sizeMax{UINT64_MAX};  // of a file: there is no space for more
  std::atomic<uint32_t> awaited{0};
  uint32_t awaitedForgets() const override { return awaited; }
  bool hasViews = false;  // opens must be direct
  int lastOpenFlags = 0;

  uint32_t abi() const override { return kFileSystemAbi; }
  void retain() override { references_++; }
  void release() override { references_--; }
  int attach(Observer* observer) override;
  void detach(uint32_t mount) override;
  int recordInit(uint32_t mount, const void* reply, size_t length) override;
  int lookup(const Caller&, uint64_t parent, std::string_view name, Attributes* out) override;
  void forget(const Caller&, uint64_t inode, uint64_t count) override;
  int makeNode(const Caller&, uint64_t parent, std::string_view name, uint32_t mode,
               uint64_t device, Attributes* out) override;
  int makeDirectory(const Caller&, uint64_t parent, std::string_view name, uint32_t mode,
                    Attributes* out) override;
  int makeSymlink(const Caller&, uint64_t parent, std::string_view name, std::string_view target,
                  Attributes* out) override;
  int link(const Caller&, uint64_t inode, uint64_t parent, std::string_view name,
           Attributes* out) override;
  int unlink(const Caller&, uint64_t parent, std::string_view name) override;
  int removeDirectory(const Caller&, uint64_t parent, std::string_view name) override;
  int rename(const Caller&, uint64_t parent, std::string_view name, uint64_t newParent,
             std::string_view newName, uint32_t flags) override;
  ssize_t readSymlink(const Caller&, uint64_t inode, char* target, size_t size) override;
  int getAttributes(const Caller&, uint64_t inode, Attributes* out) override;
  int setAttributes(const Caller&, uint64_t inode, const SetAttributes& change,
                    Attributes* out) override;
  int access(const Caller&, uint64_t inode, uint32_t mask) override;
  ssize_t getXattr(const Caller&, uint64_t inode, std::string_view name, void* value,
                   size_t size) override;
  int setXattr(const Caller&, uint64_t inode, std::string_view name, const void* value,
               size_t size, int flags) override;
  ssize_t listXattr(const Caller&, uint64_t inode, char* names, size_t size) override;
  int removeXattr(const Caller&, uint64_t inode, std::string_view name) override;
  int statistics(FileSystemStats* out) override;
  int open(const Caller&, uint64_t inode, int flags, uint32_t writeFlags,
           OpenResult* out) override;
  int create(const Caller&, uint64_t parent, std::string_view name, uint32_t mode, int flags,
             Attributes* out, OpenResult* opened) override;
  int makeTemporary(const Caller&, uint64_t parent, uint32_t mode, int flags, Attributes* out,
                    OpenResult* opened) override;
  void close(const Caller&, uint64_t inode, uint64_t handle) override;
  ssize_t read(const Caller&, uint64_t inode, uint64_t handle, uint64_t offset, void* data,
               size_t length) override;
  int write(const Caller&, uint64_t inode, uint64_t handle, uint64_t offset, const void* data,
            size_t length, uint32_t flags, WriteResult* out) override;
  int sync(const Caller&, uint64_t, bool) override { return 0; }
  int allocate(const Caller&, uint64_t inode, uint64_t handle, uint64_t offset, uint64_t length,
               int mode) override;
  int64_t seek(const Caller&, uint64_t inode, uint64_t handle, uint64_t offset,
               int whence) override;
  ssize_t copyRange(const Caller&, uint64_t fromInode, uint64_t fromOffset, uint64_t toInode,
                    uint64_t toOffset, size_t length, uint64_t toHandle = 0) override;
  int readDirectory(const Caller&, uint64_t inode, uint64_t cookie, bool plus,
                    DirectoryVisitor* visitor) override;
  int openDirectory(const Caller&, uint64_t inode, OpenResult* out) override;
  int outcome(uint32_t, uint64_t, int64_t*) override { return -ENOENT; }

 private:
  struct Entry {
    uint64_t inode, cookie;
  };
  struct Node {
    Attributes attributes{};
    uint64_t parent = 0;
    std::string content;  // of a file, or a symlink's target
    std::map<std::string, Entry, std::less<>> entries;
    std::map<std::string, std::string, std::less<>> xattrs;
    uint64_t references = 0, opens = 0;
  };

  Node* find(uint64_t inode);
  int findIn(uint64_t parent, std::string_view name, Node** directory, Entry** entry);
  Node& make(const Caller& caller, Node& directory, std::string_view name, uint32_t mode);
  int makeNamed(const Caller& caller, uint64_t parent, std::string_view name, uint32_t mode,
                Attributes* out);
  int give(const Caller& caller, Node& node, Attributes* out);
  void unlinkNode(Node& node);
  void dropIfUnused(Node& node);
  void resize(Node& node, uint64_t size);
  static void touch(Node& node);
  void changed(std::unique_lock<std::mutex>& lock, const Caller& caller, uint64_t inode,
               uint64_t offset, uint64_t length);
  void renamed(std::unique_lock<std::mutex>& lock, const Caller& caller, uint64_t parent,
               std::string_view name);

  std::mutex mutex_;
  std::unordered_map<uint64_t, std::unique_ptr<Node>> nodes_;
  std::vector<Observer*> observers_{nullptr};
  uint64_t nextInode_ = 1, nextCookie_ = 3;
  int references_ = 0;
};

}  // namespace ram::fuse
