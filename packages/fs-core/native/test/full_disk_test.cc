// A disk without room: what must still work, what must be refused cleanly, and what is free in
// pages that the allocators keep.
#include <doctest/doctest.h>
#include <fcntl.h>

#include <vector>

#include "small_store.h"

namespace ram {
namespace {

void fillWithFiles(SmallStore& store, const std::string& prefix) {
  Attributes out;
  for (int i = 0;; ++i) {
    const std::string name = prefix + std::to_string(i);
    if (store->makeNode(kSelf, kRootInode, name, S_IFREG | 0600, 0, &out) < 0) return;
  }
}

void fillWithBytes(SmallStore& store, const char* name) {
  const uint64_t inode = store.make(name);
  const std::string bytes(1 << 20, 'f');
  while (store.write(inode, store.stat(inode).size, bytes) > 0) {
  }
}

TEST_CASE("on a full disk files open, directories read, and names go") {
  SmallStore store(4 << 20);
  for (int i = 0; i < 20; ++i) store.make("keep" + std::to_string(i));
  fillWithBytes(store, "filler");
  fillWithFiles(store, "more");
  const uint64_t filler = static_cast<uint64_t>(store.find("filler"));
  std::vector<uint64_t> handles;
  for (int i = 0; i < 200; ++i) {
    OpenResult opened;
    REQUIRE(store->open(kSelf, filler, O_RDONLY, 0, &opened) == 0);
    handles.push_back(opened.handle);
  }
  for (const uint64_t handle : handles) store->close(kSelf, filler, handle);
  struct Count : DirectoryVisitor {
    int entries = 0;
    bool visit(const DirectoryEntry&) override { return ++entries > 0; }
  } count;
  CHECK(store->readDirectory(kSelf, kRootInode, 0, true, &count) == 0);
  CHECK(count.entries > 22);
  CHECK(store->unlink(kSelf, kRootInode, "keep0") == 0);
  CHECK(store->unlink(kSelf, kRootInode, "filler") == 0);
  store.make("again");
  CHECK(store.write(static_cast<uint64_t>(store.find("again")), 0, std::string(100'000, 'x')) ==
        100'000);
}

TEST_CASE("on a full disk names are changed for ever, and one can be made where one was deleted") {
  SmallStore store(16 << 20);
  for (int i = 0; i < 500; ++i) store.make("k" + std::to_string(i));
  fillWithBytes(store, "filler");
  fillWithFiles(store, "more");
  const std::string longest(250, 'n');
  for (int round = 0; round < 3000; ++round) {
    REQUIRE(store->rename(kSelf, kRootInode, "k0", kRootInode, longest, 0) == 0);
    REQUIRE(store->rename(kSelf, kRootInode, longest, kRootInode, "k0", 0) == 0);
  }
  Attributes out;
  for (int round = 0; round < 3000; ++round) {
    REQUIRE(store->unlink(kSelf, kRootInode, "k1") == 0);
    REQUIRE(store->makeNode(kSelf, kRootInode, "k1", S_IFREG | 0600, 0, &out) == 0);
  }
}

TEST_CASE("a create that is refused for want of room leaves no file") {
  SmallStore store(4 << 20);
  fillWithBytes(store, "filler");
  Attributes out;
  OpenResult opened;
  std::vector<std::pair<uint64_t, uint64_t>> open;
  int status = 0;
  for (int i = 0; status == 0; ++i) {
    const std::string name = "c" + std::to_string(i);
    status = store->create(kSelf, kRootInode, name, 0600, O_RDWR | O_EXCL, &out, &opened);
    if (status == 0) {
      open.emplace_back(out.inode, opened.handle);
    } else {
      CHECK(store.find(name) == -ENOENT);
    }
  }
  CHECK(status == -ENOSPC);
  for (const auto& [inode, handle] : open) store->close(kSelf, inode, handle);
}

TEST_CASE("pages kept for contents serve inodes too before anyone is refused") {
  SmallStore store(8 << 20);
  Heap& heap = store->heap();
  std::vector<uint32_t> pages;
  while (const uint32_t page = heap.allocatePage()) pages.push_back(page);
  // Fewer than the cache keeps: they stay committed in the heap.
  for (int i = 0; i < 100; ++i) {
    heap.freePage(pages.back());
    pages.pop_back();
  }
  Attributes out;
  int made = 0;
  while (store->makeNode(kSelf, kRootInode, "f" + std::to_string(made), S_IFREG, 0, &out) == 0) {
    ++made;
  }
  FileSystemStats stats;
  REQUIRE(store->statistics(&stats) == 0);
  CHECK(stats.blocksFree <= 24);  // what a directory that must double can't use
  CHECK(made > 1000);
  for (const uint32_t page : pages) heap.freePage(page);
}

// Directory tables and xattrs share pages with small contents; their first word is no owner.
TEST_CASE("compaction leaves alone what only looks like a small content") {
  SmallStore store(4 << 20);
  for (int i = 0; i < 300; ++i) {
    const uint64_t directory = store.make("d" + std::to_string(i), S_IFDIR | 0700);
    for (int j = 0; j < 1 + i % 30; ++j) {
      const uint64_t file = store.make("f" + std::to_string(j), S_IFREG | 0600, directory);
      store.write(file, 0, std::string(static_cast<size_t>(30 + i), 'c'));
      store->setXattr(kSelf, file, "user.x", "value", 5, 0);
    }
  }
  for (int i = 0; i < 300; i += 2) {
    const auto directory = static_cast<uint64_t>(store.find("d" + std::to_string(i)));
    for (int j = 0; j < 1 + i % 30; ++j) {
      REQUIRE(store->unlink(kSelf, directory, "f" + std::to_string(j)) == 0);
    }
    REQUIRE(store->removeDirectory(kSelf, kRootInode, "d" + std::to_string(i)) == 0);
  }
  fillWithBytes(store, "filler");
  fillWithFiles(store, "more");
}

}  // namespace
}  // namespace ram
