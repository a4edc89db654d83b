#include <doctest/doctest.h>

#include <atomic>
#include <cerrno>
#include <thread>

#include "harness.h"

namespace ram::fuse {
namespace {

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
    std::vector<uint64_t> memory(kReplyMax / 8);
    Bytes bytes = forget.bytes();
    harness.session.handle(std::as_bytes(std::span(bytes)).first(forget.size()), 0,
                           std::as_writable_bytes(std::span(memory)));
  });
  CHECK(harness.call(make).header.error == 0);
  kernel.join();
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
    std::vector<uint64_t> memory(kReplyMax / 8);
    Bytes bytes = forget.bytes();
    harness.session.handle(std::as_bytes(std::span(bytes)).first(forget.size()), 0,
                           std::as_writable_bytes(std::span(memory)));
  });
  CHECK(harness.call(RequestBuilder(kStatfs)).header.error == 0);
  answered = true;
  kernel.join();
  CHECK_FALSE(wasAnswered);
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
