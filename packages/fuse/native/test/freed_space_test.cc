#include <doctest/doctest.h>

#include <atomic>
#include <cerrno>
#include <thread>

#include "harness.h"

namespace ram::fuse {
namespace {

// In another thread than the harness's.
void handleApart(Harness& harness, const RequestBuilder& request) {
  std::vector<uint64_t> memory(kReplyMax / 8);
  Bytes bytes = request.bytes();
  harness.session.handle(std::as_bytes(std::span(bytes)).first(request.size()), 0,
                         std::as_writable_bytes(std::span(memory)));
}

TEST_CASE("space: a full disk takes more once the kernel forgets what was deleted") {
  Harness harness;
  harness.start();
  uint64_t inode = harness.createFile("a");
  harness.call(RequestBuilder(kRelease, inode).with(ReleaseIn{inode, 0, 0, 0}));
  harness.files.inodesMax = harness.files.inodeCount();
  RequestBuilder make(kMknod);
  make.with(MknodIn{0100644, 0, 0, 0}).name("b");
  CHECK(harness.call(make).header.error == -ENOSPC);
  CHECK(harness.call(RequestBuilder(kUnlink).name("a")).header.error == 0);
  std::thread kernel([&] {
    while (harness.transport.delays < 2) std::this_thread::yield();
    RequestBuilder forget(kForget, inode);
    forget.with(ForgetIn{1});
    handleApart(harness, forget);
  });
  CHECK(harness.call(make).header.error == 0);
  kernel.join();
}

TEST_CASE("space: the rest of a write goes in once the kernel forgets what was deleted") {
  Harness harness;
  harness.start();
  const uint64_t deleted = harness.createFile("a"), inode = harness.createFile("b");
  CHECK(harness.call(RequestBuilder(kUnlink).name("a")).header.error == 0);
  harness.files.sizeMax = 3;
  const int before = harness.transport.delays;
  std::atomic<bool> answered{false};
  std::thread kernel([&] {
    while (harness.transport.delays == before && !answered) std::this_thread::yield();
    harness.files.sizeMax = UINT64_MAX;
    RequestBuilder forget(kForget, deleted);
    forget.with(ForgetIn{1});
    handleApart(harness, forget);
  });
  RequestBuilder write(kWrite, inode);
  write.with(WriteIn{inode, 0, 8, 0, 0, 0, 0}).name("content");
  auto reply = harness.call(write);
  answered = true;
  kernel.join();
  CHECK(reply.header.error == 0);
  CHECK(reply.as<WriteOut>().size == 8);
}

TEST_CASE("space: set-id bits go with the first part of a write, not when the rest is in") {
  Harness harness;
  harness.start();
  const uint64_t inode = harness.createFile("b", 04777);
  harness.createFile("a");
  CHECK(harness.call(RequestBuilder(kUnlink).name("a")).header.error == 0);
  harness.files.sizeMax = 3;
  harness.transport.notices.clear();
  size_t toldBeforeRest = 0;
  harness.transport.onMarkLook = [&] { toldBeforeRest = harness.transport.notices.size(); };
  RequestBuilder write(kWrite, inode);
  write.with(WriteIn{inode, 0, 8, kWriteKillsPrivileges, 0, 0, 0}).name("content");
  CHECK(harness.call(write).as<WriteOut>().size == 3);
  CHECK(toldBeforeRest == 1);
  CHECK(harness.transport.notices.size() == 1);
}

TEST_CASE("space: a write that waited for its first part has that much less time for the rest") {
  Harness harness;
  harness.start();
  const uint64_t inode = harness.createFile("b");
  harness.createFile("a");
  CHECK(harness.call(RequestBuilder(kUnlink).name("a")).header.error == 0);
  harness.files.sizeMax = 0;
  harness.transport.onMarkLook = [&] {
    if (harness.files.sizeMax == 0) harness.session.freedSpace.arrived();
    harness.files.sizeMax = 3;
  };
  const uint64_t waits = harness.transport.lastMark;
  RequestBuilder write(kWrite, inode);
  write.with(WriteIn{inode, 0, 8, 0, 0, 0, 0}).name("content");
  CHECK(harness.call(write).as<WriteOut>().size == 3);
  CHECK(harness.transport.lastMark == waits + 1);
}

TEST_CASE("space: a request waits for as long as the kernel's FORGETs are to be read") {
  Harness harness;
  harness.start();
  harness.files.awaited = 1;
  harness.transport.pending = true;
  std::atomic<bool> answered{false};
  bool wasAnswered = false;
  std::thread kernel([&] {
    // Longer than a request waits for what is not on its way.
    while (harness.transport.pendingLooks < 100 && !answered) std::this_thread::yield();
    wasAnswered = answered;
    harness.files.awaited = 0;
    harness.transport.pending = false;
    RequestBuilder forget(kForget, 77);
    forget.with(ForgetIn{1});
    handleApart(harness, forget);
  });
  CHECK(harness.call(RequestBuilder(kStatfs)).header.error == 0);
  answered = true;
  kernel.join();
  CHECK_FALSE(wasAnswered);
}

TEST_CASE("space: a request waits for as long as another queue is not read, for a close perhaps") {
  Harness harness;
  harness.start();
  const uint64_t inode = harness.createFile("a");
  harness.files.inodesMax = harness.files.inodeCount();
  CHECK(harness.call(RequestBuilder(kUnlink).name("a")).header.error == 0);
  harness.transport.reached = 0;
  std::atomic<bool> answered{false};
  bool wasAnswered = false;
  std::thread other([&] {
    // Longer than a request waits for what is not on its way.
    while (harness.transport.markLooks < 100 && !answered) std::this_thread::yield();
    wasAnswered = answered;
    handleApart(harness, RequestBuilder(kRelease, inode).with(ReleaseIn{inode, 0, 0, 0}));
    harness.transport.reached = harness.transport.lastMark.load();
    RequestBuilder forget(kForget, inode);
    forget.with(ForgetIn{1});
    handleApart(harness, forget);
  });
  RequestBuilder make(kMknod);
  make.with(MknodIn{0100644, 0, 0, 0}).name("b");
  CHECK(harness.call(make).header.error == 0);
  answered = true;
  other.join();
  CHECK_FALSE(wasAnswered);
}

TEST_CASE("space: a request is refused in the end, though closes go on and on") {
  Harness harness;
  harness.start();
  harness.createFile("a");
  harness.files.inodesMax = harness.files.inodeCount();
  CHECK(harness.call(RequestBuilder(kUnlink).name("a")).header.error == 0);
  harness.transport.onMarkLook = [&] { harness.session.freedSpace.arrived(); };
  RequestBuilder make(kMknod);
  make.with(MknodIn{0100644, 0, 0, 0}).name("b");
  CHECK(harness.call(make).header.error == -ENOSPC);
}

TEST_CASE("space: what somebody held, and let go, does not stand for what is deleted later") {
  Harness harness;
  harness.start();
  RequestBuilder statfs(kStatfs);
  RequestBuilder forget(kForget, 77);
  forget.with(ForgetIn{1});
  harness.files.awaited = 1;
  harness.call(statfs);  // in vain
  const int delays = harness.transport.delays;
  harness.call(statfs);
  CHECK(harness.transport.delays == delays);  // not again
  harness.files.awaited = 0;
  harness.call(forget);
  harness.files.awaited = 1;
  harness.call(statfs);
  CHECK(harness.transport.delays == delays + 1);
}

}  // namespace
}  // namespace ram::fuse
