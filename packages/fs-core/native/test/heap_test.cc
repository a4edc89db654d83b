#include "heap.h"

#include <doctest/doctest.h>

#include <cstring>
#include <random>
#include <vector>

#include "small_store.h"

namespace ram {
namespace {

TEST_CASE("RunSet merges neighbours and hands out the best fit") {
  RunSet runs;
  runs.insert(10, 5);
  runs.insert(20, 2);
  runs.insert(15, 5);
  CHECK(runs.runs().size() == 1);
  CHECK(runs.pages() == 12);
  CHECK(runs.take(13) == 0);
  CHECK(runs.remove(12, 3));
  CHECK_FALSE(runs.remove(12, 3));
  CHECK(runs.take(2) == 10);
  CHECK(runs.take(7) == 15);
  CHECK(runs.pages() == 0);
}

TEST_CASE("allocations are zeroed, apart, and come back") {
  SmallStore store(8 << 20);
  Heap& heap = store->heap();
  Segment& segment = store->segment();
  std::mt19937 random(7);
  struct Live {
    HeapRef ref;
    uint64_t bytes;
    uint8_t fill;
  };
  std::vector<Live> live;
  const uint64_t before = heap.usedBytes();
  for (int round = 0; round < 20000; ++round) {
    if (live.size() < 400 && random() % 2 == 0) {
      const uint64_t bytes = 1 + random() % (random() % 8 == 0 ? 20000 : 2100);
      const HeapRef ref = heap.allocate(bytes);
      REQUIRE(ref != 0);
      const auto* memory = segment.at<uint8_t>(ref);
      for (uint64_t i = 0; i < bytes; ++i) REQUIRE(memory[i] == 0);
      const auto fill = static_cast<uint8_t>(1 + random() % 255);
      std::memset(segment.at<uint8_t>(ref), fill, bytes);
      live.push_back({ref, bytes, fill});
    } else if (!live.empty()) {
      const size_t at = random() % live.size();
      const auto* memory = segment.at<uint8_t>(live[at].ref);
      for (uint64_t i = 0; i < live[at].bytes; ++i) REQUIRE(memory[i] == live[at].fill);
      heap.free(live[at].ref, live[at].bytes);
      live[at] = live.back();
      live.pop_back();
    }
  }
  for (const Live& one : live) heap.free(one.ref, one.bytes);
  CHECK(heap.usedBytes() == before);
}

TEST_CASE("a full disk is reference 0, and what was freed can be had again") {
  SmallStore store(2 << 20);
  Heap& heap = store->heap();
  std::vector<uint32_t> pages;
  while (const uint32_t page = heap.allocatePage()) pages.push_back(page);
  CHECK(pages.size() > 300);
  CHECK(heap.allocate(5000) == 0);
  const size_t all = pages.size();
  for (size_t i = 0; i < all; i += 2) heap.freePage(pages[i]);
  for (size_t i = 0; i < all; i += 2) REQUIRE((pages[i] = heap.allocatePage()) != 0);
  CHECK(heap.allocatePage() == 0);
  for (const uint32_t page : pages) heap.freePage(page);
}

}  // namespace
}  // namespace ram
