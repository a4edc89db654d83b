// What compaction listed may be something else when it gets there: another thread changes it at the
// very moment that its owner is read, by pread(2).
#include <doctest/doctest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <functional>
#include <string>
#include <utility>

#include "small_store.h"

namespace {

std::function<void()> beforeOwner;  // once, before the next owner is read

}  // namespace

// Takes the place of the C library's.
extern "C" ssize_t pread(int fd, void* data, size_t length, off_t offset) {
  if (length == sizeof(uint32_t) && beforeOwner) std::exchange(beforeOwner, nullptr)();
  return ::syscall(SYS_pread64, fd, data, length, offset);
}

namespace ram {
namespace {

TEST_CASE("compaction leaves a larger content alone that is where a listed one was") {
  SmallStore store(4 << 20);
  const auto contentOf = [&](uint64_t inode) { return store->segment().inode(inode)->content; };
  const auto textOf = [](int i) { return std::string(900, static_cast<char>('a' + i)); };
  uint64_t files[8];  // four to a page
  for (int i = 0; i < 8; ++i) {
    files[i] = store.make(std::to_string(i));
    store.write(files[i], 0, textOf(i));
  }
  for (const char* name : {"1", "2", "3", "7"}) store->unlink(kSelf, kRootInode, name);
  const uint64_t listed = contentOf(files[0]);
  const std::string large(1900, 'x');
  uint64_t file = 0;
  beforeOwner = [&] {
    store->unlink(kSelf, kRootInode, "0");  // the last one on its page, which is free then
    file = store.make("large");
    store.write(file, 0, large);
    REQUIRE(contentOf(file) == listed);
  };
  InodeLocks locks;
  store->content().compact(locks, store->inodes());
  REQUIRE(file != 0);
  CHECK(contentOf(file) == listed);
  CHECK(store.read(file) == large);
  for (int i = 4; i < 7; ++i) CHECK(store.read(files[i]) == textOf(i));
}

}  // namespace
}  // namespace ram
