#include "session.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

#include "harness.h"

namespace ram::fuse {

TEST_CASE("init: agrees on what both sides have, and records it") {
  Harness harness;
  InitIn in{};
  in.major = kMajor;
  in.minor = 99;
  in.maxReadahead = 4096;
  in.flags = UINT32_MAX;
  in.flags2 = UINT32_MAX;
  auto reply = harness.call(RequestBuilder(kInit, 0).with(in));
  REQUIRE(reply.header.error == 0);
  auto out = reply.as<InitOut>();
  CHECK(out.major == 7);
  CHECK(out.minor == kMinor);
  CHECK(out.maxWrite == kDataMax);
  uint64_t flags = out.flags | uint64_t{out.flags2} << 32;
  CHECK((flags & kHandleKillPrivilegesV2) != 0);
  CHECK((flags & kParallelDirectoryOps) != 0);
  CHECK((flags & kDirectIoAllowMmap) != 0);
  uint64_t unwanted = kWritebackCache | kPosixAcl | kDontMask | kPosixLocks | kInodeDax;
  CHECK((flags & unwanted) == 0);
  CHECK(harness.files.recordedInit == reply.body);
}

TEST_CASE("init: Linux 5.10 has a shorter struct and fewer features") {
  Harness harness;
  struct {
    uint32_t major = 7, minor = 31, readahead = 4096, flags = UINT32_MAX;
  } in;
  auto reply = harness.call(RequestBuilder(kInit, 0).with(in));
  REQUIRE(reply.header.error == 0);
  CHECK(reply.as<InitOut>().minor == 31);
  CHECK(reply.as<InitOut>().flags2 == 0);
  CHECK((reply.as<InitOut>().flags & kInitExtended) == 0);
}

TEST_CASE("init: an older protocol is refused, a newer major version asked to come down") {
  Harness harness;
  InitIn in{};
  in.major = 7;
  in.minor = 30;
  CHECK(harness.call(RequestBuilder(kInit, 0).with(in)).header.error == -EPROTO);
  in.major = 8;
  CHECK(harness.call(RequestBuilder(kInit, 0).with(in)).as<InitOut>().major == 7);
  CHECK_FALSE(harness.session.ready);
}

TEST_CASE("init: truncation stays the kernel's where set-id bits are") {
  SessionOptions options;
  options.initFlags = ~uint64_t{kHandleKillPrivilegesV2};
  Harness harness(options);
  harness.start();
  CHECK((harness.session.negotiated.flags & kAtomicOpenTruncate) == 0);
}

TEST_CASE("only root: who acts for somebody else may use what is open, nothing more") {
  SessionOptions options;
  options.rootOnly = true;
  Harness harness(options);
  harness.start();
  uint64_t file = harness.createFile("file");
  auto open = RequestBuilder(kOpen, file).with(OpenIn{2, 0});
  auto opened = harness.call(open);
  REQUIRE(opened.header.error == 0);
  CHECK(harness.call(open.as(1000, 1000)).header.error == -EACCES);
  CHECK(harness.call(RequestBuilder(kUnlink).name("file").as(1000, 0)).header.error == -EACCES);
  WriteIn in{opened.as<OpenOut>().handle, 0, 4, 0, 0, 0, 0};
  auto write = RequestBuilder(kWrite, file).with(in).data("text").as(1000, 1000);
  CHECK(harness.call(write).header.error == 0);
}

TEST_CASE("init: as an older kernel would have it") {
  SessionOptions options;
  options.protocolMinor = 34;  // Linux 5.15
  Harness harness(options);
  harness.start();
  CHECK(harness.session.negotiated.minor == 34);
  CHECK((harness.session.negotiated.flags & kHandleKillPrivilegesV2) != 0);
  CHECK(harness.session.negotiated.flags < kInitExtended);
  CHECK(harness.call(RequestBuilder(kSyncfs).with(uint64_t{0})).header.error == 0);
  CHECK(harness.call(RequestBuilder(kTmpfile).with(CreateIn{})).header.error == -ENOSYS);
  CHECK(harness.call(RequestBuilder(kStatx).with(StatxIn{})).header.error == -ENOSYS);
  CHECK(harness.session.counters.unknown.sum() == 0);
  uint64_t file = harness.createFile("file");
  auto opened = harness.call(RequestBuilder(kOpen, file).with(OpenIn{2, 0}));
  CHECK(opened.as<OpenOut>().flags == kOpenKeepCache);  // no kOpenNoFlush
}

TEST_CASE("init: as a newer kernel than the one that runs changes nothing") {
  SessionOptions options;
  options.protocolMinor = 44;
  Harness harness(options);
  InitIn in{};
  in.major = kMajor;
  in.minor = 37;
  CHECK(harness.call(RequestBuilder(kInit, 0).with(in)).as<InitOut>().minor == 37);
}

TEST_CASE("session: nothing is answered before init") {
  Harness harness;
  CHECK(harness.call(RequestBuilder(kGetattr).with(GetattrIn{})).header.error == -EIO);
}

TEST_CASE("session: unknown opcodes are ENOSYS and counted") {
  Harness harness;
  harness.start();
  CHECK(harness.call(RequestBuilder(999)).header.error == -ENOSYS);
  CHECK(harness.call(RequestBuilder(kSetupmapping)).header.error == -ENOSYS);
  CHECK(harness.session.counters.unknown.sum() == 2);
}

TEST_CASE("session: ioctl is ENOTTY, poll and bmap are the kernel's") {
  Harness harness;
  harness.start();
  CHECK(harness.call(RequestBuilder(kIoctl)).header.error == -ENOTTY);
  CHECK(harness.call(RequestBuilder(kPoll)).header.error == -ENOSYS);
  CHECK(harness.call(RequestBuilder(kBmap)).header.error == -ENOSYS);
}

TEST_CASE("session: fsync, fsyncdir, flush and syncfs always succeed") {
  Harness harness;
  harness.start();
  CHECK(harness.call(RequestBuilder(kFsync).with(FsyncIn{})).header.error == 0);
  CHECK(harness.call(RequestBuilder(kFsyncdir).with(FsyncIn{})).header.error == 0);
  CHECK(harness.call(RequestBuilder(kFlush).with(FlushIn{})).header.error == 0);
  CHECK(harness.call(RequestBuilder(kSyncfs).with(uint64_t{0})).header.error == 0);
  CHECK(harness.transport.delays == 3);
}

TEST_CASE("names: a missing one is answered as a negative entry that lasts") {
  Harness harness;
  harness.start();
  auto reply = harness.call(RequestBuilder(kLookup).name("nothing"));
  CHECK(reply.header.error == 0);
  CHECK(reply.as<EntryOut>().node == 0);
  CHECK(reply.as<EntryOut>().entryValid == kLifetimeSeconds);
}

TEST_CASE("names: references are counted and forgotten") {
  Harness harness;
  harness.start();
  uint64_t inode = harness.createFile("a");
  harness.call(RequestBuilder(kLookup).name("a"));
  CHECK(harness.files.kernelReferences(inode) == 2);
  BatchForgetIn batch{2, 0};
  harness.call(RequestBuilder(kBatchForget).with(batch).with(ForgetOne{inode, 1}).with(
      ForgetOne{inode, 1}));
  CHECK(harness.files.kernelReferences(inode) == 0);
}

TEST_CASE("names: a reply that the kernel refuses gives back what it granted") {
  Harness harness;
  harness.start();
  uint64_t inode = harness.createFile("a");
  CHECK(harness.files.openHandles() == 1);
  harness.transport.sendResult = -ENOENT;
  harness.call(RequestBuilder(kLookup).name("a"));
  harness.call(RequestBuilder(kOpen, inode).with(OpenIn{O_RDONLY, 0}));
  CHECK(harness.files.kernelReferences(inode) == 1);
  CHECK(harness.files.openHandles() == 1);
  CHECK(harness.session.ioModes.openCount(inode) == 1);
}

TEST_CASE("directories: a reply that the kernel refuses gives back what it granted") {
  Harness harness({.initFlags = ~uint64_t{kNoOpendirSupport}});
  harness.start();
  uint64_t inode = harness.createFile("a");
  CHECK(harness.files.openHandles() == 1);
  harness.transport.sendResult = -ENOENT;
  harness.call(RequestBuilder(kOpendir).with(OpenIn{O_RDONLY, 0}));
  CHECK(harness.files.openHandles() == 1);
  CHECK(harness.session.ioModes.openCount(kRootInode) == 0);
  ReadIn in{};
  in.size = 4096;
  harness.call(RequestBuilder(kReaddirplus).with(in));
  CHECK(harness.files.kernelReferences(inode) == 1);
  harness.transport.sendResult = 0;
  harness.call(RequestBuilder(kReaddirplus).with(in));
  CHECK(harness.files.kernelReferences(inode) == 2);
}

TEST_CASE("directories: a kernel that can do without OPENDIR is told once, another is answered") {
  Harness harness;
  Harness older({.initFlags = ~uint64_t{kNoOpendirSupport}});
  for (Harness* each : {&harness, &older}) each->start();
  auto ask = RequestBuilder(kOpendir).with(OpenIn{O_RDONLY, 0});
  CHECK(harness.call(ask).header.error == -ENOSYS);
  CHECK(older.call(ask).header.error == 0);
}

TEST_CASE("directories: a listing without attributes is forgotten when those are asked for") {
  Harness harness;
  harness.start();
  harness.createFile("a");
  auto lookUp = [&](uint32_t times) {
    for (uint32_t i = 0; i < times; i++) harness.call(RequestBuilder(kLookup).name("a"));
  };
  lookUp(2 * BareListings::kLookupsMax);
  CHECK(harness.transport.notices.empty());
  ReadIn in{};
  in.size = 4096;
  harness.call(RequestBuilder(kReaddir).with(in));
  lookUp(BareListings::kLookupsMax - 1);
  harness.session.notifier.invalidateLater(99, 0, 0);
  CHECK(harness.transport.waitForNotices(1));
  CHECK(harness.transport.notices[0].as<InvalidateInodeOut>().node == 99);
  lookUp(2 * BareListings::kLookupsMax);
  CHECK(harness.transport.waitForNotices(2));
  auto notice = harness.transport.notices[1].as<InvalidateInodeOut>();
  CHECK(notice.node == kRootInode);
  CHECK(notice.offset == 0);
}

TEST_CASE("files: the store hears O_DIRECT for opens that the kernel does not cache") {
  Harness cached, direct({.direct = true});
  for (Harness* harness : {&cached, &direct}) {
    harness->start();
    uint64_t inode = harness->createFile("a");
    bool isDirect = harness == &direct;
    CHECK(((harness->files.lastOpenFlags & O_DIRECT) != 0) == isDirect);
    harness->call(RequestBuilder(kOpen, inode).with(OpenIn{O_RDWR | O_DIRECT, 0}));
    CHECK(((harness->files.lastOpenFlags & O_DIRECT) != 0) == isDirect);
  }
}

TEST_CASE("files: once direct, opens are direct until the last close, and the store hears it") {
  Harness harness;
  harness.start();
  uint64_t inode = harness.createFile("a");
  auto open = [&] {
    auto reply = harness.call(RequestBuilder(kOpen, inode).with(OpenIn{O_RDONLY, 0}));
    return (reply.as<OpenOut>().flags & kOpenDirectIo) != 0;
  };
  CHECK_FALSE(open());
  harness.files.hasViews = true;
  CHECK(open());
  CHECK((harness.files.lastOpenFlags & O_DIRECT) == 0);
  harness.files.hasViews = false;
  CHECK(open());
  CHECK((harness.files.lastOpenFlags & O_DIRECT) != 0);
}

TEST_CASE("files: an open that fails is not counted") {
  Harness harness;
  harness.start();
  CHECK(harness.call(RequestBuilder(kOpen, 999).with(OpenIn{})).header.error == -ENOENT);
  CHECK(harness.session.ioModes.openCount(999) == 0);
}

TEST_CASE("files: written bytes are read back") {
  Harness harness;
  harness.start();
  uint64_t inode = harness.createFile("a", 0644, "hello");
  auto reply = harness.call(RequestBuilder(kRead, inode).with(ReadIn{inode, 1, 100, 0, 0, 0, 0}));
  CHECK(reply.body == "ello");
}

TEST_CASE("files: a write with less data than it says is refused") {
  Harness harness;
  harness.start();
  uint64_t inode = harness.createFile("a");
  WriteIn in{};
  in.size = 10;
  CHECK(harness.call(RequestBuilder(kWrite, inode).with(in).data("123")).header.error == -EINVAL);
}

TEST_CASE("files: a read larger than the agreed size is refused") {
  Harness harness;
  harness.start();
  uint64_t inode = harness.createFile("a");
  ReadIn in{inode, 0, UINT32_MAX, 0, 0, 0, 0};
  CHECK(harness.call(RequestBuilder(kRead, inode).with(in)).header.error == -EINVAL);
}

TEST_CASE("files: an append goes to the real end, and outdated pages are dropped") {
  Harness harness;
  harness.start();
  uint64_t inode = harness.createFile("a", 0644, "12345");
  WriteIn in{};
  in.offset = 2;  // what the kernel believes is the end
  in.size = 1;
  in.flags = O_WRONLY | O_APPEND;
  harness.call(RequestBuilder(kWrite, inode).with(in).data("6"));
  ReadIn all{inode, 0, 100, 0, 0, 0, 0};
  CHECK(harness.call(RequestBuilder(kRead, inode).with(all)).body == "123456");
}

TEST_CASE("files: opens tell whether the kernel may cache") {
  for (bool direct : {false, true}) {
    SessionOptions options;
    options.direct = direct;
    Harness harness(options);
    harness.start();
    uint64_t inode = harness.createFile("a");
    auto out = harness.call(RequestBuilder(kOpen, inode).with(OpenIn{})).as<OpenOut>();
    uint32_t expected = direct ? kOpenDirectIo | kOpenParallelDirectWrites : kOpenKeepCache;
    CHECK(out.flags == (expected | kOpenNoFlush));
  }
}

TEST_CASE("privileges: a write by others clears set-id bits, and the kernel hears before") {
  Harness harness;
  harness.start();
  uint64_t inode = harness.createFile("a", 06777, "x");
  WriteIn in{};
  in.size = 1;
  harness.call(RequestBuilder(kWrite, inode).with(in).data("y").as(0, 0));
  CHECK(harness.transport.notices.empty());
  in.writeFlags = kWriteKillsPrivileges;
  harness.call(RequestBuilder(kWrite, inode).with(in).data("y").as(5, 5));
  auto mode = harness.call(RequestBuilder(kGetattr, inode).with(GetattrIn{}))
                  .as<AttributesOut>()
                  .attributes.mode;
  CHECK((mode & 07777) == 0777);
  REQUIRE(harness.transport.notices.size() == 1);
  auto notice = harness.transport.notices[0];
  CHECK(notice.header.error == static_cast<int>(Notice::kInvalidateInode));
  CHECK(notice.as<InvalidateInodeOut>().node == inode);
  CHECK(notice.as<InvalidateInodeOut>().offset == -1);
}

TEST_CASE("privileges: a setattr that sets nothing clears them") {
  Harness harness;
  harness.start();
  uint64_t inode = harness.createFile("a", 06777);
  auto reply = harness.call(RequestBuilder(kSetattr, inode).with(SetattrIn{}).as(5, 5));
  CHECK((reply.as<AttributesOut>().attributes.mode & 07777) == 0777);
}

TEST_CASE("privileges: where nobody can write it is chown of neither, for the owner and root") {
  Harness harness;
  harness.start();
  uint64_t inode = harness.createFile("a", 06777);
  harness.call(RequestBuilder(kRelease, inode).with(ReleaseIn{inode, 2, 0, 0}));
  RequestBuilder nothing(kSetattr, inode);
  nothing.with(SetattrIn{});
  CHECK(harness.call(nothing.as(5, 5)).header.error == -EPERM);
  auto reply = harness.call(nothing.as(0, 0));
  CHECK((reply.as<AttributesOut>().attributes.mode & 07777) == 0777);
  CHECK(harness.call(nothing.as(5, 5)).header.error == 0);
}

TEST_CASE("privileges: open with O_TRUNC clears them when the kernel says so") {
  Harness harness;
  harness.start();
  uint64_t inode = harness.createFile("a", 04755, "x");
  harness.call(RequestBuilder(kOpen, inode).with(OpenIn{O_WRONLY | O_TRUNC, 1}).as(5, 5));
  auto reply = harness.call(RequestBuilder(kGetattr, inode).with(GetattrIn{}));
  CHECK((reply.as<AttributesOut>().attributes.mode & 07777) == 0755);
  CHECK(reply.as<AttributesOut>().attributes.size == 0);
}

TEST_CASE("directories: entries are packed to the size that was asked for") {
  Harness harness;
  harness.start();
  for (int i = 0; i < 50; i++) harness.createFile("file" + std::to_string(i));
  for (uint32_t opcode : {kReaddir, kReaddirplus}) {
    size_t seen = 0;
    uint64_t cookie = 0;
    for (;;) {
      ReadIn in{};
      in.offset = cookie;
      in.size = 1000;
      auto reply = harness.call(RequestBuilder(opcode).with(in));
      CHECK(reply.body.size() <= 1000);
      if (reply.body.empty()) break;
      size_t prefix = opcode == kReaddirplus ? sizeof(EntryOut) : 0;
      for (size_t at = 0; at < reply.body.size();) {
        auto entry = reply.as<WireEntry>(at + prefix);
        at += (prefix + sizeof(WireEntry) + entry.nameLength + 7) & ~size_t{7};
        cookie = entry.cookie;
        seen++;
      }
    }
    CHECK(seen == 52);
  }
}

TEST_CASE("xattrs: names of SELinux and ACLs are refused, others travel") {
  Harness harness;
  harness.start();
  uint64_t inode = harness.createFile("a");
  auto get = [&](std::string_view name, uint32_t size) {
    return harness.call(RequestBuilder(kGetxattr, inode).with(GetxattrIn{size, 0}).name(name));
  };
  CHECK(get("security.selinux", 100).header.error == -EOPNOTSUPP);
  CHECK(get("system.posix_acl_access", 100).header.error == -EOPNOTSUPP);
  CHECK(get("user.a", 100).header.error == -ENODATA);
  SetxattrIn in{3, 0, 0, 0};
  harness.call(RequestBuilder(kSetxattr, inode).with(in).name("user.a").data("123"));
  CHECK(get("user.a", 0).as<GetxattrOut>().size == 3);
  CHECK(get("user.a", 2).header.error == -ERANGE);
  CHECK(get("user.a", 3).body == "123");
}

TEST_CASE("xattrs: trusted names are listed for root only") {
  Harness harness;
  harness.start();
  uint64_t inode = harness.createFile("a");
  for (auto name : {"trusted.a", "user.b", "trusted.overlay.c", "user.d"}) {
    auto set = RequestBuilder(kSetxattr, inode).with(SetxattrIn{1, 0, 0, 0});
    harness.call(set.name(name).data("x"));
  }
  auto list = [&](uint32_t uid, uint32_t size) {
    return harness.call(RequestBuilder(kListxattr, inode).with(GetxattrIn{size, 0}).as(uid, uid));
  };
  CHECK(list(0, 1000).body == std::string("trusted.a\0trusted.overlay.c\0user.b\0user.d\0", 42));
  CHECK(list(0, 0).as<GetxattrOut>().size == 42);
  CHECK(list(5, 1000).body == std::string("user.b\0user.d\0", 14));
  CHECK(list(5, 0).as<GetxattrOut>().size == 14);
  CHECK(list(5, 14).body.size() == 14);
  CHECK(list(5, 13).header.error == -ERANGE);
}

TEST_CASE("devices: numbers survive the wire") {
  CHECK(deviceFromWire(deviceToWire(0x103)) == 0x103);
  uint64_t large = deviceFromWire(0xabc12345);
  CHECK(deviceToWire(large) == 0xabc12345);
}

TEST_CASE("session: close gives everything back") {
  FakeFileSystem files;
  RecordingTransport transport;
  {
    Session session(&files, transport, {});
    CHECK(files.references() == 1);
    session.attach();
    session.close();
    CHECK(files.references() == 0);
    session.close();
  }
  CHECK(files.references() == 0);
}

}  // namespace ram::fuse
