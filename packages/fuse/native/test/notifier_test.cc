#include "notifier.h"

#include <doctest/doctest.h>

#include <cerrno>

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

TEST_CASE("notifier: a name that the kernel does not hold still changes its directory") {
  RecordingTransport transport;
  Notifier notifier(transport);
  transport.notifyResults = {-ENOENT};
  notifier.entryChanged(kInProcess, 8, "new");
  REQUIRE(transport.notices.size() == 2);
  CHECK(transport.notices[1].as<InvalidateInodeOut>().node == 8);
  CHECK(transport.notices[1].as<InvalidateInodeOut>().offset == -1);
}

TEST_CASE("notifier: changes by other mounts are sent, but not waited for") {
  RecordingTransport transport;
  Notifier notifier(transport);
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
  uint64_t before = notifier.changes();
  notifier.inodeChanged(kInProcess, 5, 0, 0);
  notifier.granted(5, 1, before);
  CHECK(transport.waitForNotices(2));
  CHECK(transport.notices[1].as<InvalidateInodeOut>().node == 5);
}

TEST_CASE("notifier: stop ends the queue, and what comes later is dropped") {
  RecordingTransport transport;
  Notifier notifier(transport);
  notifier.inodeChanged(kOtherMount, 5, 0, 10);
  notifier.stop();
  size_t sent = transport.notices.size();
  notifier.inodeChanged(kOtherMount, 5, 0, 10);
  notifier.stop();
  CHECK(transport.notices.size() == sent);
}

}  // namespace ram::fuse
