// Producers that never wait, one consumer that is woken once, and losses that are counted exactly.
#include "event_queue.h"

#include <doctest/doctest.h>

#include <thread>

#include "event_reader.h"
#include "small_store.h"

namespace ram {
namespace {

std::shared_ptr<EventFilter> filterOf(uint32_t mask, std::string prefix = "") {
  auto filter = std::make_shared<EventFilter>();
  filter->mask = mask;
  filter->prefix = std::move(prefix);
  return filter;
}

EventDraft writtenAt(std::string_view path, uint64_t inode = 2) {
  EventDraft event{EventKind::kWritten};
  event.inode = inode;
  event.hasPath = true;
  event.path = path;
  return event;
}

std::unique_ptr<EventQueue> makeQueue(std::atomic<int>* wakes, uint32_t ringBytes) {
  std::unique_ptr<EventQueue> queue;
  auto wake = [](void* count) { ++*static_cast<std::atomic<int>*>(count); };
  REQUIRE(EventQueue::make(wake, wakes, &queue, ringBytes) == 0);
  return queue;
}

TEST_CASE("events: what does not fit is counted, for each listener that wanted it") {
  std::atomic<int> wakes{0};
  auto queue = makeQueue(&wakes, 4096);
  const EventFilters filters{filterOf(kAllEvents), filterOf(eventBit(EventKind::kWritten), "/a"),
                             filterOf(eventBit(EventKind::kClosed))};
  for (int i = 0; i < 100; ++i) queue->put(writtenAt("/a"), filters);
  for (int i = 0; i < 7; ++i) queue->put(writtenAt("/other"), filters);
  alignas(8) uint8_t bytes[8192];
  const uint32_t read = queue->read(bytes, sizeof bytes) / 56;
  CHECK(read > 10);
  CHECK(read + filters[0]->lost == 107);
  CHECK(read + filters[1]->lost == 100);
  CHECK(filters[2]->lost == 0);
  CHECK(queue->takeLoss());
  CHECK_FALSE(queue->takeLoss());
}

TEST_CASE("events: the first one behind a loss says so") {
  std::atomic<int> wakes{0};
  auto queue = makeQueue(&wakes, 4096);
  const EventFilters filters{filterOf(kAllEvents)};
  while (filters[0]->lost == 0) queue->put(writtenAt("/a"), filters);
  alignas(8) uint8_t bytes[8192];
  CHECK(queue->read(bytes, sizeof bytes) > 0);
  queue->put(writtenAt("/b"), filters);
  queue->put(writtenAt("/c"), filters);
  const uint32_t used = queue->read(bytes, sizeof bytes);
  REQUIRE(used == 112);
  CHECK((bytes[5] & kEventLossBefore) != 0);
  CHECK((bytes[56 + 5] & kEventLossBefore) == 0);
}

TEST_CASE("events: the consumer is woken once for all that came while it slept") {
  std::atomic<int> wakes{0};
  auto queue = makeQueue(&wakes, 1 << 16);
  const EventFilters filters{filterOf(kAllEvents)};
  CHECK(queue->arm());
  for (int i = 0; i < 50; ++i) queue->put(writtenAt("/a"), filters);
  CHECK(wakes == 1);
  CHECK_FALSE(queue->arm());
  alignas(8) uint8_t bytes[8192];
  queue->read(bytes, sizeof bytes);
  CHECK(queue->arm());
  queue->put(writtenAt("/a"), filters);
  CHECK(wakes == 2);
}

TEST_CASE("events: a path filter is for the path and what is below it") {
  std::atomic<int> wakes{0};
  auto queue = makeQueue(&wakes, 1 << 16);
  const EventFilters filters{filterOf(kAllEvents, "/a/b")};
  for (const char* path : {"/a/b", "/a/b/c", "/a/bc", "/a", "/x/a/b"}) {
    queue->put(writtenAt(path), filters);
  }
  EventDraft moved = writtenAt("/elsewhere");
  moved.kind = EventKind::kRenamed;
  moved.from = "/a/b/old";
  queue->put(moved, filters);
  EventDraft nameless{EventKind::kClosed};
  queue->put(nameless, filters);
  EventDraft mounted{EventKind::kMounted};
  mounted.hasInode = false;
  queue->put(mounted, filters);
  alignas(8) uint8_t bytes[8192];
  const uint32_t used = queue->read(bytes, sizeof bytes);
  int count = 0;
  for (uint32_t at = 0; at < used; at += *reinterpret_cast<uint32_t*>(bytes + at)) ++count;
  CHECK(count == 4);
}

TEST_CASE("events: of many threads, each one's come in order; delivered and lost make all") {
  constexpr int kThreads = 4;
  constexpr uint32_t kEach = 20'000;
  std::atomic<int> wakes{0};
  auto queue = makeQueue(&wakes, 1 << 16);
  const EventFilters filters{filterOf(kAllEvents)};
  std::atomic<int> running{kThreads};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (uint32_t i = 1; i <= kEach; ++i) {
        EventDraft event = writtenAt("/some/path", static_cast<uint64_t>(t));
        event.generation = i;
        queue->put(event, filters);
      }
      --running;
    });
  }
  uint32_t last[kThreads] = {};
  uint64_t delivered = 0;
  alignas(8) static uint8_t bytes[1 << 16];
  bool inOrder = true;
  auto drain = [&] {
    const uint32_t used = queue->read(bytes, sizeof bytes);
    for (uint32_t at = 0; at < used;) {
      EventRecord record;
      memcpy(&record, bytes + at, sizeof record);
      inOrder = inOrder && record.generation > last[record.inode];
      last[record.inode] = record.generation;
      ++delivered;
      at += record.length;
    }
  };
  while (running > 0) {
    drain();
    queue->arm();
  }
  for (std::thread& thread : threads) thread.join();
  drain();
  CHECK(inOrder);
  CHECK(delivered + filters[0]->lost == uint64_t{kThreads} * kEach);
}

