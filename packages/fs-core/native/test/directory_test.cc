#include "directory.h"

#include <doctest/doctest.h>

#include <random>
#include <set>
#include <string>
#include <vector>

#include "small_store.h"

namespace ram {
namespace {

struct Collect : DirectoryVisitor {
  std::vector<std::string> names;
  std::vector<uint64_t> cookies;
  size_t most = SIZE_MAX;
  bool visit(const DirectoryEntry& entry) override {
    if (names.size() == most) return false;
    names.emplace_back(entry.name);
    cookies.push_back(entry.cookie);
    return true;
  }
};

// Reference vectors of SipHash-1-3 with the key 00 01 … 0f, of the authors' vectors_siphash13
// (also in the Rust standard library's tests).
TEST_CASE("SipHash-1-3 gives the published values") {
  const uint64_t key[2] = {0x0706050403020100, 0x0f0e0d0c0b0a0908};
  CHECK(sipHash(key, "") == 0xabac0158050fc4dc);
  const char bytes[] = {0, 1, 2, 3, 4, 5, 6, 7, 8};
  CHECK(sipHash(key, {bytes, 1}) == 0xc9f49bf37d57ca93);
}

TEST_CASE("a directory agrees with a set of names through random changes") {
  SmallStore store(64 << 20);
  std::mt19937 random(11);
  std::set<std::string> model;
  for (int round = 0; round < 20000; ++round) {
    const std::string name = "name" + std::to_string(random() % 3000);
    if (random() % 100 < 55) {
      Attributes out;
      const int status = store->makeNode(kSelf, kRootInode, name, S_IFREG | 0600, 0, &out);
      REQUIRE(status == (model.insert(name).second ? 0 : -EEXIST));
    } else {
      const int status = store->unlink(kSelf, kRootInode, name);
      REQUIRE(status == (model.erase(name) == 1 ? 0 : -ENOENT));
    }
    if (round % 4000 == 0) store.checkSound();
  }
  Collect all;
  REQUIRE(store->readDirectory(kSelf, kRootInode, 0, false, &all) == 0);
  CHECK(std::set<std::string>(all.names.begin() + 2, all.names.end()) == model);
  CHECK(all.names.size() == model.size() + 2);
  CHECK(store.stat(kRootInode).size == model.size() * 20);
}

TEST_CASE("a reader sees every entry that stays, once, while others are removed and made") {
  SmallStore store(64 << 20);
  for (int i = 0; i < 5000; ++i) store.make("stays" + std::to_string(i));
  for (int i = 0; i < 5000; ++i) store.make("goes" + std::to_string(i));
  std::multiset<std::string> seen;
  uint64_t cookie = 0;
  int removed = 0;
  int made = 0;
  for (;;) {
    Collect some;
    some.most = 37;
    REQUIRE(store->readDirectory(kSelf, kRootInode, cookie, false, &some) == 0);
    if (some.names.empty()) break;
    cookie = some.cookies.back();
    for (const std::string& name : some.names) {
      if (name.starts_with("stays")) seen.insert(name);
    }
    for (int i = 0; i < 60 && removed < 5000; ++i) {
      REQUIRE(store->unlink(kSelf, kRootInode, "goes" + std::to_string(removed++)) == 0);
    }
    for (int i = 0; i < 20 && made < 2000; ++i) store.make("new" + std::to_string(made++));
  }
  CHECK(seen.size() == 5000);
  CHECK(std::set<std::string>(seen.begin(), seen.end()).size() == 5000);
}

// What a look-up costs is the places of the index that it visits; they don't grow with the names.
TEST_CASE("a directory of 300,000 names is looked up in as few steps as one of 10") {
  SmallStore store(256 << 20);
  for (const int names : {10, 300'000}) {
    CAPTURE(names);
    const uint64_t inode = store.make("d" + std::to_string(names), S_IFDIR | 0755);
    for (int i = 0; i < names; ++i) store.make("name" + std::to_string(i), S_IFREG, inode);
    const InodeRecord* record = store->segment().inode(inode);
    auto* table = store->segment().at<DirectoryTable>(static_cast<HeapRef>(record->content));
    const auto* index = reinterpret_cast<const uint32_t*>(table->slots + table->capacity);
    uint64_t steps = 0;
    for (uint32_t at = 0; at < table->indexSize; ++at) {
      if (index[at] == 0 || index[at] == kIndexDeleted) continue;
      const uint32_t home = table->slots[index[at] - 1].hash;
      steps += ((at - home) & (table->indexSize - 1)) + 1;
    }
    CHECK(steps < uint64_t{4} * static_cast<uint64_t>(names));
  }
}

TEST_CASE("memory of a directory comes back when its names go") {
  SmallStore store(64 << 20);
  StoreUsage before;
  REQUIRE(store->usage(&before) == 0);
  for (int i = 0; i < 50000; ++i) store.make("f" + std::to_string(i));
  for (int i = 0; i < 50000; ++i) {
    REQUIRE(store->unlink(kSelf, kRootInode, "f" + std::to_string(i)) == 0);
  }
  StoreUsage after;
  REQUIRE(store->usage(&after) == 0);
  CHECK(after.usedBytes <= before.usedBytes + 64 * 1024);
  CHECK(after.inodes == before.inodes);
}

}  // namespace
}  // namespace ram
