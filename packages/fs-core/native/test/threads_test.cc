// Threads have inodes, handles and pages of their own; a limit is one limit all the same.
#include <errno.h>
#include <fcntl.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "small_store.h"

namespace ram {
namespace {

std::string nameOf(uint32_t i) { return "file-" + std::to_string(i); }

// Makes small files until one does not fit; how many did.
uint32_t fill(SmallStore& store, uint64_t directory, const std::string& bytes) {
  for (uint32_t i = 0;; ++i) {
    Attributes out;
    const int made = store->makeNode(kSelf, directory, nameOf(i), S_IFREG | 0644, 0, &out);
    if (made == 0 && store.write(out.inode, 0, bytes) == static_cast<int64_t>(bytes.size())) {
      continue;
    }
    if (made == 0) CHECK(store->unlink(kSelf, directory, nameOf(i)) == 0);
    return i;
  }
}

TEST_CASE("on a full disk a thread uses what another one has left") {
  SmallStore store(2 << 20);
  const uint64_t directory = store.make("d", S_IFDIR | 0755);
  const std::string bytes(100, 'x');
  uint32_t made = 0;
  std::thread other([&] {
    made = fill(store, directory, bytes);
    for (uint32_t i = 0; i < made; i += 2) {
      CHECK(store->unlink(kSelf, directory, nameOf(i)) == 0);
    }
  });
  other.join();
  CHECK(made > 2000);
  for (uint32_t i = 0; i < made; i += 2) {
    REQUIRE(store.write(store.make(nameOf(i), S_IFREG | 0644, directory), 0, bytes) == 100);
  }
}

TEST_CASE("maxInodes is exact, however many threads make inodes") {
  StoreOptions options;
  options.maxBytes = 4 << 20;
  options.maxInodes = 3000;
  Store* made = nullptr;
  const char* syscall = "";
  REQUIRE(Store::make(options, &made, &syscall) == 0);
  SmallStore store(made);
  std::atomic<uint32_t> count{0};
  const auto work = [&](uint32_t thread) {
    const std::string prefix = std::to_string(thread) + "-";
    for (uint32_t i = 0;; ++i) {
      Attributes out;
      if (store->makeNode(kSelf, kRootInode, prefix + nameOf(i), S_IFREG, 0, &out) != 0) return;
      ++count;
      if (i % 3 != 0) continue;
      CHECK(store->unlink(kSelf, kRootInode, prefix + nameOf(i)) == 0);
      --count;
    }
  };
  std::vector<std::thread> threads;
  for (uint32_t i = 0; i < 4; ++i) threads.emplace_back(work, i);
  for (std::thread& thread : threads) thread.join();
  StoreUsage usage;
  REQUIRE(store->usage(&usage) == 0);
  CHECK(usage.inodes == options.maxInodes);
  CHECK(count == options.maxInodes - 1);  // and the root
}

TEST_CASE("what one thread has opened another one closes") {
  SmallStore store(4 << 20);
  const uint64_t inode = store.make("file");
  for (int round = 0; round < 3; ++round) {
    std::vector<uint64_t> handles;
    std::thread other([&] {
      for (int i = 0; i < 500; ++i) {
        OpenResult opened{};
        CHECK(store->open(kSelf, inode, O_RDONLY, 0, &opened) == 0);
        handles.push_back(opened.handle);
      }
    });
    other.join();
    CHECK(store->segment().inode(inode)->opens == 500);
    for (const uint64_t handle : handles) store->close(kSelf, inode, handle);
    for (const uint64_t handle : handles) store->close(kSelf, inode, handle);  // of nobody any more
    CHECK(store->segment().inode(inode)->opens == 0);
  }
}

}  // namespace
}  // namespace ram