TEST_CASE("events: listeners come and go, and the store ends, while threads work") {
  Store* store = nullptr;
  const char* syscall = "";
  StoreOptions options;
  options.maxBytes = 8 << 20;
  REQUIRE(Store::make(options, &store, &syscall) == 0);
  std::atomic<bool> done{false};
  std::vector<std::thread> workers;
  for (int t = 0; t < 3; ++t) {
    workers.emplace_back([&, t] {
      const std::string name = "file" + std::to_string(t);
      Attributes out;
      OpenResult opened;
      WriteResult written;
      while (!done) {
        const int status =
            store->create(kSelf, kRootInode, name, 0644, O_RDWR | O_CREAT, &out, &opened);
        if (status == -EIO) continue;
        REQUIRE(status == 0);
        store->write(kSelf, out.inode, opened.handle, 0, "bytes", 5, 0, &written);
        store->flush(kSelf, out.inode, opened.handle);
        store->unlink(kSelf, kRootInode, name);
        store->close(kSelf, out.inode, opened.handle);
      }
    });
  }
  std::vector<std::thread> listeners;
  for (int t = 0; t < 2; ++t) {
    listeners.emplace_back([&, t] {
      for (int round = 0; round < 60; ++round) {
        EventReader reader(1 << 16);
        reader.listen(*store, kAllEvents, t == 0 ? "" : "/file1", t == 0);
        for (int i = 0; i < 5; ++i) {
          reader.read();
          reader.settle();
        }
        reader.listen(*store, eventBit(EventKind::kRemoved));
        reader.read();
      }
    });
  }
  for (std::thread& thread : listeners) thread.join();
  EventReader last;
  last.listen(*store);
  store->close();
  done = true;
  for (std::thread& thread : workers) thread.join();
  last.stop();
  CHECK(EventCopy::waitingBytes() == 0);
  store->release();
}

}  // namespace
}  // namespace ram
