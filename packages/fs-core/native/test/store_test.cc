// What the store promises on top of its parts: POSIX rules, limits, references, many threads.
#include "store.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/xattr.h>

#include <random>
#include <thread>

#include "small_store.h"

namespace ram {
namespace {

int rename(SmallStore& store, std::string_view from, std::string_view to, uint32_t flags = 0) {
  return store->rename(kSelf, kRootInode, from, kRootInode, to, flags);
}

TEST_CASE("links count names, and of a directory its directories") {
  SmallStore store(4 << 20);
  const uint64_t a = store.make("a");
  const uint64_t d = store.make("d", S_IFDIR | 0755);
  CHECK(store.stat(kRootInode).links == 3);
  Attributes out;
  CHECK(store->link(kSelf, a, d, "again", &out) == 0);
  CHECK(out.links == 2);
  CHECK(store->link(kSelf, d, kRootInode, "hard", &out) == -EPERM);
  CHECK(store->link(kSelf, a, d, "again", &out) == -EEXIST);
  CHECK(store->removeDirectory(kSelf, kRootInode, "d") == -ENOTEMPTY);
  CHECK(store->unlink(kSelf, kRootInode, "d") == -EISDIR);
  CHECK(store->removeDirectory(kSelf, kRootInode, "a") == -ENOTDIR);
  CHECK(store->unlink(kSelf, d, "again") == 0);
  CHECK(store->removeDirectory(kSelf, kRootInode, "d") == 0);
  CHECK(store.stat(kRootInode).links == 2);
  CHECK(store->getAttributes(kSelf, d, &out) == -ESTALE);
}

TEST_CASE("rename keeps the rules of rename(2)") {
  SmallStore store(4 << 20);
  const uint64_t d = store.make("d", S_IFDIR | 0755);
  const uint64_t inner = store.make("inner", S_IFDIR | 0755, d);
  store.make("f");
  store.make("g");
  CHECK(rename(store, "f", "d") == -EISDIR);
  CHECK(rename(store, "d", "f") == -ENOTDIR);
  CHECK(rename(store, "missing", "f") == -ENOENT);
  CHECK(rename(store, "f", "g", RENAME_NOREPLACE) == -EEXIST);
  CHECK(rename(store, "f", "h", RENAME_EXCHANGE) == -ENOENT);
  CHECK(rename(store, "f", "g", RENAME_EXCHANGE | RENAME_NOREPLACE) == -EINVAL);
  CHECK(store->rename(kSelf, kRootInode, "d", inner, "loop", 0) == -EINVAL);
  CHECK(store->rename(kSelf, kRootInode, "d", d, "loop", 0) == -EINVAL);
  CHECK(store->rename(kSelf, d, "inner", kRootInode, "d", 0) == -ENOTEMPTY);
  CHECK(store->rename(kSelf, inner, "missing", kRootInode, "d", 0) == -ENOENT);
  store.make("leaf", S_IFREG | 0600, inner);
  CHECK(store->rename(kSelf, inner, "leaf", kRootInode, "d", 0) == -ENOTEMPTY);
  CHECK(store->rename(kSelf, inner, "leaf", kRootInode, "d", RENAME_EXCHANGE) == -EINVAL);
  CHECK(store->unlink(kSelf, inner, "leaf") == 0);
  CHECK(rename(store, "f", std::string(256, 'x')) == -ENAMETOOLONG);
  CHECK(rename(store, "missing", std::string(256, 'x')) == -ENOENT);
  const int64_t f = store.find("f");
  const int64_t g = store.find("g");
  CHECK(rename(store, "f", "g", RENAME_EXCHANGE) == 0);
  CHECK(store.find("g") == f);
  CHECK(rename(store, "g", "f") == 0);
  CHECK(store.find("f") == f);
  Attributes out;
  CHECK(store->getAttributes(kSelf, static_cast<uint64_t>(g), &out) == -ESTALE);
  CHECK(store->rename(kSelf, d, "inner", kRootInode, "inner", 0) == 0);
  CHECK(store.stat(d).links == 2);
  CHECK(store.find("..", inner) == static_cast<int64_t>(kRootInode));
}

TEST_CASE("two names of one inode: renaming one over the other does nothing") {
  SmallStore store(4 << 20);
  const uint64_t a = store.make("a");
  Attributes out;
  CHECK(store->link(kSelf, a, kRootInode, "b", &out) == 0);
  CHECK(rename(store, "a", "b") == 0);
  CHECK(store.find("a") == store.find("b"));
  CHECK(store.stat(a).links == 2);
}

TEST_CASE("an unlinked file lives while it is open or a kernel refers to it") {
  struct Deaf : Observer {
    void inodeChanged(const Caller&, uint64_t, uint64_t, uint64_t) override {}
    void entryChanged(const Caller&, uint64_t, std::string_view) override {}
  } deaf;
  SmallStore store(4 << 20);
  const Caller kernel{0, 0, 1, static_cast<uint32_t>(store->attach(&deaf)), 2};
  REQUIRE(kernel.mount > 0);
  const uint64_t a = store.make("a");
  REQUIRE(store.write(a, 0, "still here") == 10);
  Attributes out;
  OpenResult opened;
  REQUIRE(store->lookup(kernel, kRootInode, "a", &out) == 0);
  REQUIRE(store->open(kSelf, a, O_RDONLY, 0, &opened) == 0);
  REQUIRE(store->unlink(kSelf, kRootInode, "a") == 0);
  store->close(kSelf, a, opened.handle);
  CHECK(store.read(a) == "still here");
  store->forget(kernel, a, 7);  // more than it was given: no harm
  CHECK(store->getAttributes(kSelf, a, &out) == -ESTALE);
  store->detach(kernel.mount);
}

TEST_CASE("detaching a mount gives its references and open files back") {
  struct Deaf : Observer {
    void inodeChanged(const Caller&, uint64_t, uint64_t, uint64_t) override {}
    void entryChanged(const Caller&, uint64_t, std::string_view) override {}
  } deaf;
  SmallStore store(8 << 20);
  const Caller kernel{0, 0, 1, static_cast<uint32_t>(store->attach(&deaf)), 2};
  Attributes out;
  OpenResult opened;
  for (int i = 0; i < 600; ++i) {
    const std::string name = "f" + std::to_string(i);
    REQUIRE(store->create(kernel, kRootInode, name, 0600, O_RDWR, &out, &opened) == 0);
    REQUIRE(store->unlink(kernel, kRootInode, name) == 0);
  }
  StoreUsage usage;
  REQUIRE(store->usage(&usage) == 0);
  CHECK(usage.inodes == 601);
  store->detach(kernel.mount);
  REQUIRE(store->usage(&usage) == 0);
  CHECK(usage.inodes == 1);
}

TEST_CASE("a write by another takes set-id bits and capabilities away") {
  SmallStore store(4 << 20);
  const uint64_t a = store.make("a", S_IFREG | 06775);
  REQUIRE(store->setXattr(kSelf, a, "security.capability", "cap", 3, 0) == 0);
  WriteResult out;
  REQUIRE(store->write(kSelf, a, 0, 0, "x", 1, kWriteKillPrivileges, &out) == 0);
  CHECK(store.stat(a).mode == (S_IFREG | 0775));
  CHECK(store->getXattr(kSelf, a, "security.capability", nullptr, 0) == -ENODATA);
  // Without group execution, S_ISGID means mandatory locking and stays.
  const uint64_t b = store.make("b", S_IFREG | 06764);
  REQUIRE(store->write(kSelf, b, 0, 0, "x", 1, kWriteKillPrivileges, &out) == 0);
  CHECK(store.stat(b).mode == (S_IFREG | 02764));
}

TEST_CASE("a set-group-id directory hands its group down") {
  SmallStore store(4 << 20);
  Attributes out;
  const Caller other{1000, 1000, 1, 0, 0};
  const uint64_t d = store.make("d", S_IFDIR | 0755);
  SetAttributes change{};
  change.fields = kSetGid;
  change.gid = 77;
  REQUIRE(store->setAttributes(kSelf, d, change, &out) == 0);
  change.fields = kSetMode;
  change.mode = 02777;
  REQUIRE(store->setAttributes(kSelf, d, change, &out) == 0);
  REQUIRE(store->makeNode(other, d, "f", S_IFREG | 0644, 0, &out) == 0);
  CHECK(out.gid == 77);
  CHECK(out.uid == 1000);
  REQUIRE(store->makeDirectory(other, d, "e", 0755, &out) == 0);
  CHECK(out.mode == (S_IFDIR | 02755));
}

TEST_CASE("the inode limit is exact, and a removed file makes room") {
  StoreOptions options;
  options.maxBytes = 4 << 20;
  options.maxInodes = 100;
  Store* made = nullptr;
  const char* syscall = "";
  REQUIRE(Store::make(options, &made, &syscall) == 0);
  SmallStore store(made);
  Attributes out;
  int count = 0;
  int status = 0;
  while ((status = store->makeNode(kSelf, kRootInode, "f" + std::to_string(count), S_IFREG | 0600,
                                   0, &out)) == 0) {
    ++count;
  }
  CHECK(status == -ENOSPC);
  CHECK(count == 99);  // the root is the other
  CHECK(store->unlink(kSelf, kRootInode, "f0") == 0);
  CHECK(store->makeNode(kSelf, kRootInode, "again", S_IFREG | 0600, 0, &out) == 0);
}

TEST_CASE("every second of many small files removed makes room for a large one") {
  for (const size_t bytes : {100, 1000, 3000}) {
    CAPTURE(bytes);
    SmallStore store(16 << 20);
    const std::string content(bytes, 'c');
    Attributes out;
    std::vector<uint64_t> files;
    for (;;) {
      const std::string name = "f" + std::to_string(files.size());
      if (store->makeNode(kSelf, kRootInode, name, S_IFREG | 0600, 0, &out) < 0) break;
      if (store.write(out.inode, 0, content) != static_cast<int64_t>(bytes)) {
        REQUIRE(store->unlink(kSelf, kRootInode, name) == 0);
        break;
      }
      files.push_back(out.inode);
    }
    for (size_t i = 0; i < files.size(); i += 2) {
      REQUIRE(store->unlink(kSelf, kRootInode, "f" + std::to_string(i)) == 0);
    }
    const uint64_t wanted = files.size() / 2 * bytes * 8 / 10;
    store.make("large");
    const std::string piece(64 * 1024, 'l');
    uint64_t written = 0;
    while (written < wanted) {
      const int64_t got = store.write(static_cast<uint64_t>(store.find("large")), written, piece);
      if (got <= 0) break;
      written += static_cast<uint64_t>(got);
    }
    CHECK(written >= wanted);
    for (size_t i = 1; i < files.size(); i += 2) REQUIRE(store.read(files[i]) == content);
  }
}

TEST_CASE("xattrs keep the rules of setxattr(2)") {
  SmallStore store(4 << 20);
  const uint64_t a = store.make("a");
  const uint64_t fifo = store.make("fifo", S_IFIFO | 0600);
  CHECK(store->setXattr(kSelf, a, "user.x", "1", 1, XATTR_REPLACE) == -ENODATA);
  CHECK(store->setXattr(kSelf, a, "user.x", "1", 1, XATTR_CREATE) == 0);
  CHECK(store->setXattr(kSelf, a, "user.x", "1", 1, XATTR_CREATE) == -EEXIST);
  CHECK(store->setXattr(kSelf, a, "user.y", "", 0, 0) == 0);
  CHECK(store->setXattr(kSelf, a, "bad", "1", 1, 0) == -EOPNOTSUPP);
  CHECK(store->setXattr(kSelf, fifo, "user.x", "1", 1, 0) == -EPERM);
  char value[4];
  CHECK(store->getXattr(kSelf, a, "user.x", value, sizeof value) == 1);
  CHECK(store->getXattr(kSelf, a, "user.y", value, sizeof value) == 0);
  CHECK(store->listXattr(kSelf, a, nullptr, 0) == 14);
  CHECK(store->listXattr(kSelf, a, value, 4) == -ERANGE);
  const std::string large(65537, 'v');
  CHECK(store->setXattr(kSelf, a, "user.x", large.data(), large.size(), 0) == -E2BIG);
  CHECK(store->setXattr(kSelf, a, "user.x", large.data(), 65536, 0) == 0);
  CHECK(store->removeXattr(kSelf, a, "user.x") == 0);
  CHECK(store->removeXattr(kSelf, a, "user.x") == -ENODATA);
}

TEST_CASE("names are bytes up to 255") {
  SmallStore store(4 << 20);
  Attributes out;
  const std::string longest(255, '\xff');
  CHECK(store->makeNode(kSelf, kRootInode, longest, S_IFREG, 0, &out) == 0);
  CHECK(store.find(longest) > 0);
  CHECK(store->makeNode(kSelf, kRootInode, longest + "x", S_IFREG, 0, &out) == -ENAMETOOLONG);
  CHECK(store.find(longest + "x") == -ENAMETOOLONG);
  CHECK(store->makeNode(kSelf, kRootInode, "a/b", S_IFREG, 0, &out) == -EINVAL);
  CHECK(store->makeNode(kSelf, kRootInode, "", S_IFREG, 0, &out) == -ENOENT);
}

TEST_CASE("a closed store answers EIO to everything, and may be closed again") {
  SmallStore store(4 << 20);
  const uint64_t a = store.make("a");
  Store* again = nullptr;
  const char* syscall = "";
  StoreOptions options;
  options.maxBytes = 1 << 20;
  REQUIRE(Store::make(options, &again, &syscall) == 0);
  again->close();
  again->close();
  Attributes out;
  CHECK(again->lookup(kSelf, kRootInode, "a", &out) == -EIO);
  CHECK(again->makeNode(kSelf, kRootInode, "a", S_IFREG, 0, &out) == -EIO);
  CHECK(again->rename(kSelf, kRootInode, "a", kRootInode, "b", 0) == -EIO);
  again->release();
  CHECK(store.stat(a).links == 1);
}

// Threads that create, rename, link, write, read and remove in three directories; afterwards the
// store must be sound. Under ThreadSanitizer this is also the test of the locks.
TEST_CASE("many threads at once leave a sound store") {
  SmallStore store(32 << 20);
  const uint64_t parents[3] = {kRootInode, store.make("d", S_IFDIR | 0755),
                               store.make("e", S_IFDIR | 0755)};
  std::atomic<uint64_t> surprises{0};
  const auto work = [&](unsigned seed) {
    std::mt19937 random(seed);
    const auto name = [&] { return "n" + std::to_string(random() % 40); };
    const auto parent = [&] { return parents[random() % 3]; };
    const auto expect = [&](int64_t status) {
      const bool usual = status >= 0 || status == -ENOENT || status == -EEXIST ||
                         status == -ESTALE || status == -EISDIR || status == -ENOTDIR ||
                         status == -ENOTEMPTY || status == -EINVAL || status == -EPERM ||
                         status == -ENOSPC;
      if (!usual) surprises.fetch_add(1);
    };
    std::string bytes(70'000, 'b');
    for (int round = 0; round < 4000; ++round) {
      Attributes out{};
      WriteResult written;
      switch (random() % 8) {
        case 0:
          expect(store->makeNode(kSelf, parent(), name(), S_IFREG | 0600, 0, &out));
          break;
        case 1:
          expect(store->makeDirectory(kSelf, parent(), name(), 0700, &out));
          break;
        case 2:
          expect(store->unlink(kSelf, parent(), name()));
          break;
        case 3:
          expect(store->removeDirectory(kSelf, parent(), name()));
          break;
        case 4:
          expect(store->rename(kSelf, parent(), name(), parent(), name(),
                               random() % 3 == 0 ? RENAME_EXCHANGE : 0));
          break;
        case 5:
          if (store->lookup(kSelf, parent(), name(), &out) == 0) {
            expect(store->link(kSelf, out.inode, parent(), name(), &out));
          }
          break;
        case 6:
          if (store->lookup(kSelf, parent(), name(), &out) == 0 && S_ISREG(out.mode)) {
            const int status = store->write(kSelf, out.inode, 0, random() % 5000, bytes.data(),
                                            1 + random() % bytes.size(), 0, &written);
            if (status != -EISDIR) expect(status);
          }
          break;
        default:
          if (store->lookup(kSelf, parent(), name(), &out) == 0 && S_ISREG(out.mode)) {
            expect(store->read(kSelf, out.inode, 0, 0, bytes.data(), bytes.size()));
          }
      }
    }
  };
  std::thread threads[4];
  for (unsigned i = 0; i < 4; ++i) threads[i] = std::thread(work, 100 + i);
  for (std::thread& thread : threads) thread.join();
  CHECK(surprises.load() == 0);
}

// For TSan. Each listing takes a new access time: the directory has been changed before.
TEST_CASE("a directory is listed by some while others ask for its times") {
  SmallStore store(4 << 20);
  const uint64_t directory = store.make("d", S_IFDIR | 0755);
  struct Visitor final : DirectoryVisitor {
    bool visit(const DirectoryEntry&) override { return true; }
  };
  std::atomic<int> failures{0};
  const auto list = [&] {
    Visitor visitor;
    SetAttributes change{};
    change.fields = kSetModifiedNow;
    Attributes out;
    for (int i = 0; i < 300; ++i) {
      if (store->setAttributes(kSelf, directory, change, &out) != 0) ++failures;
      if (store->readDirectory(kSelf, directory, 0, false, &visitor) != 0) ++failures;
    }
  };
  const auto look = [&] {
    Attributes out;
    for (int i = 0; i < 600; ++i) {
      if (store->getAttributes(kSelf, directory, &out) != 0) ++failures;
    }
  };
  std::thread threads[4] = {std::thread(list), std::thread(look), std::thread(list),
                            std::thread(look)};
  for (std::thread& thread : threads) thread.join();
  CHECK(failures == 0);
}

}  // namespace
}  // namespace ram
