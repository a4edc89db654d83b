// Passed-through files on a full disk: clients that take pages away, and space that nobody keeps.
#include <doctest/doctest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "event_reader.h"
#include "passing_mount.h"

namespace ram {
namespace {

constexpr uint64_t kBytes = 200'000;
constexpr uint64_t kPages = kBytes / 4096;  // whole ones

uint64_t freeBytes(SmallStore& store) {
  StoreUsage usage{};
  REQUIRE(store->usage(&usage) == 0);
  return usage.freeBytes;
}

// As the kernel does for a client, until nothing fits any more.
uint64_t fillDisk(int fd) {
  const std::string piece(4096, 'x');
  uint64_t at = 0;
  while (::pwrite(fd, piece.data(), piece.size(), static_cast<off_t>(at)) == 4096) at += 4096;
  return at;
}

TEST_CASE("a client that punches holes under views and windows on a full disk crashes nobody") {
  SmallStore store(16 << 20);
  Mount mount(store);
  if (!passes(mount)) return;
  const uint64_t inode = store.make("f");
  CHECK(store.write(inode, 0, std::string(kBytes, 'a')) == kBytes);
  for (int i = 0; i < 4; ++i) CHECK(store.read(inode).size() == kBytes);
  CHECK(store->content().windows() == 1);
  View shared{};
  View apart{};
  REQUIRE(store->mapView(inode, true, &shared) == 0);
  REQUIRE(store->mapView(inode, false, &apart) == 0);

  const Mount::Open opened = mount.open(inode, O_RDWR);
  REQUIRE(opened.result.backing > 0);
  const int fd = mount.kernel.open(opened.result.backing);
  void* theirs = ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  REQUIRE(theirs != MAP_FAILED);
  View late{};
  REQUIRE(store->mapView(inode, false, &late) == 0);
  for (int i = 0; i < 4; ++i) CHECK(store.read(inode).size() == kBytes);
  CHECK(store->content().windows() == 0);
  REQUIRE(::madvise(theirs, kPages * 4096, MADV_REMOVE) == 0);
  const Mount::Open other = mount.create("other");
  const int fill = mount.kernel.open(other.result.backing);
  CHECK(fillDisk(fill) > 0);

  for (const View& view : {shared, apart, late}) {
    auto* bytes = static_cast<volatile uint8_t*>(view.address);
    for (uint64_t at = 0; at < kPages * 4096; at += 4096) CHECK(bytes[at] == 0);
    CHECK(bytes[kBytes - 1] == 'a');
  }
  static_cast<volatile uint8_t*>(shared.address)[4096] = 'b';
  CHECK(store.read(inode).substr(kPages * 4096, 3) == "aaa");
  CHECK(store.write(inode, 0, "no room") == -ENOSPC);
  CHECK(store.write(inode, kBytes - 3, "end") == 3);

  ::munmap(theirs, kBytes);
  for (const int one : {fd, fill}) ::close(one);
  mount.close(opened);
  mount.close(other);
  for (const View& view : {shared, apart, late}) ViewRegistry::unmap(view.id);
}

TEST_CASE("a view of a file that a kernel has open is filled where there is room") {
  SmallStore store(16 << 20);
  Mount mount(store);
  if (!passes(mount)) return;
  const Mount::Open file = mount.create("f");
  const int fd = mount.kernel.open(file.result.backing);
  const std::string text(kBytes, 'a');
  CHECK(::pwrite(fd, text.data(), kBytes, 0) == static_cast<ssize_t>(kBytes));
  View view{};
  REQUIRE(store->mapView(file.inode, false, &view) == 0);
  void* theirs = ::mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  REQUIRE(::madvise(theirs, 4096, MADV_REMOVE) == 0);
  auto* bytes = static_cast<volatile uint8_t*>(view.address);
  CHECK(bytes[0] == 0);
  CHECK(::pwrite(fd, "back", 4, 0) == 4);
  CHECK(bytes[0] == 'b');
  ::munmap(theirs, kBytes);
  ::close(fd);
  mount.close(file);
  ViewRegistry::unmap(view.id);
}

TEST_CASE("what is free is what a kernel can write, also after small files went") {
  SmallStore store(16 << 20);
  Mount mount(store);
  if (!passes(mount)) return;
  for (int i = 0; i < 400; ++i) {
    const uint64_t inode = store.make(std::to_string(i));
    CHECK(store.write(inode, 0, std::string(5000, 'x')) == 5000);
  }
  for (int i = 0; i < 400; i += 2) {
    CHECK(store->unlink(kSelf, kRootInode, std::to_string(i)) == 0);
  }
  const Mount::Open file = mount.create("big");
  const int fd = mount.kernel.open(file.result.backing);
  const uint64_t free = freeBytes(store);
  CHECK(fillDisk(fd) == free / 4096 * 4096);
  CHECK(freeBytes(store) < 4096);
  ::close(fd);
  mount.close(file);
  CHECK(store->unlink(kSelf, kRootInode, "big") == 0);
  store->forget(mount.caller, file.inode, 1);
  CHECK(freeBytes(store) >= free);
}

TEST_CASE("what is kept for listeners is not in the way of a kernel that fills the disk") {
  SmallStore store(16 << 20);
  Mount mount(store);
  if (!passes(mount)) return;
  EventReader reader;
  reader.listen(*store);
  const std::string content(kBytes, 'k');
  for (const char* name : {"kept", "late"}) {
    CHECK(store.write(store.make(name), 0, content) == kBytes);
  }
  const uint64_t kept = static_cast<uint64_t>(store.find("kept"));
  CHECK(store->unlink(kSelf, kRootInode, "kept") == 0);
  CHECK(store.read(kept).size() == kBytes);  // a listener may still open it

  const Mount::Open most = mount.create("most", O_WRONLY);
  int fd = mount.kernel.open(most.result.backing);
  const uint64_t spare = 1 << 20;
  CHECK(::fallocate(fd, 0, 0, static_cast<off_t>(freeBytes(store) - spare)) == 0);
  ::close(fd);
  const Mount::Open rest = mount.create("rest", O_WRONLY);
  Attributes gone;
  CHECK(store->getAttributes(kSelf, kept, &gone) == -ESTALE);
  CHECK(store->unlink(kSelf, kRootInode, "late") == 0);
  fd = mount.kernel.open(rest.result.backing);
  CHECK(fillDisk(fd) >= spare + 2 * kPages * 4096 - 64 * 1024);
  ::close(fd);
  mount.close(most);
  mount.close(rest);
}

}  // namespace
}  // namespace ram
