// Files without a byte that a kernel may write by itself: their times cost no system call, and are
// those of a file on tmpfs.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "clock.h"
#include "passing_mount.h"

namespace ram {
namespace {

constexpr int64_t kLongAgo = 1'000'000'000;

int64_t ns(const Timestamp& time) { return time.seconds * 1'000'000'000 + time.nanoseconds; }

void awaitTick(const Timestamp& before) {
  while (ns(clockNow()) == ns(before)) continue;
}

struct Blank {
  SmallStore store{16 << 20};
  Mount mount{store};

  // One whose times are long ago.
  uint64_t makeOld(const std::string& name = "old") {
    const uint64_t inode = store.make(name);
    SetAttributes times{};
    times.fields = kSetAccessed | kSetModified | kSetChanged;
    times.accessed.seconds = times.modified.seconds = times.changed.seconds = kLongAgo;
    Attributes out;
    REQUIRE(store->setAttributes(kSelf, inode, times, &out) == 0);
    return inode;
  }
  void checkTimes(uint64_t inode, const Attributes& as) {
    const Attributes now = store.stat(inode);
    CHECK(ns(now.accessed) == ns(as.accessed));
    CHECK(ns(now.modified) == ns(as.modified));
    CHECK(ns(now.changed) == ns(as.changed));
  }
};

TEST_CASE("the times of a file that was created and not written stay those of its creation") {
  Blank blank;
  if (!passes(blank.mount)) return;
  for (const int flags : {O_WRONLY, O_RDWR, O_WRONLY}) {
    const Mount::Open file = blank.mount.create("f" + std::to_string(flags), flags | O_TRUNC);
    REQUIRE(file.result.backing > 0);
    const Attributes made = blank.store.stat(file.inode);
    CHECK(ns(made.accessed) == ns(made.modified));
    CHECK(ns(made.changed) == ns(made.modified));
    awaitTick(clockNow());
    blank.checkTimes(file.inode, made);
    blank.mount.close(file);
    blank.checkTimes(file.inode, made);
    CHECK(blank.store->unlink(kSelf, kRootInode, "f" + std::to_string(flags)) == 0);
    blank.store->forget(blank.mount.caller, file.inode, 1);
  }
}

// Once a time was asked for, the next one of that file is a fine one, and none that a kernel gives
// after it may be earlier: new blob files are then ahead of the coarse clock.
TEST_CASE("an old empty file keeps its times where the kernel's clock is ahead of ours") {
  Blank blank;
  if (!passes(blank.mount)) return;
  std::vector<Mount::Open> opened;  // so that each gets a new blob file
  const int asked = ::memfd_create("asked", MFD_CLOEXEC);
  for (int i = 0; i < 20; ++i) {
    const uint64_t inode = blank.makeOld("old" + std::to_string(i));
    const Attributes old = blank.store.stat(inode);
    struct stat status;
    CHECK(::fstat(asked, &status) == 0);
    CHECK(::pwrite(asked, "x", 1, 0) == 1);
    const Mount::Open writer = blank.mount.open(inode, O_WRONLY);
    REQUIRE(writer.result.backing > 0);
    blank.checkTimes(inode, old);
    opened.push_back(writer);
  }
  for (const Mount::Open& writer : opened) blank.mount.close(writer);
  ::close(asked);
}

TEST_CASE("an old empty file that is opened for writing keeps its times until it is written") {
  Blank blank;
  if (!passes(blank.mount)) return;
  const uint64_t inode = blank.makeOld();
  const Attributes old = blank.store.stat(inode);
  const Mount::Open writer = blank.mount.open(inode, O_WRONLY);
  REQUIRE(writer.result.backing > 0);
  blank.checkTimes(inode, old);
  const Mount::Open reader = blank.mount.open(inode, O_RDONLY);
  CHECK(reader.result.backing == writer.result.backing);
  blank.checkTimes(inode, old);
  blank.mount.close(reader);
  blank.mount.close(writer);
  blank.checkTimes(inode, old);

  const Mount::Open again = blank.mount.open(inode, O_WRONLY);
  const int fd = blank.mount.kernel.open(again.result.backing);
  CHECK(::pwrite(fd, "text", 4, 0) == 4);
  ::close(fd);
  const Attributes written = blank.store.stat(inode);
  CHECK(ns(written.accessed) == ns(old.accessed));
  CHECK(written.modified.seconds > kLongAgo);
  CHECK(ns(written.changed) == ns(written.modified));
  blank.mount.close(again);
  blank.checkTimes(inode, written);
}

TEST_CASE("an access of an empty file shows, by whomever") {
  Blank blank;
  if (!passes(blank.mount)) return;
  const uint64_t inode = blank.makeOld();
  const Mount::Open open = blank.mount.open(inode, O_RDWR);
  const int fd = blank.mount.kernel.open(open.result.backing);
  char byte;
  CHECK(::pread(fd, &byte, 1, 0) == 0);
  CHECK(blank.store.stat(inode).accessed.seconds > kLongAgo);
  ::close(fd);
  blank.mount.close(open);
  CHECK(blank.store.stat(inode).accessed.seconds > kLongAgo);
  CHECK(blank.store.stat(inode).modified.seconds == kLongAgo);

  CHECK(blank.store->unlink(kSelf, kRootInode, "old") == 0);
  const uint64_t other = blank.makeOld();
  const Mount::Open writer = blank.mount.open(other, O_WRONLY);
  CHECK(blank.store->read(kSelf, other, 0, 0, &byte, 1) == 0);
  CHECK(blank.store.stat(other).accessed.seconds > kLongAgo);
  blank.mount.close(writer);
}

TEST_CASE("times and sizes that are set on an open empty file stay when it is written and closed") {
  Blank blank;
  if (!passes(blank.mount)) return;
  const Mount::Open file = blank.mount.create("f", O_WRONLY);
  SetAttributes change{};
  change.fields = kSetModified;
  change.modified.seconds = kLongAgo;
  Attributes out;
  REQUIRE(blank.store->setAttributes(blank.mount.caller, file.inode, change, &out) == 0);
  CHECK(out.modified.seconds == kLongAgo);
  const Timestamp accessed = out.accessed;
  blank.mount.close(file);
  CHECK(blank.store.stat(file.inode).modified.seconds == kLongAgo);
  CHECK(ns(blank.store.stat(file.inode).accessed) == ns(accessed));

  const Mount::Open next = blank.mount.create("next", O_WRONLY);
  change.fields = kSetSize;
  change.size = 10;
  REQUIRE(blank.store->setAttributes(blank.mount.caller, next.inode, change, &out) == 0);
  change.size = 0;
  REQUIRE(blank.store->setAttributes(blank.mount.caller, next.inode, change, &out) == 0);
  const Attributes cut = blank.store.stat(next.inode);
  CHECK(cut.size == 0);
  CHECK(ns(cut.modified) >= ns(cut.accessed));
  blank.mount.close(next);
  blank.checkTimes(next.inode, cut);
}

TEST_CASE("an emptied blob file is never given away while somebody may read it") {
  Blank blank;
  if (!passes(blank.mount)) return;
  const Mount::Open file = blank.mount.create("f", O_RDWR);
  const int kept = blank.mount.kernel.open(file.result.backing);  // as a mapping keeps it
  blank.mount.close(file);
  const Mount::Open other = blank.mount.create("other", O_WRONLY);
  const int fd = blank.mount.kernel.open(other.result.backing);
  CHECK(::pwrite(fd, "secret", 6, 0) == 6);
  char bytes[6];
  CHECK(::pread(kept, bytes, sizeof bytes, 0) == 0);
  ::close(kept);
  ::close(fd);
  blank.mount.close(other);
}

}  // namespace
}  // namespace ram
