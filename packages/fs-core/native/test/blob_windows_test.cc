#include "blob_windows.h"

#include <doctest/doctest.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <unistd.h>

#include <atomic>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "clock.h"
#include "small_store.h"

namespace ram {
namespace {

constexpr uint64_t kMiB = 1 << 20;
constexpr uint64_t kPage = 4096;

std::string pageOf(char fill) { return std::string(kPage, fill); }

std::string readAt(SmallStore& store, uint64_t inode, uint64_t offset, size_t length) {
  std::string bytes(length, '?');
  const ssize_t n = store->read(kSelf, inode, 0, offset, bytes.data(), length);
  CHECK(n >= 0);
  bytes.resize(n < 0 ? 0 : static_cast<size_t>(n));
  return bytes;
}

int resize(SmallStore& store, uint64_t inode, uint64_t size) {
  SetAttributes change{};
  Attributes out;
  change.fields = kSetSize;
  change.size = size;
  return store->setAttributes(kSelf, inode, change, &out);
}

int punch(SmallStore& store, uint64_t inode, uint64_t offset, uint64_t length) {
  return store->allocate(kSelf, inode, 0, offset, length,
                         FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE);
}

void fillDisk(SmallStore& store) {
  const uint64_t filler = store.make("filler");
  for (uint64_t at = 0; store.write(filler, at, pageOf('f')) > 0; at += kPage) {
  }
}

// A large file that has a window and is all `fill`.
uint64_t makeWindowed(SmallStore& store, const char* name, uint64_t size, char fill = '.') {
  const uint64_t file = store.make(name);
  store.write(file, 0, std::string(size, fill));
  for (int i = 0; i < 3; ++i) readAt(store, file, 0, kPage);
  return file;
}

int64_t nanoseconds(const Timestamp& t) { return t.seconds * 1'000'000'000 + t.nanoseconds; }

void awaitTick() {
  const uint64_t before = BlobWindows::tick();
  while (BlobWindows::tick() == before) {
  }
}

TEST_CASE("a large file that is used again gets a window, one that is used once does not") {
  SmallStore store(8 * kMiB);
  const uint64_t once = store.make("once");
  store.write(once, 0, std::string(kMiB, 'o'));
  CHECK(store->content().windows() == 0);
  const uint64_t file = makeWindowed(store, "f", kMiB);
  CHECK(store->content().windows() == 1);
  CHECK(store->unlink(kSelf, kRootInode, "f") == 0);
  CHECK(store->content().windows() == 0);
  CHECK(store.find("f") == -ENOENT);
  CHECK(file != once);
}

TEST_CASE("random reads, writes, cuts and holes of a windowed file are those of a model") {
  for (const BackingChoice backing : {BackingChoice::kAutomatic, BackingChoice::kMemfd}) {
    SmallStore store(32 * kMiB, backing);
    const uint64_t file = store.make("f");
    std::string model(300'000, '\0');
    std::mt19937 random(20261120);
    const auto below = [&](uint64_t n) -> uint64_t { return random() % n; };
    store.write(file, 0, model);
    for (int step = 0; step < 4000; ++step) {
      const uint64_t offset = below(1'000'000);
      const size_t length = 1 + below(below(4) == 0 ? 100'000 : 5000);
      const uint64_t what = below(20);
      if (what < 9) {
        const std::string expected =
            offset >= model.size() ? std::string() : model.substr(offset, length);
        REQUIRE(readAt(store, file, offset, length) == expected);
      } else if (what < 17) {
        const std::string bytes(length, static_cast<char>('a' + step % 26));
        if (model.size() < offset + length) model.resize(offset + length);
        model.replace(offset, length, bytes);
        REQUIRE(store.write(file, offset, bytes) == static_cast<int64_t>(length));
      } else if (what == 17) {
        model.resize(offset);
        REQUIRE(resize(store, file, offset) == 0);
      } else {
        if (offset < model.size()) {
          const size_t n = std::min<size_t>(length, model.size() - offset);
          model.replace(offset, n, std::string(n, '\0'));
        }
        REQUIRE(punch(store, file, offset, length) == 0);
      }
    }
    CHECK(store.read(file) == model);
  }
}

TEST_CASE("on a full disk a hole in a windowed file is zeros to readers and ENOSPC to writers") {
  SmallStore store(4 * kMiB);
  const uint64_t file = makeWindowed(store, "f", 512 * 1024);
  for (int i = 0; i < 3; ++i) store.write(file, 64 * kPage, pageOf('w'));
  REQUIRE(punch(store, file, 64 * kPage, 8 * kPage) == 0);
  fillDisk(store);
  const uint64_t blocks = store.stat(file).blocks;
  for (int i = 0; i < 4; ++i) {
    CHECK(readAt(store, file, 65 * kPage, kPage) == std::string(kPage, '\0'));
    CHECK(store.write(file, 66 * kPage, pageOf('x')) == -ENOSPC);
    CHECK(store.write(file, 3 * kPage, pageOf('y')) == static_cast<int64_t>(kPage));
    CHECK(readAt(store, file, 3 * kPage, kPage) == pageOf('y'));
  }
  CHECK(store.stat(file).blocks == blocks);
}

TEST_CASE("times of a windowed file move as the kernel moves them") {
  SmallStore store(8 * kMiB);
  const uint64_t file = makeWindowed(store, "f", kMiB);
  int64_t last = nanoseconds(store.stat(file).modified);
  for (int i = 0; i < 5; ++i) {
    awaitTick();
    const int64_t before = static_cast<int64_t>(BlobWindows::tick());
    for (int n = 0; n < 10; ++n) store.write(file, kPage, pageOf('m'));
    const Attributes now = store.stat(file);
    CHECK(nanoseconds(now.modified) > last);
    CHECK(nanoseconds(now.modified) >= before);
    CHECK(nanoseconds(now.changed) == nanoseconds(now.modified));
    last = nanoseconds(now.modified);
    readAt(store, file, kPage, 10);
    CHECK(nanoseconds(store.stat(file).accessed) >= last);
  }
}

TEST_CASE("a time that was set does not outlive the next write or read") {
  SmallStore store(8 * kMiB);
  const uint64_t file = makeWindowed(store, "f", kMiB);
  for (int i = 0; i < 10; ++i) {
    for (int n = 0; n < 3; ++n) store.write(file, 0, pageOf('a'));
    SetAttributes past{};
    past.fields = kSetAccessed | kSetModified;
    past.accessed = past.modified = {1000, 0};
    Attributes out;
    REQUIRE(store->setAttributes(kSelf, file, past, &out) == 0);
    CHECK(nanoseconds(out.modified) == 1000'000'000'000);
    store.write(file, 0, pageOf('b'));
    readAt(store, file, 0, 1);
    CHECK(nanoseconds(store.stat(file).modified) > 1000'000'000'000);
    CHECK(nanoseconds(store.stat(file).accessed) > 1000'000'000'000);
  }
}

TEST_CASE("files whose numbers share a lock share one window, and never bytes") {
  SmallStore store(16 * kMiB);
  std::vector<uint64_t> files;
  for (int i = 0; files.size() < 2; ++i) {
    const uint64_t inode = store.make("n" + std::to_string(i));
    if (files.empty() || inode % 256 == files[0] % 256) files.push_back(inode);
  }
  for (size_t f = 0; f < 2; ++f) store.write(files[f], 0, std::string(kMiB, 'A' + char(f)));
  for (int i = 0; i < 2000; ++i) {
    const size_t f = i % 7 == 0 ? 1 : i / 500 % 2;
    const uint64_t at = static_cast<uint64_t>(i) % 256 * kPage;
    CHECK(readAt(store, files[f], at, kPage) == pageOf('A' + char(f)));
    store.write(files[f], at, pageOf('A' + char(f)));
    CHECK(store->content().windows() <= 1);
  }
  CHECK(store->content().windows() == 1);
  CHECK(store.read(files[0]) == std::string(kMiB, 'A'));
  CHECK(store.read(files[1]) == std::string(kMiB, 'B'));
}

TEST_CASE("what is written to the blob file by others is seen, also when it grows") {
  SmallStore store(16 * kMiB);
  const uint64_t file = makeWindowed(store, "f", kMiB);
  const int fd = store->backing().openBlob(store->segment().inode(file)->content);
  REQUIRE(fd >= 0);
  const std::string other = pageOf('k');
  REQUIRE(::pwrite(fd, other.data(), kPage, 5 * kPage) == static_cast<ssize_t>(kPage));
  REQUIRE(::pwrite(fd, other.data(), kPage, 300 * kPage) == static_cast<ssize_t>(kPage));
  for (int i = 0; i < 3; ++i) {
    CHECK(readAt(store, file, 5 * kPage, kPage) == other);
    CHECK(readAt(store, file, 300 * kPage, 2 * kPage) == other);
    CHECK(readAt(store, file, 299 * kPage, kPage) == std::string(kPage, '\0'));
  }
  CHECK(store.stat(file).size == 301 * kPage);
  ::close(fd);
}

TEST_CASE("readers and writers run on while others cut, grow and unlink") {
  SmallStore store(32 * kMiB);
  std::vector<uint64_t> files;
  for (int i = 0; i < 3; ++i) {
    files.push_back(makeWindowed(store, ("f" + std::to_string(i)).c_str(), kMiB));
  }
  OpenResult opened;  // keeps the inode while its name goes
  REQUIRE(store->open(kSelf, files[2], O_RDWR, 0, &opened) == 0);
  std::atomic<bool> over{false};
  std::atomic<int> mixed{0};
  std::vector<std::thread> threads;
  for (uint32_t t = 0; t < 3; ++t) {
    threads.emplace_back([&, t] {
      std::string page(kPage, '?');
      for (uint32_t i = t; !over.load(std::memory_order_relaxed); ++i) {
        const uint64_t file = files[i % 3];
        const uint64_t at = i * 7 % 256 * kPage;
        if (t == 0) {
          page.assign(kPage, static_cast<char>('a' + i % 26));
          WriteResult out;
          store->write(kSelf, file, 0, at, page.data(), kPage, 0, &out);
          continue;
        }
        const ssize_t n = store->read(kSelf, file, 0, at, page.data(), kPage);
        for (ssize_t b = 1; b < n; ++b) mixed += page[size_t(b)] != page[0];
      }
    });
  }
  for (uint64_t i = 0; i < 300; ++i) {
    CHECK(resize(store, files[i % 2], i * 5 % 256 * kPage) == 0);
    CHECK(resize(store, files[i % 2], kMiB) == 0);
    if (i == 150) CHECK(store->unlink(kSelf, kRootInode, "f2") == 0);
  }
  over.store(true);
  for (std::thread& thread : threads) thread.join();
  CHECK(mixed == 0);
  store->close(kSelf, files[2], opened.handle);
  CHECK(store->content().windows() <= 2);
}

}  // namespace
}  // namespace ram
