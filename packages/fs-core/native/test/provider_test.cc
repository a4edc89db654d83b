// A provider as small as can be: it keeps evicted bytes in a map.
#include "provider.h"

#include <doctest/doctest.h>
#include <errno.h>
#include <fcntl.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "small_store.h"

namespace ram {
namespace {

class Shelf final : public Provider {
 public:
  ssize_t faultIn(uint64_t, uint64_t token, uint64_t offset, void* data,
                  size_t length) override {
    if (broken) return -EIO;
    const std::string& bytes = files[token];
    if (offset >= bytes.size()) return 0;
    const size_t n = std::min<size_t>({length, bytes.size() - offset, 100000});
    bytes.copy(static_cast<char*>(data), n, offset);
    return static_cast<ssize_t>(n);
  }
  void forget(uint64_t, uint64_t token) override { files.erase(token); }
  int sync(uint64_t, bool) override {
    ++synced;
    return 0;
  }
  int admit(uint64_t bytes) override {
    admitted += bytes;
    return 0;
  }
  void dirtied(uint64_t, uint64_t, uint64_t length) override { dirtiedBytes += length; }

  std::map<uint64_t, std::string> files;
  bool broken = false;
  int synced = 0;
  uint64_t admitted = 0;
  uint64_t dirtiedBytes = 0;
};

using Runs = std::vector<std::pair<uint64_t, uint64_t>>;

Runs dirtyRuns(SmallStore& store, uint64_t inode, uint32_t after, uint32_t upTo) {
  Runs runs;
  store->content().epochs().forEach(
      store->segment().inode(inode), after, upTo,
      [&](uint64_t offset, uint64_t length) { runs.emplace_back(offset, length); });
  return runs;
}

TEST_CASE("evicted files come back when they are touched, and cost nothing before") {
  SmallStore store(8 << 20);
  Shelf shelf;
  Content& content = store->content();
  content.attachProvider(&shelf);
  uint64_t token = 100;
  for (const size_t size : {size_t{0}, size_t{20}, size_t{5000}, size_t{60000}, size_t{400000}}) {
    CAPTURE(size);
    const uint64_t file = store.make("f" + std::to_string(size));
    std::string bytes(size, 'b');
    if (size > 0) bytes[size / 2] = 'M';
    if (size > 0) store.write(file, 0, bytes);
    InodeRecord* record = store->segment().inode(file);
    shelf.files[++token] = bytes;
    CHECK(content.evict(file, record, token) == 0);
    CHECK(record->kind == ContentKind::kAbsent);
    CHECK(store.stat(file).size == size);
    if (size == 400000) {
      shelf.broken = true;
      char byte;
      CHECK(store->read(kSelf, file, 0, 0, &byte, 1) == -EIO);
      CHECK(record->kind == ContentKind::kAbsent);
      shelf.broken = false;
    }
    CHECK((store.read(file) == bytes));
    CHECK((record->kind == ContentKind::kAbsent) == (size == 0));
    CHECK(shelf.files.count(token) == (size == 0 ? 1 : 0));

    shelf.files[++token] = bytes;
    CHECK(content.evict(file, record, token) == 0);
    CHECK(store.write(file, size, "tail") == 4);
    CHECK((store.read(file) == bytes + "tail"));
    CHECK(content.evict(file, record, ++token) == 0);
    SetAttributes cut{};
    Attributes out;
    cut.fields = kSetSize;
    CHECK(store->setAttributes(kSelf, file, cut, &out) == 0);
    CHECK(out.size == 0);
  }
  CHECK(shelf.admitted == 20 + 5000 + 60000 + 400000 + 5 * 4);
  CHECK(store->sync(kSelf, kRootInode, false) == 0);
  CHECK(shelf.synced == 1);
  content.attachProvider(nullptr);
}

TEST_CASE("a viewed file is not evicted") {
  SmallStore store(8 << 20);
  Shelf shelf;
  Content& content = store->content();
  content.attachProvider(&shelf);
  const uint64_t file = store.make("f");
  store.write(file, 0, "bytes");
  View view;
  REQUIRE(store->mapView(file, false, &view) == 0);
  CHECK(content.evict(file, store->segment().inode(file), 1) == -EBUSY);
  Store::unmapView(view.id);
  shelf.files[1] = "bytes";
  CHECK(content.evict(file, store->segment().inode(file), 1) == 0);
  CHECK(store.read(file) == "bytes");
  content.attachProvider(nullptr);
}

TEST_CASE("chunks are dirty in the epoch of their last change, and only with a provider") {
  constexpr uint64_t kChunk = kEpochChunkBytes;
  SmallStore store(8 << 20);
  Shelf shelf;
  Content& content = store->content();
  const uint64_t file = store.make("f");
  store.write(file, 0, std::string(5 * kChunk, 'x'));
  CHECK(store->segment().inode(file)->epochs == 0);
  content.attachProvider(&shelf);
  CHECK(dirtyRuns(store, file, 0, UINT32_MAX).empty());

  store.write(file, kChunk - 1, "ab");
  const uint32_t first = content.epochs().advance();
  store.write(file, 3 * kChunk, "c");
  const uint32_t second = content.epochs().advance();
  CHECK(second == first + 1);
  CHECK(dirtyRuns(store, file, 0, first) == Runs{{0, 2 * kChunk}});
  CHECK(dirtyRuns(store, file, first, second) == Runs{{3 * kChunk, kChunk}});

  SetAttributes cut{};
  Attributes out;
  cut.fields = kSetSize;
  cut.size = 4 * kChunk;
  CHECK(store->setAttributes(kSelf, file, cut, &out) == 0);
  CHECK(store->allocate(kSelf, file, 0, 2 * kChunk, kChunk, FALLOC_FL_ZERO_RANGE) == 0);
  CHECK(dirtyRuns(store, file, second, UINT32_MAX) ==
        Runs{{2 * kChunk, kChunk}, {4 * kChunk, kChunk}});
  CHECK(dirtyRuns(store, file, first, second) == Runs{{3 * kChunk, kChunk}});

  // Far out in a sparse file the rest shares a mark.
  CHECK(store.write(file, uint64_t{1} << 40, "far") == 3);
  const Runs far = dirtyRuns(store, file, second, UINT32_MAX);
  CHECK(far.back().first <= uint64_t{1} << 40);
  CHECK(far.back().first + far.back().second > uint64_t{1} << 40);
  content.attachProvider(nullptr);
}

}  // namespace
}  // namespace ram
