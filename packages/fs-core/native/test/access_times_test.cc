// What is nobody's access leaves atime alone: the store's own mappings, copies and changes of kind.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "clock.h"
#include "locks.h"
#include "passing_mount.h"

namespace ram {
namespace {

constexpr int64_t kLongAgo = 1'000'000'000;
constexpr uint64_t kLarge = 200'000;

int64_t ns(const Timestamp& time) { return time.seconds * 1'000'000'000 + time.nanoseconds; }

void awaitTick() {
  const int64_t before = ns(clockNow());
  while (ns(clockNow()) == before) continue;
}

void setAccessed(SmallStore& store, uint64_t inode) {
  SetAttributes change{};
  change.fields = kSetAccessed;
  change.accessed.seconds = kLongAgo;
  Attributes out;
  REQUIRE(store->setAttributes(kSelf, inode, change, &out) == 0);
}

// Which times `action` changes, as tools/fs-contract has it.
template <class Action>
std::string touched(SmallStore& store, uint64_t inode, Action action) {
  const Attributes before = store.stat(inode);
  awaitTick();
  action();
  const Attributes after = store.stat(inode);
  std::string times;
  if (ns(before.accessed) != ns(after.accessed)) times += " atime";
  if (ns(before.modified) != ns(after.modified)) times += " mtime";
  if (ns(before.changed) != ns(after.changed)) times += " ctime";
  return times;
}

TEST_CASE("writes that make a window of a large file change mtime and ctime only") {
  for (const BackingChoice backing : {BackingChoice::kAutomatic, BackingChoice::kMemfd}) {
    SmallStore store(16 << 20, backing);
    const uint64_t file = store.make("f");
    CHECK(store.write(file, 0, std::string(kLarge, '.')) == kLarge);
    for (int i = 0; i < 3; ++i) {
      CHECK(touched(store, file, [&] { store.write(file, 0, "text"); }) == " mtime ctime");
    }
    CHECK(store->content().windows() == 1);
    CHECK(touched(store, file, [&] { store.read(file); }) == " atime");
  }
}

// A window is for a blob file that is used twice in a row, and blob files are used again: that of
// a copy's target may have been the target of one before, by another file of the same stripe.
TEST_CASE("copies into empty files with the same blob file change mtime and ctime only") {
  SmallStore store(16 << 20);
  Mount mount(store);
  if (!passes(mount)) return;
  const uint64_t source = store.make("source");
  CHECK(store.write(source, 0, "content") == 7);
  std::vector<Mount::Open> targets;
  for (int i = 0; i < 4; ++i) {
    const Mount::Open target = mount.create("target", O_WRONLY);
    REQUIRE(target.result.backing > 0);
    targets.push_back(target);
    const auto copy = [&] {
      CHECK(store->copyRange(mount.caller, source, 0, target.inode, 0, 7, 0) == 7);
    };
    CHECK(touched(store, target.inode, copy) == " mtime ctime");
    CHECK(InodeLocks::stripe(target.inode) == InodeLocks::stripe(targets[0].inode));
    CHECK(target.result.backing == targets[0].result.backing);
    CHECK(store->unlink(kSelf, kRootInode, "target") == 0);
    store->forget(mount.caller, target.inode, 1);
    mount.close(target);
  }
}

TEST_CASE("a copy from one blob file into an empty other changes its mtime and ctime only") {
  SmallStore store(16 << 20);
  Mount mount(store);
  if (!passes(mount)) return;
  const uint64_t source = store.make("source");
  const std::string bytes(kLarge, 's');
  CHECK(store.write(source, 0, bytes) == kLarge);
  for (const bool old : {false, true}) {
    const Mount::Open target = mount.create(old ? "old" : "new", O_WRONLY);
    REQUIRE(target.result.backing > 0);
    if (old) setAccessed(store, target.inode);
    const auto copy = [&] {
      CHECK(store->copyRange(mount.caller, source, 0, target.inode, 5, kLarge, 0) == kLarge);
    };
    CHECK(touched(store, target.inode, copy) == " mtime ctime");
    CHECK(store.stat(target.inode).size == kLarge + 5);
    CHECK(store.stat(target.inode).blocks == (kLarge + 5 + 4095) / 4096 * 8);
    CHECK(touched(store, target.inode, [&] { mount.close(target); }) == "");
    CHECK(store.read(target.inode) == std::string(5, '\0') + bytes);
  }
}

TEST_CASE("making a view and growing under it change no access time") {
  for (const bool writable : {false, true}) {
    CAPTURE(writable);
    SmallStore store(16 << 20);
    const uint64_t file = store.make("f");
    CHECK(store.write(file, 0, std::string(kLarge, '.')) == kLarge);
    View view{};
    const auto map = [&] { CHECK(store->mapView(file, writable, &view) == 0); };
    CHECK(touched(store, file, map) == "");
    SetAttributes change{};
    change.fields = kSetSize;
    Attributes out;
    CHECK(store->setAttributes(kSelf, file, change, &out) == 0);
    const auto grow = [&] { CHECK(store.write(file, 100'000, "end") == 3); };
    CHECK(touched(store, file, grow) == " mtime ctime");
    change.size = kLarge;
    const auto stretch = [&] { CHECK(store->setAttributes(kSelf, file, change, &out) == 0); };
    CHECK(touched(store, file, stretch) == " mtime ctime");
    ViewRegistry::unmap(view.id);
  }
}

TEST_CASE("a view of a file with holes that a kernel has just begun changes no time") {
  SmallStore store(16 << 20);
  Mount mount(store);
  if (!passes(mount)) return;
  for (const bool old : {false, true}) {
    CAPTURE(old);
    const Mount::Open file = mount.create(old ? "old" : "new", O_WRONLY);
    REQUIRE(file.result.backing > 0);
    if (old) {
      mount.close(file);
      setAccessed(store, file.inode);
    }
    const Mount::Open writer = old ? mount.open(file.inode, O_WRONLY) : file;
    REQUIRE(writer.result.backing > 0);
    const int fd = mount.kernel.open(writer.result.backing);
    CHECK(::pwrite(fd, "end", 3, kLarge) == 3);
    ::close(fd);
    View view{};
    const auto map = [&] { CHECK(store->mapView(file.inode, false, &view) == 0); };
    CHECK(touched(store, file.inode, map) == "");
    CHECK(store.stat(file.inode).blocks == (kLarge + 3 + 4095) / 4096 * 8);
    mount.close(writer);
    ViewRegistry::unmap(view.id);
  }
}

TEST_CASE("a file that can't become a slab again for lack of room was not accessed") {
  SmallStore store(8 << 20);
  Mount mount(store);
  if (!passes(mount)) return;
  const Mount::Open most = mount.create("most", O_WRONLY);
  const Mount::Open file = mount.create("f", O_WRONLY);
  const int fd = mount.kernel.open(file.result.backing);
  const std::string bytes(20'000, 'f');
  CHECK(::pwrite(fd, bytes.data(), bytes.size(), 0) == 20'000);
  CHECK(store.stat(file.inode).size == 20'000);
  struct stat status;
  REQUIRE(::fstat(fd, &status) == 0);
  const timespec times[2] = {{kLongAgo, 0}, status.st_mtim};
  REQUIRE(::futimens(fd, times) == 0);
  ::close(fd);
  const int filler = mount.kernel.open(most.result.backing);
  const std::string piece(4096, 'x');
  for (off_t at = 0; ::pwrite(filler, piece.data(), piece.size(), at) > 0; at += 4096) continue;
  ::close(filler);
  CHECK(touched(store, file.inode, [&] { mount.close(file); }) == "");
  CHECK(store->content().passed().fd(store->segment().inode(file.inode)->content) >= 0);
  CHECK(store.read(file.inode) == bytes);
  mount.close(most);
}

TEST_CASE("a file that can't move to disk was not accessed") {
  const int directory = ::open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  for (const uint64_t size : {uint64_t{100}, uint64_t{20'000}, kLarge}) {
    CAPTURE(size);
    SmallStore store(16 << 20, BackingChoice::kTmpfs);
    const uint64_t file = store.make("f");
    CHECK(store.write(file, 0, std::string(size, '.')) == static_cast<int64_t>(size));
    rlimit before;
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
    const auto fail = [&] {
      // Two descriptors are left, where it takes three: of the directory, the file, and its own.
      const int next = ::dup(directory);
      const rlimit less{static_cast<rlim_t>(next) + 3, before.rlim_max};
      ::setrlimit(RLIMIT_NOFILE, &less);
      const int set = store->setSpill(file, 10, directory);  // no CHECK: UBSan makes pipes
      ::setrlimit(RLIMIT_NOFILE, &before);
      ::close(next);
      CHECK(set == 0);
      StoreUsage usage{};
      CHECK(store->usage(&usage) == 0);
      CHECK(usage.externalBytes == 0);
    };
    CHECK(touched(store, file, fail) == "");
    CHECK(touched(store, file, [&] { store.read(file); }) == " atime");
  }
  ::close(directory);
}

TEST_CASE("a file on disk that begins in memory again keeps its access time") {
  char path[] = "/tmp/ram-access-test-XXXXXX";
  REQUIRE(::mkdtemp(path) != nullptr);
  const int directory = ::open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  SmallStore store(16 << 20, BackingChoice::kTmpfs);
  const uint64_t file = store.make("f");
  CHECK(store->setSpill(file, 10'000, directory) == 0);
  CHECK(store.write(file, 0, std::string(kLarge, '.')) == kLarge);
  setAccessed(store, file);
  SetAttributes cut{};
  cut.fields = kSetSize;
  Attributes out;
  CHECK(touched(store, file, [&] { store->setAttributes(kSelf, file, cut, &out); }) ==
        " mtime ctime");
  CHECK(out.accessed.seconds == kLongAgo);
  ::close(directory);
  ::rmdir(path);
}

}  // namespace
}  // namespace ram
