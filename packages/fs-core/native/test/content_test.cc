#include "content.h"

#include <doctest/doctest.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "small_store.h"

namespace ram {
namespace {

constexpr uint64_t kMiB = 1 << 20;
constexpr uint64_t kPage = 4096;

InodeRecord* recordOf(SmallStore& store, uint64_t inode) { return store->segment().inode(inode); }

std::string pattern(size_t length, unsigned seed = 0) {
  std::string text(length, '\0');
  for (size_t i = 0; i < length; ++i) text[i] = static_cast<char>('a' + (i * 7 + seed) % 26);
  return text;
}

// Writes pieces until nothing more fits; returns the bytes written.
uint64_t fill(SmallStore& store, uint64_t inode, uint64_t piece) {
  const std::string bytes = pattern(piece);
  uint64_t at = store.stat(inode).size;
  const uint64_t start = at;
  for (;;) {
    const int64_t n = store.write(inode, at, bytes);
    if (n < 0) {
      CHECK(n == -ENOSPC);
      return at - start;
    }
    at += static_cast<uint64_t>(n);
  }
}

uint64_t freeBytes(SmallStore& store) {
  StoreUsage usage{};
  CHECK(store->usage(&usage) == 0);
  CHECK(usage.usedBytes + usage.freeBytes == usage.maxBytes);
  return usage.freeBytes;
}

void removeFile(SmallStore& store, const std::string& name) {
  REQUIRE(store->unlink(kSelf, kRootInode, name) == 0);
}

TEST_CASE("a disk is full at exactly its limit, the rest stays intact, a delete makes room") {
  for (const BackingChoice backing : {BackingChoice::kTmpfs, BackingChoice::kMemfd}) {
    for (const uint64_t piece : {700u, 4096u, 10000u, 300000u}) {
      CAPTURE(piece);
      SmallStore store(2 * kMiB, backing);
      const uint64_t kept = store.make("kept");
      store.write(kept, 0, pattern(5000, 3));
      const uint64_t large = store.make("large");
      const uint64_t length = fill(store, large, piece);
      CHECK(freeBytes(store) < kPage);
      CHECK(length > 1900000 - 300000);
      CHECK(store.stat(large).size == length);
      CHECK((store.read(kept) == pattern(5000, 3)));
      CHECK(store.write(kept, 100, "still writable") == 14);
      removeFile(store, "kept");
      CHECK(store.write(large, length, std::string(kPage, 'x')) > 0);
      removeFile(store, "large");
      const uint64_t again = store.make("again");
      CHECK(store.write(again, 0, pattern(1800000)) == 1800000);
      CHECK((store.read(again) == pattern(1800000)));
    }
  }
}

TEST_CASE("a write to a full disk that has no room for a byte changes nothing") {
  SmallStore store(kMiB);
  const uint64_t victim = store.make("victim");
  store.write(victim, 0, pattern(2 * kPage));
  fill(store, store.make("filler"), kPage);
  const Attributes before = store.stat(victim);
  CHECK(store.write(victim, 2 * kPage, "x") == -ENOSPC);
  CHECK(store.write(victim, 200000, "x") == -ENOSPC);
  CHECK(store->allocate(kSelf, victim, 0, 0, 20 * kPage, 0) == -ENOSPC);
  CHECK(store->allocate(kSelf, victim, 0, 0, 200 * kPage, FALLOC_FL_KEEP_SIZE) == -ENOSPC);
  const Attributes after = store.stat(victim);
  CHECK(after.size == before.size);
  CHECK(after.blocks == before.blocks);
  CHECK((store.read(victim) == pattern(2 * kPage)));
  CHECK(store.write(victim, 2 * kPage - 2, "xyz") == 2);
}

TEST_CASE("a file that can't become a blob file goes on in pages, and becomes one later") {
  SmallStore store(kMiB);
  const uint64_t file = store.make("file");
  const std::string bytes = pattern(60000);
  store.write(file, 0, bytes);
  const uint64_t filler = store.make("filler");
  while (freeBytes(store) > 8 * kPage) {
    store.write(filler, store.stat(filler).size, bytes.substr(0, kPage));
  }
  CHECK(recordOf(store, file)->kind == ContentKind::kPages);
  const uint64_t added = fill(store, file, 1000);
  CHECK(added > 4 * kPage);
  CHECK(60000 + added > Content::kSlabMax);
  CHECK(recordOf(store, file)->kind == ContentKind::kPages);
  CHECK(freeBytes(store) == 0);
  const std::string all = store.read(file);
  CHECK(all.substr(0, 60000) == bytes);
  CHECK(all.substr(60000, 1000) == pattern(1000));
  removeFile(store, "filler");
  CHECK(store.write(file, all.size(), "end") == 3);
  CHECK(recordOf(store, file)->kind == ContentKind::kFile);
  CHECK((store.read(file) == all + "end"));
}

TEST_CASE("deleting every second of many small files makes room for a large one") {
  for (const uint64_t size : {30u, 100u, 1024u, 1900u, 3000u, 10000u}) {
    CAPTURE(size);
    SmallStore store(4 * kMiB);
    uint64_t count = 0;
    for (;; ++count) {
      Attributes out;
      const std::string name = "f" + std::to_string(count);
      if (store->makeNode(kSelf, kRootInode, name, S_IFREG | 0644, 0, &out) < 0) break;
      if (store.write(out.inode, 0, pattern(size, static_cast<unsigned>(count))) !=
          static_cast<int64_t>(size)) {
        break;
      }
    }
    for (uint64_t i = 0; i < count; i += 2) removeFile(store, "f" + std::to_string(i));
    const uint64_t large = store.make("large");
    const uint64_t freed = count / 2 * std::min<uint64_t>(size, (size + 4095) / 4096 * 4096);
    const std::string bytes = pattern(freed * 8 / 10);
    uint64_t at = 0;
    while (at < bytes.size()) {  // a write that is short says that a second one may fit
      const int64_t n = store.write(large, at, bytes.substr(at));
      REQUIRE(n > 0);
      at += static_cast<uint64_t>(n);
    }
    CHECK((store.read(large) == bytes));
    for (uint64_t i = 1; i < count; i += 2) {
      const uint64_t inode = static_cast<uint64_t>(store.find("f" + std::to_string(i)));
      REQUIRE(store.read(inode) == pattern(size, static_cast<unsigned>(i)));
    }
  }
}

TEST_CASE("times move as on tmpfs, whatever the kind of content") {
  SmallStore store(8 * kMiB);
  const auto later = [](const Timestamp& a, const Timestamp& b) {
    return a.seconds != b.seconds ? a.seconds > b.seconds : a.nanoseconds > b.nanoseconds;
  };
  for (const uint64_t size : {10u, 5000u, 100000u}) {
    CAPTURE(size);
    const uint64_t file = store.make("t" + std::to_string(size));
    store.write(file, 0, pattern(size));
    SetAttributes change{};
    Attributes out;
    change.fields = kSetAccessed | kSetModified;
    change.accessed = {1000, 1};
    change.modified = {2000, 2};
    CHECK(store->setAttributes(kSelf, file, change, &out) == 0);
    CHECK(out.accessed.seconds == 1000);
    CHECK(out.modified.nanoseconds == 2);
    CHECK(out.changed.seconds > 1000000);

    store.read(file);  // older than mtime: relatime moves it
    const Attributes read = store.stat(file);
    CHECK(read.accessed.seconds > 1000000);
    CHECK(read.modified.seconds == 2000);

    // Another kind of content keeps the times.
    Attributes before = store.stat(file);
    CHECK(store->content().promote(file, recordOf(store, file)) == 0);
    Attributes after = store.stat(file);
    CHECK(after.accessed.seconds == before.accessed.seconds);
    CHECK(after.modified.nanoseconds == 2);
    CHECK(!later(after.changed, before.changed));
    CHECK(!later(before.changed, after.changed));

    // An explicit earlier ctime holds; a write by the kernel shows.
    CHECK(store->content().settle(file, recordOf(store, file)) == 0);
    change.fields = kSetChanged;
    change.changed = {3000, 3};
    CHECK(store->setAttributes(kSelf, file, change, &out) == 0);
    CHECK(out.changed.seconds == 3000);
    const int fd = store->backing().openBlob(recordOf(store, file)->content);
    struct timespec pause {0, 20'000'000};
    ::nanosleep(&pause, nullptr);  // longer than a tick of the kernel's coarse clock
    CHECK(::pwrite(fd, "kernel", 6, 0) == 6);
    ::close(fd);
    after = store.stat(file);
    CHECK(after.changed.seconds > 1000000);
    CHECK(after.modified.seconds > 1000000);
  }
}

TEST_CASE("ranges are copied between all kinds, short at the end, never onto themselves") {
  SmallStore store(16 * kMiB);
  const uint64_t sizes[] = {0, 1500, 30000, 200000};
  uint64_t number = 0;
  for (const uint64_t from : sizes) {
    for (const uint64_t to : sizes) {
      CAPTURE(from);
      CAPTURE(to);
      const uint64_t source = store.make("s" + std::to_string(number));
      const uint64_t target = store.make("t" + std::to_string(number++));
      if (from > 0) store.write(source, 0, pattern(from, 1));
      if (to > 0) store.write(target, 0, pattern(to, 2));
      const uint64_t at = to / 2;
      const uint64_t copied = from > 100 ? from - 100 : 0;
      CHECK(store->copyRange(kSelf, source, 100, target, at, 1000000) ==
            static_cast<ssize_t>(copied));
      std::string expected = to > 0 ? pattern(to, 2) : "";
      if (copied > 0) {
        expected.resize(std::max<uint64_t>(to, at + copied));
        expected.replace(at, copied, pattern(from, 1).substr(100));
      }
      CHECK((store.read(target) == expected));
    }
  }
  const uint64_t self = store.make("self");
  store.write(self, 0, pattern(10000));
  CHECK(store->copyRange(kSelf, self, 0, self, 5000, 5001) == -EINVAL);
  CHECK(store->copyRange(kSelf, self, 0, self, 5000, 5000) == 5000);
  CHECK((store.read(self) == pattern(5000) + pattern(5000)));
}

TEST_CASE("appending goes to the end, wherever that is") {
  SmallStore store(4 * kMiB);
  const uint64_t file = store.make("log");
  std::string expected;
  for (unsigned i = 0; i < 3000; ++i) {
    const std::string line = pattern(1 + i % 90, i);
    WriteResult out{};
    REQUIRE(store->write(kSelf, file, 0, 12345, line.data(), line.size(), kWriteAppend, &out) == 0);
    CHECK(out.offset == expected.size());
    expected += line;
  }
  CHECK(recordOf(store, file)->kind == ContentKind::kFile);
  CHECK((store.read(file) == expected));
}

TEST_CASE("a lent descriptor is the content until it is taken back") {
  SmallStore store(kMiB);
  const uint64_t file = store.make("lent");
  char path[] = "/tmp/ram-content-XXXXXX";
  const int fd = ::mkostemp(path, O_CLOEXEC);
  REQUIRE(fd >= 0);
  ::unlink(path);
  CHECK(::pwrite(fd, "on disk", 7, 0) == 7);
  Content& content = store->content();
  CHECK(content.lend(file, recordOf(store, file), fd) == 0);
  CHECK(store.read(file) == "on disk");
  CHECK(content.externalBytes() == 7);
  CHECK(store.write(file, 3, "DISK!") == 5);
  CHECK(store.stat(file).size == 8);
  char text[9] = {};
  CHECK(::pread(fd, text, 8, 0) == 8);
  CHECK(std::string(text) == "on DISK!");
  CHECK(content.lend(file, recordOf(store, file), fd) == -EBUSY);
  View view;
  CHECK(store->mapView(file, false, &view) == -EOPNOTSUPP);
  CHECK(content.unlend(file, recordOf(store, file), 77) == 0);
  CHECK(content.externalBytes() == 0);
  char byte;
  CHECK(store->read(kSelf, file, 0, 0, &byte, 1) == -EIO);
  CHECK(store.stat(file).size == 8);
  ::close(fd);
}

TEST_CASE("threads that write and remove on a full disk, which is compacted, mix up nothing") {
  SmallStore store(kMiB);
  const uint64_t filler = store.make("filler");
  store.write(filler, 0, std::string(600000, 'x'));
  std::atomic<int> wrong{0};
  std::atomic<int> full{0};
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      std::mt19937 random(t);
      for (unsigned i = 0; i < 3000; ++i) {
        const std::string name = std::to_string(t) + "-" + std::to_string(random() % 100);
        Attributes out;
        store->unlink(kSelf, kRootInode, name);
        if (store->makeNode(kSelf, kRootInode, name, S_IFREG | 0644, 0, &out) < 0) continue;
        const std::string bytes = pattern(1 + random() % (i % 20 == 0 ? 90000 : 1500), i);
        WriteResult result{};
        const int status =
            store->write(kSelf, out.inode, 0, 0, bytes.data(), bytes.size(), 0, &result);
        if (status < 0) {
          if (status != -ENOSPC) ++wrong;
          ++full;
          continue;
        }
        std::string back(bytes.size(), '\0');
        const ssize_t got = store->read(kSelf, out.inode, 0, 0, back.data(), back.size());
        if (got != static_cast<ssize_t>(result.length)) ++wrong;
        if (bytes.compare(0, result.length, back, 0, result.length) != 0) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
  CHECK(full > 0);
}

}  // namespace
}  // namespace ram
