#include "notifier.h"

#include <doctest/doctest.h>

#include <cerrno>
#include <map>
#include <set>
#include <thread>

#include "few_threads.h"
#include "harness.h"

namespace ram::fuse {
namespace {

constexpr Caller kInProcess{0, 0, 1, 0, 0};
constexpr Caller kOtherMount{0, 0, 1, 9, 0};

}  // namespace

TEST_CASE("notifier: changes from inside the process are sent before they return") {
  RecordingTransport transport;
  Notifier notifier(transport);
  notifier.inodeChanged(kInProcess, 5, 100, 50);
  notifier.inodeChanged(kInProcess, 5, 0, 0);
  notifier.inodeChanged(kInProcess, 5, 100, UINT64_MAX);
  notifier.entryChanged(kInProcess, 1, "name");
  REQUIRE(transport.notices.size() == 4);
  auto range = transport.notices[0].as<InvalidateInodeOut>();
  CHECK(range.offset == 100);
  CHECK(range.length == 50);
  CHECK(transport.notices[1].as<InvalidateInodeOut>().offset == -1);
  CHECK(transport.notices[2].as<InvalidateInodeOut>().length == 0);
  auto entry = transport.notices[3];
  CHECK(entry.as<InvalidateEntryOut>().nameLength == 4);
  CHECK(entry.body.substr(sizeof(InvalidateEntryOut)) == std::string("name\0", 5));
}

TEST_CASE("notifier: a name that the kernel does not hold still voids its directory's listing") {
  RecordingTransport transport;
  Notifier notifier(transport);
  transport.notifyResults = {-ENOENT};
  notifier.entryChanged(kInProcess, 8, "new");
  REQUIRE(transport.notices.size() == 2);
  CHECK(transport.notices[1].as<InvalidateInodeOut>().node == 8);
  CHECK(transport.notices[1].as<InvalidateInodeOut>().offset == 0);
}

TEST_CASE("notifier: changes by other mounts are sent, but not waited for") {
  RecordingTransport transport;
  Notifier notifier(transport);
  notifier.start();
  {
    std::lock_guard busy(transport.mutex);  // as if the kernel kept the notice waiting
    notifier.inodeChanged(kOtherMount, 5, 0, 10);
    notifier.entryChanged(kOtherMount, 1, "name");
  }
  CHECK(transport.waitForNotices(2));
}

TEST_CASE("notifier: an inode on its way is waited for with its directory's lock") {
  RecordingTransport transport;
  Notifier notifier(transport);
  notifier.granted(5, 77, notifier.changes());
  transport.notifyResults = {-ENOENT};
  notifier.inodeChanged(kInProcess, 5, 0, 0);
  REQUIRE(transport.notices.size() == 3);
  auto barrier = transport.notices[1];
  CHECK(barrier.header.error == static_cast<int>(Notice::kInvalidateEntry));
  CHECK(barrier.as<InvalidateEntryOut>().parent == 77);
  CHECK(transport.notices[2].as<InvalidateInodeOut>().node == 5);
}

TEST_CASE("notifier: an inode that the kernel never heard of costs one notice") {
  RecordingTransport transport;
  Notifier notifier(transport);
  transport.notifyResults = {-ENOENT};
  notifier.inodeChanged(kInProcess, 5, 0, 0);
  CHECK(transport.notices.size() == 1);
}

TEST_CASE("notifier: a change between reading the store and replying is made good") {
  RecordingTransport transport;
  Notifier notifier(transport);
  notifier.start();
  uint64_t before = notifier.changes();
  notifier.inodeChanged(kInProcess, 5, 0, 0);
  notifier.granted(5, 1, before);
  CHECK(transport.waitForNotices(2));
  CHECK(transport.notices[1].as<InvalidateInodeOut>().node == 5);
}

TEST_CASE("notifier: stop ends the queue, and what comes later is dropped") {
  RecordingTransport transport;
  Notifier notifier(transport);
  notifier.start();
  notifier.inodeChanged(kOtherMount, 5, 0, 10);
  notifier.stop();
  size_t sent = transport.notices.size();
  notifier.inodeChanged(kOtherMount, 5, 0, 10);
  notifier.inodeChanged(kInProcess, 5, 0, 10);
  notifier.entryChanged(kInProcess, 1, "name");
  notifier.stop();
  CHECK(transport.notices.size() == sent);
}

TEST_CASE("notifier: without a thread it does not start, nor does its session") {
  CHECK(inChild([] {
    FakeFileSystem files;
    RecordingTransport transport;
    Session session(&files, transport, {});
    limitThreads();
    return session.attach() == -EAGAIN;
  }));
}

TEST_CASE("notifier: what waits is kept once per inode and name, and nothing is lost") {
  RecordingTransport transport;
  Notifier notifier(transport);
  notifier.start();
  {
    std::lock_guard busy(transport.mutex);  // as if the kernel kept the first notice waiting
    for (size_t i = 0; i < Notifier::kQueueMax + 1; i++) {
      notifier.inodeChanged(kOtherMount, 5, 0, 0);
    }
    for (uint64_t round = 0; round < 5000; round++) {
      notifier.inodeChanged(kOtherMount, 7, 1000 + round, 10);
      notifier.inodeChanged(kOtherMount, 8, 0, 0);
      notifier.inodeChanged(kOtherMount, 9, 500, round == 100 ? UINT64_MAX : 1);
      notifier.entryChanged(kOtherMount, 1, "name" + std::to_string(round % 10));
    }
    CHECK(notifier.queued() <= Notifier::kQueueMax + 20);
  }
  while (notifier.queued() != 0) std::this_thread::yield();
  notifier.stop();
  std::map<uint64_t, InvalidateInodeOut> inodes;
  std::set<std::string> names;
  for (auto& notice : transport.notices) {
    if (notice.header.error == static_cast<int>(Notice::kInvalidateEntry)) {
      names.insert(notice.body.substr(sizeof(InvalidateEntryOut)));
    } else {
      auto body = notice.as<InvalidateInodeOut>();
      inodes[body.node] = body;
    }
  }
  CHECK(names.size() == 10);
  CHECK(inodes[7].offset <= 1000);
  CHECK(inodes[7].offset + inodes[7].length >= 1000 + 4999 + 10);
  CHECK(inodes[8].offset == -1);
  CHECK(inodes[9].offset == 500);
  CHECK(inodes[9].length == 0);
}

TEST_CASE("notifier: too many names are made void together, where the kernel can") {
  for (bool epochs : {true, false}) {
    RecordingTransport transport;
    Notifier notifier(transport);
    notifier.start();
    if (epochs) notifier.useEpochs();
    size_t count = Notifier::kQueueMax + Notifier::kNamesMax + 1000;
    {
      std::lock_guard busy(transport.mutex);
      for (size_t i = 0; i < count; i++) {
        notifier.entryChanged(kOtherMount, 1 + i % 3, std::to_string(i));
      }
      if (epochs) CHECK(notifier.queued() <= Notifier::kQueueMax + 3);
    }
    while (notifier.queued() != 0) std::this_thread::yield();
    notifier.stop();
    size_t voided = 0, listings = 0;
    for (auto& notice : transport.notices) {
      bool isName = notice.header.error == static_cast<int>(Notice::kInvalidateEntry);
      voided += notice.header.error == static_cast<int>(Notice::kIncrementEpoch);
      listings += isName && notice.body.substr(sizeof(InvalidateEntryOut)) == std::string("/\0", 2);
    }
    CHECK(voided == (epochs ? 1 : 0));
    CHECK(listings == (epochs ? 3 : 0));
    if (!epochs) CHECK(transport.notices.size() == count);
  }
}

}  // namespace ram::fuse
