// Every request cut short at every length, and with random bytes changed: each gets at most one
// reply with its own number, and nothing is read or written out of bounds (the sanitizers watch).
#include <doctest/doctest.h>
#include <fcntl.h>

#include <cerrno>
#include <random>

#include "harness.h"

namespace ram::fuse {
namespace {

std::vector<RequestBuilder> validRequests(uint64_t file) {
  SetattrIn resize{};
  resize.valid = kValidSize;
  WriteIn write{};
  write.size = 4;
  ReadIn read{};
  read.size = 4096;
  LockIn lock{};
  lock.lock = {0, 10, F_WRLCK, 1};
  return {
      RequestBuilder(kLookup).name("a"),
      RequestBuilder(kForget, file).with(ForgetIn{0}),
      RequestBuilder(kBatchForget).with(BatchForgetIn{2, 0}).with(ForgetOne{}).with(ForgetOne{}),
      RequestBuilder(kGetattr, file).with(GetattrIn{}),
      RequestBuilder(kSetattr, file).with(resize),
      RequestBuilder(kReadlink, file),
      RequestBuilder(kSymlink).name("s").name("target"),
      RequestBuilder(kMknod).with(MknodIn{0100644, 0, 0, 0}).name("n"),
      RequestBuilder(kMkdir).with(MkdirIn{0755, 0}).name("d"),
      RequestBuilder(kUnlink).name("x"),
      RequestBuilder(kRmdir).name("x"),
      RequestBuilder(kRename).with(RenameIn{1}).name("x").name("y"),
      RequestBuilder(kRename2).with(Rename2In{1, 0, 0}).name("x").name("y"),
      RequestBuilder(kLink).with(LinkIn{file}).name("hard"),
      RequestBuilder(kOpen, file).with(OpenIn{}),
      RequestBuilder(kRead, file).with(read),
      RequestBuilder(kWrite, file).with(write).data("abcd"),
      RequestBuilder(kStatfs),
      RequestBuilder(kRelease, file).with(ReleaseIn{}),
      RequestBuilder(kFsync, file).with(FsyncIn{}),
      RequestBuilder(kSetxattr, file).with(SetxattrIn{3, 0, 0, 0}).name("user.x").data("123"),
      RequestBuilder(kGetxattr, file).with(GetxattrIn{100, 0}).name("user.x"),
      RequestBuilder(kListxattr, file).with(GetxattrIn{100, 0}),
      RequestBuilder(kRemovexattr, file).name("user.y"),
      RequestBuilder(kFlush, file).with(FlushIn{}),
      RequestBuilder(kOpendir).with(OpenIn{}),
      RequestBuilder(kReaddir).with(read),
      RequestBuilder(kReaddirplus).with(read),
      RequestBuilder(kReleasedir).with(ReleaseIn{}),
      RequestBuilder(kGetlk, file).with(lock),
      RequestBuilder(kSetlk, file).with(lock),
      RequestBuilder(kSetlkw, file).with(lock),
      RequestBuilder(kAccess).with(AccessIn{4, 0}),
      RequestBuilder(kCreate).with(CreateIn{O_RDWR, 0100644, 0, 0}).name("c"),
      RequestBuilder(kTmpfile).with(CreateIn{O_RDWR, 0100644, 0, 0}).name("/"),
      RequestBuilder(kInterrupt).with(InterruptIn{1}),
      RequestBuilder(kFallocate, file).with(FallocateIn{0, 0, 100, 0, 0}),
      RequestBuilder(kLseek, file).with(LseekIn{0, 0, SEEK_HOLE, 0}),
      RequestBuilder(kCopyFileRange, file).with(CopyFileRangeIn{0, 0, file, 0, 100, 4, 0}),
      RequestBuilder(kCopyFileRange64, file).with(CopyFileRangeIn{0, 0, file, 0, 100, 4, 0}),
      RequestBuilder(kStatx, file).with(StatxIn{}),
      RequestBuilder(kSyncfs).with(uint64_t{0}),
  };
}

struct Malformed : Harness {
  static SessionOptions withLocks() {
    SessionOptions options;
    options.volumeLocks = true;
    return options;
  }
  Malformed() : Harness(withLocks()) {
    start();
    file = createFile("a", 0644, "some text");
  }

  void send(const Bytes& bytes, size_t size) {
    size_t before = transport.replies.size();
    handle(bytes, size);
    size_t sent = transport.replies.size() - before;
    CHECK(sent <= 1);
    if (sent == 0) return;
    auto& reply = transport.replies.back();
    CHECK(reply.header.length == sizeof(OutHeader) + reply.body.size());
    CHECK(reply.header.error <= 0);
    transport.replies.clear();
  }

  uint64_t file = 0;
};

}  // namespace

TEST_CASE("malformed: requests cut short are refused") {
  Malformed harness;
  for (const auto& request : validRequests(harness.file)) {
    for (size_t size = 0; size < request.size(); size++) {
      Bytes bytes = request.bytes();
      bytes.resize((size + 7) / 8);
      auto* header = reinterpret_cast<InHeader*>(bytes.data());
      harness.send(bytes, size);  // the length in the header is wrong
      if (size < sizeof(InHeader)) continue;
      header->length = static_cast<uint32_t>(size);
      harness.send(bytes, size);
    }
  }
}

TEST_CASE("malformed: random bytes never do harm") {
  std::mt19937_64 random(20261120);
  for (int round = 0; round < 60; round++) {
    Malformed harness;
    for (const auto& request : validRequests(harness.file)) {
      Bytes bytes = request.bytes();
      auto* raw = reinterpret_cast<uint8_t*>(bytes.data());
      for (int changes = 0; changes < 4; changes++) {
        size_t at = 4 + random() % (request.size() - 4);
        raw[at] = static_cast<uint8_t>(random());
      }
      if (round % 2 == 0) reinterpret_cast<InHeader*>(raw)->opcode = random() % 60;
      harness.send(bytes, request.size());
    }
  }
}

TEST_CASE("malformed: what the kernel waits for no reply to gets none, not even an error") {
  Harness before;
  for (Opcode opcode : {kForget, kBatchForget, kInterrupt, kNotifyReply}) {
    RequestBuilder request(opcode);
    before.handle(request.bytes(), request.size());  // before INIT
    Bytes bytes = request.bytes();
    reinterpret_cast<InHeader*>(bytes.data())->length++;
    before.handle(bytes, request.size());
  }
  CHECK(before.transport.replies.empty());
}

TEST_CASE("malformed: a second has no more than a billion nanoseconds") {
  Malformed harness;
  SetattrIn in{};
  in.valid = kValidMtime;
  in.mtimeNs = 1'000'000'000;
  CHECK(harness.call(RequestBuilder(kSetattr, harness.file).with(in)).header.error == -EINVAL);
  in.mtimeNs--;
  CHECK(harness.call(RequestBuilder(kSetattr, harness.file).with(in)).header.error == 0);
}

}  // namespace ram::fuse
