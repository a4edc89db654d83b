// A store for one test, checked when the test is done with it; and what tests do to one.
#pragma once

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <cstring>
#include <map>
#include <string>

#include "store.h"

namespace ram {

inline const Caller kSelf{};

class SmallStore {
 public:
  explicit SmallStore(uint64_t maxBytes, BackingChoice backing = BackingChoice::kAutomatic) {
    StoreOptions options;
    options.maxBytes = maxBytes;
    options.backing = backing;
    const char* syscall = "";
    REQUIRE_MESSAGE(Store::make(options, &store_, &syscall) == 0, syscall);
  }
  explicit SmallStore(Store* adopted) : store_(adopted) {}
  ~SmallStore() {
    checkSound();
    store_->release();
  }
  SmallStore(const SmallStore&) = delete;
  SmallStore& operator=(const SmallStore&) = delete;
  Store* operator->() { return store_; }
  Store& operator*() { return *store_; }

  void checkSound() {
    char report[160] = "";
    const int status = store_->check(report, sizeof report);
    CHECK_MESSAGE(status == 0, report);
  }

  uint64_t make(std::string_view name, uint32_t mode = S_IFREG | 0644,
                uint64_t parent = kRootInode) {
    Attributes out;
    const int status = S_ISDIR(mode) ? store_->makeDirectory(kSelf, parent, name, mode, &out)
                                     : store_->makeNode(kSelf, parent, name, mode, 0, &out);
    REQUIRE(status == 0);
    return out.inode;
  }
  int64_t find(std::string_view name, uint64_t parent = kRootInode) {
    Attributes out;
    const int status = store_->lookup(kSelf, parent, name, &out);
    return status < 0 ? status : static_cast<int64_t>(out.inode);
  }
  Attributes stat(uint64_t inode) {
    Attributes out{};
    CHECK(store_->getAttributes(kSelf, inode, &out) == 0);
    return out;
  }
  int64_t write(uint64_t inode, uint64_t offset, std::string_view bytes) {
    WriteResult out{};
    const int status = store_->write(kSelf, inode, 0, offset, bytes.data(), bytes.size(), 0, &out);
    return status < 0 ? status : static_cast<int64_t>(out.length);
  }
  std::string read(uint64_t inode) {
    std::string bytes(stat(inode).size, '\0');
    const ssize_t got = store_->read(kSelf, inode, 0, 0, bytes.data(), bytes.size());
    CHECK(got == static_cast<ssize_t>(bytes.size()));
    return bytes;
  }

  // Every path with its type, links, size and bytes: what must be the old or the new state.
  std::map<std::string, std::string> dump() {
    std::map<std::string, std::string> all;
    dumpInto(kRootInode, "/", all);
    return all;
  }

 private:
  struct Names : DirectoryVisitor {
    std::map<std::string, uint64_t> inodes;
    bool visit(const DirectoryEntry& entry) override {
      if (entry.name != "." && entry.name != "..") inodes[std::string(entry.name)] = entry.inode;
      return true;
    }
  };
  void dumpInto(uint64_t inode, const std::string& path, std::map<std::string, std::string>& all) {
    const Attributes at = stat(inode);
    std::string text = std::to_string(at.mode) + " " + std::to_string(at.links) + " " +
                       std::to_string(at.size) + " " + std::to_string(at.uid);
    char xattrs[4096];
    const ssize_t listed = store_->listXattr(kSelf, inode, xattrs, sizeof xattrs);
    if (listed > 0) text += " x" + std::string(xattrs, static_cast<size_t>(listed));
    if (S_ISREG(at.mode)) text += " " + read(inode);
    all[path] = text;
    if (!S_ISDIR(at.mode)) return;
    Names names;
    CHECK(store_->readDirectory(kSelf, inode, 0, false, &names) == 0);
    for (const auto& [name, child] : names.inodes) dumpInto(child, path + name + "/", all);
  }

  Store* store_ = nullptr;
};

}  // namespace ram
