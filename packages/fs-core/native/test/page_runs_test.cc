// Pages that are made and filled together.
#include <doctest/doctest.h>
#include <errno.h>

#include <string>

#include "small_store.h"

namespace ram {
namespace {

constexpr uint64_t kMiB = 1 << 20;
constexpr uint64_t kPage = 4096;

std::string pattern(size_t length, uint32_t seed) {
  std::string bytes(length, '\0');
  for (char& byte : bytes) byte = static_cast<char>((seed = seed * 1664525 + 1013904223) >> 24);
  return bytes;
}

TEST_CASE("a run of pages holds its bytes, on fresh pages and on used ones") {
  SmallStore store(8 * kMiB);
  for (int life = 0; life < 3; ++life) {
    for (uint32_t i = 0; i < 40; ++i) {
      const std::string bytes = pattern(64 * 1024 - i * 777, i + 1);
      const uint64_t file = store.make("f" + std::to_string(i));
      CHECK(store.write(file, 0, bytes) == static_cast<int64_t>(bytes.size()));
      CHECK(store.read(file) == bytes);
    }
    for (uint32_t i = 0; i < 40; i += 1) {
      CHECK(store->unlink(kSelf, kRootInode, "f" + std::to_string(i)) == 0);
    }
    store.checkSound();
  }
}

TEST_CASE("a run around pages that exist leaves their neighbours alone") {
  SmallStore store(8 * kMiB);
  const uint64_t file = store.make("f");
  std::string model(60 * 1024, '\0');
  const auto put = [&](uint64_t offset, const std::string& bytes) {
    CHECK(store.write(file, offset, bytes) == static_cast<int64_t>(bytes.size()));
    model.replace(offset, bytes.size(), bytes);
  };
  put(60 * 1024 - 1, "\1");
  put(5 * kPage + 100, pattern(200, 1));
  put(0, pattern(12 * kPage, 2));      // holes, a page, holes
  put(3 * kPage - 7, pattern(14, 3));  // across two pages of a run
  CHECK(store.read(file) == model);
}

TEST_CASE("a run that the disk has no room for is cut where the disk is full") {
  for (const BackingChoice backing : {BackingChoice::kAutomatic, BackingChoice::kMemfd}) {
    SmallStore store(2 * kMiB, backing);
    uint64_t total = 0;
    int64_t n = 0;
    for (int i = 0;; ++i) {
      const uint64_t file = store.make("f" + std::to_string(i));
      const std::string bytes = pattern(15 * kPage, static_cast<uint32_t>(i) + 9);
      n = store.write(file, 0, bytes);
      if (n <= 0) break;
      total += static_cast<uint64_t>(n);
      CHECK(store.read(file) == bytes.substr(0, static_cast<size_t>(n)));
      if (n < static_cast<int64_t>(bytes.size())) break;
    }
    CHECK(total > kMiB);
    StoreUsage usage;
    CHECK(store->usage(&usage) == 0);
    CHECK(usage.usedBytes + usage.freeBytes == 2 * kMiB);
    CHECK(usage.freeBytes < 4 * kPage);
    store.checkSound();
    CHECK(store->unlink(kSelf, kRootInode, "f0") == 0);
    const uint64_t file = store.make("again");
    CHECK(store.write(file, 0, pattern(15 * kPage, 1)) == static_cast<int64_t>(15 * kPage));
  }
}

}  // namespace
}  // namespace ram
