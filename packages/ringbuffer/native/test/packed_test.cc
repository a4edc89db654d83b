#include <doctest/doctest.h>

#include <atomic>
#include <cstring>
#include <numeric>
#include <thread>
#include <vector>

#include "packed_records.h"
#include "ring_file.h"

using namespace ram;
using namespace ram::ring;

namespace {

struct PackedRing {
  RingFile file;
  Control* control;

  explicit PackedRing(uint32_t kind, uint32_t capacity = 4096) {
    const char* failed = "";
    int fd = createRing(nullptr, kind, capacity, &failed);
    REQUIRE(fd >= 0);
    REQUIRE(file.map(fd) == 0);
    control = file.ring().control();
  }
  uint32_t units() const { return file.ring().capacityUnits(); }
};

PackedRecords packed(std::vector<uint8_t>& bytes, std::vector<uint32_t>& lengths,
                     std::vector<uint32_t>* types = nullptr) {
  return {bytes.data(), bytes.size(), lengths.data(), types == nullptr ? nullptr : types->data(),
          static_cast<uint32_t>(lengths.size())};
}

}  // namespace

TEST_CASE("packed records stop where the ring or the memory ends") {
  PackedRing ring(kKindSpsc);
  std::vector<uint8_t> bytes(100, 7);
  std::vector<uint32_t> lengths{30, 30, 30, 30};
  MovedRecords in = copyIn(ring.file.ring(), 0, ring.units(), packed(bytes, lengths), 5);
  CHECK(in.records == 3);
  CHECK(in.units == 3 * unitsOf(30));
  in = copyIn(ring.file.ring(), 0, unitsOf(30) + 1, packed(bytes, lengths), 5);
  CHECK(in.records == 1);

  std::vector<uint8_t> into(59);
  std::vector<uint32_t> got(4), types(4);
  uint32_t filled = 3 * unitsOf(30);
  MovedRecords out = copyOut(ring.file.ring(), 0, filled, packed(into, got, &types));
  CHECK(out.records == 1);
  CHECK(got[0] == 30);
  CHECK(types[0] == 5);
}

TEST_CASE("a header that can't be right is not believed") {
  PackedRing ring(kKindSpsc);
  std::vector<uint8_t> into(1 << 16);
  std::vector<uint32_t> got(4);
  for (uint32_t word : {kCommitted | kLengthMask, kReserved | 16u, kAborted | 16u,
                        kCommitted | 4096u, kCommitted | 33u}) {
    *ring.file.ring().header(0) = word;
    CHECK(copyOut(ring.file.ring(), 0, 3, packed(into, got)).records == 0);
  }
}

TEST_CASE("packed records between two threads keep their order and content") {
  PackedRing ring(kKindSpsc);
  constexpr uint32_t kRecords = 20'000;
  std::thread producer([&] {
    std::vector<uint32_t> lengths(16), types(16);
    for (uint32_t i = 0; i < 16; ++i) lengths[i] = i * 3;
    std::vector<uint8_t> bytes(16 * 15 / 2 * 3);
    uint32_t tail = 0;
    for (uint32_t next = 0; next < kRecords;) {
      uint32_t first = next % 16;
      for (uint32_t i = first; i < 16; ++i) types[i] = next + i - first;
      uint32_t head = atomic(ring.control->head).load(std::memory_order_acquire);
      PackedRecords from{bytes.data(), bytes.size(), &lengths[first], &types[first], 16 - first};
      MovedRecords in = copyIn(ring.file.ring(), tail, ring.units() - (tail - head), from, 0);
      next += in.records;
      tail += in.units;
      atomic(ring.control->tail).store(tail, std::memory_order_release);
    }
  });
  std::vector<uint8_t> into(300);
  std::vector<uint32_t> lengths(7), types(7);
  uint32_t head = 0;
  uint32_t next = 0;
  bool inOrder = true;
  while (next < kRecords) {
    uint32_t tail = atomic(ring.control->tail).load(std::memory_order_acquire);
    MovedRecords out =
        copyOut(ring.file.ring(), head, tail - head, packed(into, lengths, &types));
    for (uint32_t i = 0; i < out.records; ++i, ++next) {
      inOrder = inOrder && types[i] == next && lengths[i] == next % 16 * 3;
    }
    head += out.units;
    atomic(ring.control->head).store(head, std::memory_order_release);
  }
  CHECK(inOrder);
  producer.join();
}
