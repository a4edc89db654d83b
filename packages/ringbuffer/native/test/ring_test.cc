#include <doctest/doctest.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <initializer_list>
#include <memory>
#include <random>
#include <string>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include "ring_file.h"

namespace {

using namespace ram;
using namespace ram::ring;

std::unique_ptr<RingFile> openAgain(const RingFile& file) {
  auto opened = std::make_unique<RingFile>();
  int fd = openRingDescriptor(file.fd());
  REQUIRE(fd >= 0);
  REQUIRE(opened->map(fd) == 0);
  return opened;
}

std::unique_ptr<RingFile> makeRing(uint32_t kind, uint32_t capacity = 4096) {
  const char* call = "";
  int fd = createRing(nullptr, kind, capacity, &call);
  REQUIRE(fd >= 0);
  auto made = std::make_unique<RingFile>();
  REQUIRE(made->map(fd) == 0);
  return made;
}

struct Numbered {
  uint32_t id;
  uint32_t number;
  uint32_t again[14];
};

bool writeNumbered(Producer& producer, uint32_t id, uint32_t number) {
  Numbered record{};
  record.id = id;
  record.number = number;
  for (uint32_t& word : record.again) word = number;
  uint32_t length = 8 + 4 * (number % 15);
  Reservation made = producer.tryReserve(length);
  if (made.payload == nullptr) return false;
  memcpy(made.payload, &record, length);
  producer.commit(made, number);
  return true;
}

bool isWhole(const Record& record) {
  const auto* words = reinterpret_cast<const uint32_t*>(record.payload);
  for (uint32_t i = 1; i < record.length / 4; ++i) {
    if (words[i] != record.type) return false;
  }
  return record.length == 8 + 4 * (record.type % 15);
}

void waitForData(Ring ring, Consumer& consumer) {
  Record record;
  consumer.prepareWait();
  if (consumer.peek(&record) == Peek::kRecord) return;
  futexWait(&ring.control()->dataWaiting, 1, 20'000'000);
}

void waitForSpace(Ring ring) {
  atomic(ring.control()->spaceWaiting).store(1, std::memory_order_seq_cst);
  futexWait(&ring.control()->spaceWaiting, 1, 1'000'000);
}

// Threads that write; this one reads and checks the order of each.
void runThreads(uint32_t kind, uint32_t producers, uint32_t count) {
  auto file = makeRing(kind);
  Ring ring = file->ring();
  REQUIRE(file->attach(0, 1) > 0);
  // As fs-core does it: one token for all threads of the process.
  auto token = static_cast<uint32_t>(file->attach(1, 1));
  Producer producer(ring, token);
  std::vector<std::thread> threads;
  for (uint32_t id = 0; id < producers; ++id) {
    threads.emplace_back([&producer, ring, id, count] {
      for (uint32_t number = 0; number < count;) {
        if (writeNumbered(producer, id, number)) {
          ++number;
        } else {
          waitForSpace(ring);
        }
      }
    });
  }
  std::vector<uint32_t> next(producers, 0);
  Consumer consumer(ring);
  uint32_t wrong = 0;
  for (uint32_t got = 0; got < producers * count;) {
    Record record;
    Peek found = consumer.peek(&record);
    if (found != Peek::kRecord) {
      REQUIRE(found != Peek::kDamaged);
      waitForData(ring, consumer);
      continue;
    }
    uint32_t id = *reinterpret_cast<const uint32_t*>(record.payload);
    if (!isWhole(record) || record.type != next[id]++) ++wrong;
    consumer.consume();
    ++got;
  }
  CHECK(wrong == 0);
  for (std::thread& thread : threads) thread.join();
}

TEST_CASE("one producer thread and one consumer thread keep order and content") {
  runThreads(kKindSpsc, 1, 30'000);
}

TEST_CASE("four producer threads each keep their order") { runThreads(kKindMpsc, 4, 8'000); }

TEST_CASE("a shorter commit and an abort leave a ring that can be read on") {
  for (uint32_t kind : {kKindSpsc, kKindMpsc}) {
    auto file = makeRing(kind);
    Producer producer(file->ring(), static_cast<uint32_t>(file->attach(1, 1)));
    Consumer consumer(file->ring());
    Record record;
    Reservation made = producer.tryReserve(1000);
    producer.commit(made, 1, 10);
    producer.abort(producer.tryReserve(500));
    CHECK(producer.tryWrite("abc", 3, 2));
    REQUIRE(consumer.peek(&record) == Peek::kRecord);
    CHECK(record.length == 10);
    consumer.consume();
    REQUIRE(consumer.peek(&record) == Peek::kRecord);
    CHECK(std::string(reinterpret_cast<const char*>(record.payload), record.length) == "abc");
    consumer.consume();
    CHECK(consumer.peek(&record) == Peek::kNothing);
    CHECK(producer.tryReserve(5000).payload == nullptr);
  }
}

TEST_CASE("an ended ring takes nothing more; lost records are counted") {
  auto file = makeRing(kKindMpsc);
  Producer producer(file->ring(), static_cast<uint32_t>(file->attach(1, 1)));
  Consumer consumer(file->ring());
  while (producer.tryWrite("x", 1, 0)) continue;
  producer.countLost();
  producer.countLost();
  CHECK(consumer.takeLost() == 2);
  CHECK(consumer.takeLost() == 0);
  Record record;
  consumer.peek(&record);
  consumer.consume();
  file->ring().end();
  CHECK_FALSE(producer.tryWrite("x", 1, 0));
}

TEST_CASE("what lies in the ring is damaged: said, not followed") {
  auto file = makeRing(kKindSpsc);
  Producer producer(file->ring(), static_cast<uint32_t>(file->attach(1, 1)));
  Consumer consumer(file->ring());
  producer.tryWrite("abc", 3, 0);
  *file->ring().header(0) = kCommitted | 4000;
  Record record;
  CHECK(consumer.peek(&record) == Peek::kDamaged);
  file->ring().control()->tail = 1u << 20;
  CHECK(consumer.peek(&record) == Peek::kDamaged);
}

TEST_CASE("slots are exclusive, between openings and within one") {
  auto one = makeRing(kKindMpsc);
  auto two = openAgain(*one);
  int64_t token = one->attach(0, 1);
  REQUIRE(token > 0);
  CHECK(one->attach(0, 1) == -EBUSY);
  CHECK(two->attach(0, 1) == -EBUSY);
  CHECK_FALSE(two->isDead(static_cast<uint32_t>(token)));
  CHECK(two->isAttached(0));
  CHECK_FALSE(two->isAttached(1u << 31));
  CHECK_FALSE(two->isAbandoned(UINT32_MAX));
  one->detach(static_cast<uint32_t>(token));
  CHECK(two->isDead(static_cast<uint32_t>(token)));
  CHECK_FALSE(two->isAbandoned(0));
  CHECK(two->attach(0, 1) > 0);
  two->closeDescriptor();
  CHECK(one->isAbandoned(0));
  CHECK(one->attach(1, kSlots - 1) != one->attach(1, kSlots - 1));
}

TEST_CASE("a named ring is exclusive and of this user only") {
  const std::string path = "/dev/shm/ram-ring-test." + std::to_string(getpid());
  const char* call = "";
  int fd = createRing(path.c_str(), kKindSpsc, 4096, &call);
  REQUIRE(fd >= 0);
  CHECK(createRing(path.c_str(), kKindSpsc, 4096, &call) == -EEXIST);
  CHECK(std::string(call) == "linkat");
  int again = openRingPath(path.c_str());
  CHECK(again >= 0);
  close(again);
  uint32_t other = 99;
  REQUIRE(pwrite(fd, &other, sizeof other, offsetof(Control, version)) == sizeof other);
  CHECK(openRingPath(path.c_str()) == kRingOtherVersion);
  REQUIRE(pwrite(fd, &kVersion, sizeof other, offsetof(Control, version)) == sizeof other);
  REQUIRE(pwrite(fd, &other, sizeof other, offsetof(Control, capacity)) == sizeof other);
  CHECK(openRingPath(path.c_str()) == kRingDamaged);
  REQUIRE(fchmod(fd, 0644) == 0);
  CHECK(openRingPath(path.c_str()) == kRingWrongOwner);
  REQUIRE(fchmod(fd, 0600) == 0);
  REQUIRE(pwrite(fd, &other, sizeof other, offsetof(Control, magic)) == sizeof other);
  CHECK(openRingPath(path.c_str()) == kRingNotARing);
  close(fd);
  unlink(path.c_str());
  CHECK(openRingPath(path.c_str()) == -ENOENT);
  CHECK(openRingPath("/dev/null") == kRingNotARing);
  CHECK(openRingPath("/dev/shm") == kRingNotARing);
}

TEST_CASE("a memfd ring can be neither cut nor grown") {
  auto file = makeRing(kKindSpsc);
  CHECK(ftruncate(file->fd(), 0) == -1);
  CHECK(errno == EPERM);
  CHECK(ftruncate(file->fd(), 1 << 20) == -1);
}

// In a child, which may be killed at any instruction.
[[noreturn]] void produceForEver(int fd, uint32_t id) {
  RingFile file;
  if (file.map(openRingDescriptor(fd)) != 0) _exit(1);
  int64_t token = file.attach(1, kSlots - 1);
  if (token < 0) _exit(2);
  Producer producer(file.ring(), static_cast<uint32_t>(token));
  producer.stuckContext = &file;
  producer.onStuckLock = [](void* context, uint32_t holder) {
    static_cast<RingFile*>(context)->stealLock(holder);
  };
  for (uint32_t number = 0;;) {
    if (writeNumbered(producer, id, number)) ++number;
  }
}

pid_t startProducer(int fd, uint32_t id) {
  pid_t child = fork();
  if (child == 0) produceForEver(fd, id);
  return child;
}

// Reads `count` records; what a dead producer has left unfinished is passed over.
uint32_t readWhole(RingFile& file, Consumer& consumer, uint32_t count) {
  uint32_t wrong = 0;
  for (uint32_t got = 0; got < count;) {
    Record record;
    Peek found = consumer.peek(&record);
    REQUIRE(found != Peek::kDamaged);
    if (found == Peek::kUnfinished) {
      uint32_t* header = file.ring().header(file.ring().control()->head);
      uint32_t word = atomic(header[0]).load();
      if ((word & kStateMask) == kReserved && file.isDead(header[2])) {
        atomic(header[0]).compare_exchange_strong(word, word | kAborted);
      }
    }
    if (found != Peek::kRecord) continue;
    if (!isWhole(record)) ++wrong;
    consumer.consume();
    ++got;
  }
  return wrong;
}

TEST_CASE("producers that are killed leave whole records, and nobody hangs") {
  std::mt19937 random(std::random_device{}());
  for (uint32_t kind : {kKindSpsc, kKindMpsc}) {
    auto file = makeRing(kind);
    int passed = openRingDescriptor(file->fd());
    Consumer consumer(file->ring());
    for (int round = 0; round < 60; ++round) {
      std::vector<pid_t> children;
      for (uint32_t id = 0; id < (kind == kKindSpsc ? 1 : 2); ++id) {
        children.push_back(startProducer(passed, id));
      }
      CHECK(readWhole(*file, consumer, 1 + random() % 3000) == 0);
      kill(children[0], SIGKILL);
      waitpid(children[0], nullptr, 0);
      // The one that lives goes on, whatever the dead one held.
      if (children.size() > 1) {
        CHECK(readWhole(*file, consumer, 2'000) == 0);
        kill(children[1], SIGKILL);
        waitpid(children[1], nullptr, 0);
      } else {
        CHECK(file->isAbandoned(1));
      }
    }
    close(passed);
  }
}

}  // namespace
