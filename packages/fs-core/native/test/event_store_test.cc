// What the store tells its listeners: which events, with which paths, and how long a removed file
// can still be reached.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <linux/fs.h>

#include "event_reader.h"
#include "local_client.h"
#include "small_store.h"

namespace ram {
namespace {

using Texts = std::vector<std::string>;

const LocalIdentity kIdentity{0, 0, 77, 022};

TEST_CASE("events: each call tells what it did, in order") {
  SmallStore store(4 << 20);
  LocalClient client(&*store, kIdentity);
  EventReader reader;
  reader.listen(*store);
  CHECK(client.makeDirectory("/d", 0755) == 0);
  const int fd = client.open("/d/f", O_RDWR | O_CREAT, 0644);
  CHECK(client.write(fd, "hello", 5, -1) == 5);
  char bytes[8];
  CHECK(client.read(fd, bytes, 8, 0) == 5);
  CHECK(client.read(fd, bytes, 8, 5) == 0);
  CHECK(client.truncate(fd, 2) == 0);
  CHECK(client.changeMode("/d/f", 0600) == 0);
  CHECK(client.setXattr("/d/f", true, "user.a", "1", 1, 0) == 0);
  CHECK(client.removeXattr("/d/f", true, "user.a") == 0);
  CHECK(client.close(fd) == 0);
  CHECK(client.link("/d/f", "/g") == 0);
  CHECK(client.symlink("target", "/s") == 0);
  CHECK(client.unlink("/g") == 0);
  CHECK(client.rename("/d", "/e", 0) == 0);
  CHECK(client.unlink("/e/f") == 0);
  CHECK(client.removeDirectory("/e") == 0);
  CHECK(reader.texts() == Texts{"created /d 0", "created /d/f 0", "opened /d/f 0",
                                "written /d/f 5", "read /d/f 5", "truncated /d/f 2",
                                "attributes /d/f 2", "attributes /d/f 2", "attributes /d/f 2",
                                "closed /d/f 2 wrote", "created /g 2", "created /s 6",
                                "removed /g 2", "renamed /e /d 20", "removed /e/f 2",
                                "removed /e 0"});
}

TEST_CASE("events: a rename tells of what it replaces, and an exchange of both") {
  SmallStore store(4 << 20);
  store.make("a");
  store.make("b");
  store.write(static_cast<uint64_t>(store.find("b")), 0, "12");
  EventReader reader;
  reader.listen(*store);
  auto rename = [&](const char* from, const char* to, uint32_t flags) {
    CHECK(store->rename(kSelf, kRootInode, from, kRootInode, to, flags) == 0);
  };
  rename("a", "b", RENAME_EXCHANGE);
  rename("a", "b", 0);
  rename("b", "b", 0);
  rename("b", "c", RENAME_WHITEOUT);
  CHECK(reader.texts() == Texts{"renamed /b /a 0", "renamed /a /b 2", "removed /b 0",
                                "renamed /b /a 2", "renamed /c /b 2"});
}

TEST_CASE("events: the path is the present one, whoever changed it") {
  SmallStore store(4 << 20);
  LocalClient client(&*store, kIdentity);
  CHECK(client.makeDirectory("/a", 0755) == 0);
  CHECK(client.makeDirectory("/a/b", 0755) == 0);
  const int fd = client.open("/a/b/f", O_RDWR | O_CREAT, 0644);
  EventReader reader;
  reader.listen(*store, eventBit(EventKind::kWritten));
  auto pathOfWrite = [&] {
    CHECK(client.write(fd, "x", 1, 0) == 1);
    return reader.texts().at(0);
  };
  CHECK(pathOfWrite() == "written /a/b/f 1");
  CHECK(client.rename("/a", "/z", 0) == 0);
  CHECK(pathOfWrite() == "written /z/b/f 1");
  CHECK(client.rename("/z/b/f", "/top", 0) == 0);
  CHECK(pathOfWrite() == "written /top 1");
  CHECK(client.link("/top", "/z/second") == 0);
  CHECK(pathOfWrite() == "written /z/second 1");
  CHECK(client.unlink("/z/second") == 0);
  CHECK(pathOfWrite() == "written - 1");
  CHECK(client.rename("/top", "/known", 0) == 0);
  CHECK(pathOfWrite() == "written /known 1");
  CHECK(client.unlink("/known") == 0);
  CHECK(pathOfWrite() == "written - 1");
  CHECK(client.close(fd) == 0);
}

TEST_CASE("events: a path that is too long is left out") {
  SmallStore store(16 << 20);
  EventReader reader;
  reader.listen(*store, eventBit(EventKind::kCreated));
  const std::string name(250, 'n');
  uint64_t parent = kRootInode;
  for (int depth = 1; depth <= 40; ++depth) {
    parent = store.make(name, S_IFDIR | 0755, parent);
    const std::string text = reader.texts().at(0);
    CHECK(text.size() == (depth * 251 <= 8191 ? 10 + depth * 251 : 11));
  }
}

TEST_CASE("events: closed says whether that handle wrote, also of those opened before") {
  SmallStore store(4 << 20);
  LocalClient client(&*store, kIdentity);
  store.make("f");
  const int writer = client.open("/f", O_RDWR, 0);
  const int reader = client.open("/f", O_RDONLY, 0);
  EventReader events;
  events.listen(*store, eventBit(EventKind::kClosed));
  CHECK(client.close(writer) == 0);
  CHECK(client.close(reader) == 0);
  auto closeAfter = [&](int flags, auto use, const char* path = "/f") {
    const int fd = client.open(path, flags, 0);
    use(fd);
    CHECK(client.close(fd) == 0);
  };
  closeAfter(O_RDWR, [](int) {});
  closeAfter(O_RDWR, [&](int fd) { client.write(fd, "a", 1, 0); });
  closeAfter(O_RDWR, [&](int fd) { client.truncate(fd, 0); });
  closeAfter(O_WRONLY | O_TRUNC, [](int) {});
  const int source = client.open("/f", O_RDWR | O_APPEND, 0);
  client.write(source, "abc", 3, -1);
  store.make("copy");
  closeAfter(O_RDWR, [&](int fd) { client.copy(source, fd, 0, 3); }, "/copy");
  CHECK(events.texts() == Texts{"closed /f 0 wrote", "closed /f 0", "closed /f 0",
                                "closed /f 1 wrote", "closed /f 0 wrote", "closed /f 0 wrote",
                                "closed /copy 3 wrote"});
}

TEST_CASE("events: contents are those of the close, or of the flush before it") {
  SmallStore store(32 << 20);
  LocalClient client(&*store, kIdentity);
  EventReader reader;
  reader.listen(*store, eventBit(EventKind::kClosed), "", true);
  Attributes out;
  OpenResult opened;
  WriteResult written;
  REQUIRE(store->create(kSelf, kRootInode, "f", 0644, O_RDWR | O_CREAT, &out, &opened) == 0);
  CHECK(opened.flush);
  auto write = [&](uint64_t handle, uint64_t at, const std::string& bytes) {
    CHECK(store->write(kSelf, out.inode, handle, at, bytes.data(), bytes.size(), 0, &written) == 0);
  };
  write(opened.handle, 0, "first");
  store->flush(kSelf, out.inode, opened.handle);
  OpenResult next;
  REQUIRE(store->open(kSelf, out.inode, O_RDWR | O_TRUNC, 0, &next) == 0);
  write(next.handle, 0, "second");
  store->close(kSelf, out.inode, opened.handle);
  store->flush(kSelf, out.inode, next.handle);
  write(next.handle, 6, ", and more");
  store->close(kSelf, out.inode, next.handle);
  const std::string large(100'000, 'x');
  const int fd = client.open("/large", O_RDWR | O_CREAT, 0644);
  CHECK(client.write(fd, large.data(), large.size(), 0) == 100'000);
  CHECK(client.close(fd) == 0);
  CHECK(client.close(client.open("/large", O_RDONLY, 0)) == 0);
  const auto seen = reader.read();
  REQUIRE(seen.size() == 4);
  CHECK(seen[0].contents == "first");
  CHECK(seen[1].contents == "second, and more");
  CHECK(seen[2].contents == large);
  CHECK_FALSE(seen[3].hasContents);
}

TEST_CASE("events: copies that wait are bounded") {
  SmallStore store(128 << 20);
  LocalClient client(&*store, kIdentity);
  EventReader reader;
  reader.listen(*store, eventBit(EventKind::kClosed), "", true);
  const std::string bytes(24 << 20, 'c');
  for (int i = 0; i < 3; ++i) {
    const int fd = client.open("/f" + std::to_string(i), O_RDWR | O_CREAT, 0644);
    CHECK(client.write(fd, bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
    CHECK(client.close(fd) == 0);
  }
  const auto seen = reader.read();
  REQUIRE(seen.size() == 3);
  CHECK(seen[1].hasContents);
  CHECK_FALSE(seen[2].hasContents);
  CHECK(EventCopy::waitingBytes() == 0);
}

TEST_CASE("events: a removed file is there until its events were delivered, and never another") {
  SmallStore store(4 << 20);
  LocalClient client(&*store, kIdentity);
  EventReader reader;
  reader.listen(*store, eventBit(EventKind::kWritten));
  const uint64_t inode = store.make("f");
  store.write(inode, 0, "bytes");
  CHECK(client.unlink("/f") == 0);
  const auto seen = reader.read();
  REQUIRE(seen.size() == 1);
  const uint32_t generation = seen[0].record.generation;
  const int fd = client.openInode(inode, generation, O_RDONLY);
  REQUIRE(fd >= 0);
  char bytes[8] = "";
  CHECK(client.read(fd, bytes, 8, 0) == 5);
  CHECK(client.close(fd) == 0);
  reader.settle();
  CHECK(client.openInode(inode, generation, O_RDONLY) == -ESTALE);
  for (int i = 0; i < 200; ++i) store.make("again" + std::to_string(i));
  CHECK(client.openInode(inode, generation, O_RDONLY) == -ESTALE);
}

TEST_CASE("events: with nothing waiting, a removed file is gone at once") {
  SmallStore store(4 << 20);
  EventReader reader;
  reader.listen(*store, eventBit(EventKind::kMounted));
  const uint64_t inode = store.make("f");
  CHECK(store->unlink(kSelf, kRootInode, "f") == 0);
  Attributes out;
  CHECK(store->getAttributes(kSelf, inode, &out) == -ESTALE);
}

TEST_CASE("events: files kept for listeners never make a disk full") {
  SmallStore store(4 << 20);
  LocalClient client(&*store, kIdentity);
  EventReader reader;
  reader.listen(*store);
  const std::string bytes(60'000, 'x');
  for (int i = 0; i < 400; ++i) {
    const int fd = client.open("/f", O_RDWR | O_CREAT, 0644);
    REQUIRE(fd >= 0);
    REQUIRE(client.write(fd, bytes.data(), bytes.size(), 0) == 60'000);
    REQUIRE(client.close(fd) == 0);
    REQUIRE(client.unlink("/f") == 0);
  }
  StoreUsage usage{};
  CHECK(store->usage(&usage) == 0);
  CHECK(usage.slabBytes + usage.fileBytes <= (4 << 20) / 16 + 65'536);
  const std::string rest(usage.freeBytes - 65'536, 'y');
  const int fd = client.open("/rest", O_RDWR | O_CREAT, 0644);
  CHECK(client.write(fd, rest.data(), rest.size(), 0) == static_cast<ssize_t>(rest.size()));
  CHECK(client.close(fd) == 0);
}

TEST_CASE("events: who opened a file is known when a mount closes it, or is gone") {
  SmallStore store(4 << 20);
  EventReader reader;
  struct Deaf : Observer {
    void inodeChanged(const Caller&, uint64_t, uint64_t, uint64_t) override {}
    void entryChanged(const Caller&, uint64_t, std::string_view) override {}
  } observer;
  const int mount = store->attach(&observer);
  REQUIRE(mount > 0);
  reader.listen(*store, eventBit(EventKind::kClosed));
  const Caller client{0, 0, 4711, static_cast<uint32_t>(mount), 1};
  const Caller kernel{0, 0, 0, static_cast<uint32_t>(mount), 2};
  Attributes out;
  OpenResult first, second;
  REQUIRE(store->create(client, kRootInode, "f", 0644, O_RDWR | O_CREAT, &out, &first) == 0);
  REQUIRE(store->open(client, out.inode, O_RDONLY, 0, &second) == 0);
  store->close(kernel, out.inode, first.handle);
  store->detach(static_cast<uint32_t>(mount));
  const auto seen = reader.read();
  REQUIRE(seen.size() == 2);
  CHECK(seen[0].record.pid == 4711);
  CHECK(seen[1].record.pid == 4711);
}

}  // namespace
}  // namespace ram
