// The process may die at any store of a content operation: whoever opens the segments then finds
// the old file or the new one, byte by byte, and nothing of what lay behind the end.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "small_store.h"

namespace ram {
namespace {

constexpr uint64_t kDiskBytes = 4 << 20;

void copyFile(int from, int to) {
  const off_t end = ::lseek(from, 0, SEEK_END);
  REQUIRE(::ftruncate(to, end) == 0);
  std::string buffer;
  for (off_t at = ::lseek(from, 0, SEEK_DATA); at >= 0; at = ::lseek(from, at, SEEK_DATA)) {
    const off_t hole = ::lseek(from, at, SEEK_HOLE);
    buffer.resize(static_cast<size_t>(hole - at));
    REQUIRE(::pread(from, buffer.data(), buffer.size(), at) == hole - at);
    REQUIRE(::pwrite(to, buffer.data(), buffer.size(), at) == hole - at);
    at = hole;
  }
}

// What a successor would find if the process died now.
Store* successorOf(Backing& original) {
  std::unique_ptr<Backing> fresh;
  const char* syscall = "";
  REQUIRE(Backing::make(BackingChoice::kTmpfs, kDiskBytes, true, &fresh, &syscall) == 0);
  copyFile(original.segmentFd(), fresh->segmentFd());
  std::vector<uint64_t> blobs;
  REQUIRE(original.listBlobs(&blobs) == 0);
  for (const uint64_t number : blobs) {
    const int from = original.openBlob(number);
    const int to = fresh->createBlob(number);
    copyFile(from, to);
    ::close(from);
    ::close(to);
  }
  Store* store = nullptr;
  REQUIRE(Store::adopt(std::move(fresh), false, &store) == 0);
  return store;
}

struct Seen {
  SmallStore* store;
  uint64_t inode;
  std::vector<std::string> contents;
  bool tailIsZero = true;

  static void onStore(void* context) {
    auto* self = static_cast<Seen*>(context);
    SmallStore successor(successorOf((*self->store)->backing()));
    const std::string bytes = successor.read(self->inode);
    self->contents.push_back(bytes);
    SetAttributes change{};
    Attributes out;
    change.fields = kSetSize;
    change.size = bytes.size() + 9000;
    CHECK(successor->setAttributes(kSelf, self->inode, change, &out) == 0);
    const std::string grown = successor.read(self->inode);
    self->tailIsZero = self->tailIsZero && grown == bytes + std::string(9000, '\0');
  }
};

char at(const std::string& bytes, size_t i) { return i < bytes.size() ? bytes[i] : '\0'; }

// Bytes within [from, to) may be of both files, all others are of the one whose size it has.
bool isOldOrNew(const std::string& seen, const std::string& before, const std::string& after,
                size_t from, size_t to) {
  const auto matches = [&](const std::string& file) {
    if (seen.size() != file.size()) return false;
    for (size_t i = 0; i < seen.size(); ++i) {
      if (seen[i] == file[i]) continue;
      const bool mixed = i >= from && i < to;
      if (!mixed || (seen[i] != at(before, i) && seen[i] != at(after, i))) return false;
    }
    return true;
  };
  return matches(before) || matches(after);
}

struct Change {
  std::string name;
  size_t from, to;  // the range that is overwritten
  int64_t status;
};

Change applyRandom(SmallStore& store, uint64_t inode, std::mt19937& random, uint64_t scale) {
  const uint64_t offset = random() % scale;
  const uint64_t length = 1 + random() % scale;
  const std::string range = std::to_string(offset) + "+" + std::to_string(length);
  SetAttributes change{};
  Attributes out;
  change.fields = kSetSize;
  change.size = random() % 4 == 0 ? 0 : offset;
  switch (random() % 6) {
    case 0:
    case 1: {
      const std::string bytes(length, static_cast<char>('a' + random() % 26));
      return {"write " + range, offset, offset + length, store.write(inode, offset, bytes)};
    }
    case 2:
      return {"truncate " + std::to_string(change.size), 0, 0,
              store->setAttributes(kSelf, inode, change, &out)};
    case 3:
      return {"allocate " + range, 0, 0, store->allocate(kSelf, inode, 0, offset, length, 0)};
    case 4:
      return {"punch " + range, offset, offset + length,
              store->allocate(kSelf, inode, 0, offset, length,
                              FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE)};
    default:
      return {"keep " + range, 0, 0,
              store->allocate(kSelf, inode, 0, offset, length, FALLOC_FL_KEEP_SIZE)};
  }
}

TEST_CASE("content: at every store a successor finds the old file or the new one") {
  const char* given = ::getenv("RAM_TEST_SEED");
  const uint32_t seed =
      given != nullptr ? static_cast<uint32_t>(::atoi(given)) : std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random(seed);
  for (const uint64_t scale : {300u, 2500u, 10000u, 50000u, 100000u}) {
    SmallStore store(kDiskBytes, BackingChoice::kTmpfs);
    const uint64_t inode = store.make("f");
    std::string history;
    for (int i = 0; i < 16; ++i) {
      const std::string before = store.read(inode);
      Seen seen{&store, inode, {}};
      store->journal().trace(Seen::onStore, &seen);
      const Change change = applyRandom(store, inode, random, scale);
      store->journal().trace(nullptr, nullptr);
      history += change.name + "; ";
      CAPTURE(history);
      REQUIRE(change.status >= 0);
      const std::string after = store.read(inode);
      for (const std::string& contents : seen.contents) {
        REQUIRE(isOldOrNew(contents, before, after, change.from, change.to));
      }
      REQUIRE(seen.tailIsZero);
    }
  }
}

}  // namespace
}  // namespace ram
