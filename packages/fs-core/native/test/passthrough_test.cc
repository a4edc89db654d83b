// Files that a kernel reads and writes by itself, with a stand-in for the kernel.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <string>
#include <thread>

#include "passing_mount.h"

namespace ram {
namespace {

uint64_t fileBytes(SmallStore& store) {
  StoreUsage usage{};
  REQUIRE(store->usage(&usage) == 0);
  return usage.fileBytes;
}

TEST_CASE("a created file is passed through, and is a slab after its last close") {
  SmallStore store(16 << 20);
  Mount mount(store);
  if (!passes(mount)) return;
  const uint64_t before = fileBytes(store);
  for (int round = 0; round < 3; ++round) {
    const Mount::Open file = mount.create("f" + std::to_string(round));
    REQUIRE(file.result.backing > 0);
    CHECK(file.result.backing == 1);  // the same emptied file, under the same id
    const int fd = mount.kernel.open(file.result.backing);
    const std::string text(3000, static_cast<char>('a' + round));
    CHECK(::pwrite(fd, text.data(), text.size(), 0) == 3000);
    CHECK(store.read(file.inode) == text);
    const Attributes open = store.stat(file.inode);
    CHECK(open.blocks == 8);
    ::close(fd);
    mount.close(file);
    CHECK(fileBytes(store) == before);
    const Attributes closed = store.stat(file.inode);
    CHECK(closed.size == 3000);
    CHECK(closed.blocks == 8);
    CHECK(closed.modified.nanoseconds == open.modified.nanoseconds);
    CHECK(closed.changed.nanoseconds == open.changed.nanoseconds);
    CHECK(store.read(file.inode) == text);
  }
}

TEST_CASE("a file that someone else still reaches is kept as it is until nobody does") {
  SmallStore store(16 << 20);
  Mount mount(store);
  if (!passes(mount)) return;
  const Mount::Open file = mount.create("kept");
  const int fd = mount.kernel.open(file.result.backing);
  CHECK(::pwrite(fd, "old", 3, 0) == 3);
  mount.close(file);
  CHECK(mount.state(file.inode) == kAttributesUnsettled);
  for (int i = 0; i < 20; ++i) {
    const Mount::Open other = mount.create("other" + std::to_string(i));
    const int theirs = mount.kernel.open(other.result.backing);
    CHECK(::pwrite(theirs, "stranger", 8, 0) == 8);
    ::close(theirs);
    mount.close(other);
  }
  CHECK(::pwrite(fd, "late", 4, 0) == 4);
  CHECK(store.read(file.inode) == "late");
  CHECK(store->unlink(mount.caller, kRootInode, "other3") == 0);
  ::close(fd);
  CHECK(mount.state(file.inode) == 0);
  CHECK(store.read(file.inode) == "late");
  for (int i = 0; i < 20; ++i) {
    const int64_t inode = store.find("other" + std::to_string(i));
    if (i != 3) CHECK(store.read(static_cast<uint64_t>(inode)) == "stranger");
  }
}

TEST_CASE("the first open of an inode decides for all until the last close") {
  SmallStore store(16 << 20);
  Mount mount(store);
  if (!passes(mount)) return;
  const uint64_t inode = store.make("small");
  CHECK(store.write(inode, 0, "text") == 4);
  const Mount::Open reader = mount.open(inode, O_RDONLY);
  CHECK(reader.result.backing == 0);
  const Mount::Open writer = mount.open(inode, O_RDWR);
  CHECK(writer.result.backing == 0);
  CHECK(store.write(inode, 0, std::string(100'000, 'g')) == 100'000);
  CHECK(mount.open(inode, O_RDONLY).result.backing == 0);
  mount.close(reader);
  mount.close(writer);
  mount.kernel.refusal = -EMFILE;
  const Mount::Open refused = mount.create("refused");
  CHECK(refused.result.backing == 0);
  mount.kernel.refusal = 0;
  CHECK(mount.open(refused.inode, O_RDWR).result.backing == 0);
}

TEST_CASE("what one mount has open for writing has no lifetime on another") {
  SmallStore store(16 << 20);
  Mount one(store);
  Mount two(store);
  if (!passes(one)) return;
  const Mount::Open file = one.create("shared", O_WRONLY);
  Attributes out;
  REQUIRE(store->lookup(two.caller, kRootInode, "shared", &out) == 0);
  CHECK(out.state == kAttributesUnsettled);
  CHECK(one.state(file.inode) == 0);
  const Mount::Open reader = two.open(file.inode, O_RDONLY);
  CHECK(reader.result.backing > 0);
  one.close(file);
  CHECK(two.state(file.inode) == 0);
  two.close(reader);
}

TEST_CASE("threads create, write, close and remove passed files at once") {
  SmallStore store(16 << 20);
  Mount mount(store);
  if (!passes(mount)) return;
  auto work = [&](int thread) {
    for (int round = 0; round < 200; ++round) {
      const std::string name = std::to_string(thread) + "-" + std::to_string(round % 8);
      Attributes out;
      OpenResult opened;
      if (store->create(mount.caller, kRootInode, name, 0644, O_RDWR, &out, &opened) != 0) return;
      if (opened.backing > 0) {
        const int fd = mount.kernel.open(opened.backing);
        if (::pwrite(fd, name.data(), name.size(), 0) < 0) return;
        ::close(fd);
      }
      store->close(mount.caller, out.inode, opened.handle);
      store->getAttributes(mount.caller, out.inode, &out);
      if (round % 3 == 0) store->unlink(mount.caller, kRootInode, name);
      store->forget(mount.caller, out.inode, 1);
    }
  };
  std::thread other(work, 1);
  work(2);
  other.join();
  for (const char* name : {"1-1", "2-1"}) {
    const int64_t inode = store.find(name);
    if (inode > 0) CHECK(store.read(static_cast<uint64_t>(inode)) == name);
  }
}

}  // namespace
}  // namespace ram
