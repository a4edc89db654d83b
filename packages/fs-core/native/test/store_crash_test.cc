// A process may die between any two of its stores. Every state that the segments pass through
// during an operation is copied, opened as a successor would, and must be sound; and where one
// transaction makes the change, it must be the old state or the new one.
#include <doctest/doctest.h>
#include <errno.h>
#include <linux/fs.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include <functional>
#include <memory>

#include "small_store.h"

namespace ram {
namespace {

void copyFile(int from, int to) {
  const off_t end = ::lseek(from, 0, SEEK_END);
  REQUIRE(::ftruncate(to, end) == 0);
  std::string buffer;
  for (off_t at = ::lseek(from, 0, SEEK_DATA); at >= 0; at = ::lseek(from, at, SEEK_DATA)) {
    const off_t hole = ::lseek(from, at, SEEK_HOLE);
    buffer.resize(static_cast<size_t>(hole - at));
    REQUIRE(::pread(from, buffer.data(), buffer.size(), at) == hole - at);
    REQUIRE(::pwrite(to, buffer.data(), buffer.size(), at) == hole - at);
    at = hole;
  }
}

std::unique_ptr<Backing> copyOf(Backing& original, uint64_t maxBytes) {
  std::unique_ptr<Backing> fresh;
  const char* syscall = "";
  REQUIRE(Backing::make(BackingChoice::kTmpfs, maxBytes, true, &fresh, &syscall) == 0);
  copyFile(original.segmentFd(), fresh->segmentFd());
  std::vector<uint64_t> blobs;
  REQUIRE(original.listBlobs(&blobs) == 0);
  for (const uint64_t number : blobs) {
    const int from = original.openBlob(number);
    const int to = fresh->createBlob(number);
    REQUIRE(from >= 0);
    REQUIRE(to >= 0);
    copyFile(from, to);
    ::close(from);
    ::close(to);
  }
  std::unique_ptr<Backing> adopted;
  REQUIRE(Backing::adopt(::dup(fresh->descriptor()), &adopted) == 0);
  return adopted;
}

using Dump = std::map<std::string, std::string>;
constexpr uint64_t kBytes = 4 << 20;

struct Prefixes {
  SmallStore* store;
  bool atomic;
  Dump before;
  std::vector<Dump> seen;
  int count = 0;

  static void onStore(void* context) {
    auto* self = static_cast<Prefixes*>(context);
    ++self->count;
    Store* opened = nullptr;
    REQUIRE(Store::adopt(copyOf((*self->store)->backing(), kBytes), false, &opened) == 0);
    SmallStore successor(opened);  // checks itself when it goes
    if (self->atomic) self->seen.push_back(successor.dump());
  }
};

// Runs `change` on a store that `prepare` filled, opening every state on the way.
void everyPrefix(const std::string& title, bool atomic,
                 const std::function<void(SmallStore&)>& prepare,
                 const std::function<int64_t(SmallStore&)>& change) {
  CAPTURE(title);
  SmallStore store(kBytes, BackingChoice::kTmpfs);
  prepare(store);
  Prefixes prefixes{&store, atomic, store.dump(), {}, 0};
  store->journal().trace(Prefixes::onStore, &prefixes);
  const int64_t status = change(store);
  store->journal().trace(nullptr, nullptr);
  CHECK(status >= 0);
  // A blob file changes by system calls, which happen wholly or not at all.
  if (atomic) CHECK(prefixes.count > 0);
  const Dump after = store.dump();
  for (const Dump& seen : prefixes.seen) {
    const bool oldOrNew = seen == prefixes.before || seen == after;
    CHECK(oldOrNew);
  }
  if (atomic && after != prefixes.before) {
    CHECK(prefixes.seen.front() == prefixes.before);
    CHECK(prefixes.seen.back() == after);
  }
}

void someFiles(SmallStore& store) {
  const uint64_t directory = store.make("d", S_IFDIR | 0755);
  store.make("e", S_IFDIR | 0700);
  store.make("inner", S_IFREG | 0600, directory);
  store.make("a");
  store.write(static_cast<uint64_t>(store.find("a")), 0, "bytes of a");
  store.make("b");
}

uint64_t inode(SmallStore& store, const char* name) {
  const int64_t found = store.find(name);
  REQUIRE(found > 0);
  return static_cast<uint64_t>(found);
}

TEST_CASE("names: every prefix of the writes opens clean, as old or new") {
  Attributes out;
  everyPrefix("create", true, someFiles, [&](SmallStore& s) {
    return s->makeNode(kSelf, kRootInode, "new", S_IFREG | 0600, 0, &out);
  });
  everyPrefix("mkdir", true, someFiles, [&](SmallStore& s) {
    return s->makeDirectory(kSelf, inode(s, "d"), "new", 0700, &out);
  });
  everyPrefix("symlink", true, someFiles, [&](SmallStore& s) {
    return s->makeSymlink(kSelf, kRootInode, "new", "some/target", &out);
  });
  everyPrefix("link", true, someFiles, [&](SmallStore& s) {
    return s->link(kSelf, inode(s, "a"), inode(s, "d"), "again", &out);
  });
  everyPrefix("unlink", true, someFiles,
              [](SmallStore& s) { return s->unlink(kSelf, kRootInode, "a"); });
  everyPrefix("rmdir", true, someFiles,
              [](SmallStore& s) { return s->removeDirectory(kSelf, kRootInode, "e"); });
  everyPrefix("growing a directory", false, [](SmallStore& s) {
    for (int i = 0; i < 6; ++i) s.make("x" + std::to_string(i));
  }, [&](SmallStore& s) {
    return s->makeNode(kSelf, kRootInode, "seventh", S_IFREG | 0600, 0, &out);
  });
}

TEST_CASE("rename: every prefix of the writes opens clean, as old or new") {
  everyPrefix("to a free name", true, someFiles, [](SmallStore& s) {
    return s->rename(kSelf, kRootInode, "a", inode(s, "d"), "moved", 0);
  });
  everyPrefix("over a file", true, someFiles, [](SmallStore& s) {
    return s->rename(kSelf, kRootInode, "a", kRootInode, "b", 0);
  });
  everyPrefix("a directory to another parent", true, someFiles, [](SmallStore& s) {
    return s->rename(kSelf, kRootInode, "d", inode(s, "e"), "d", 0);
  });
  everyPrefix("a directory over an empty one", true, someFiles, [](SmallStore& s) {
    return s->rename(kSelf, kRootInode, "d", kRootInode, "e", 0);
  });
  everyPrefix("exchange of file and directory", true, someFiles, [](SmallStore& s) {
    return s->rename(kSelf, kRootInode, "a", kRootInode, "d", RENAME_EXCHANGE);
  });
  everyPrefix("exchange across directories", true, someFiles, [](SmallStore& s) {
    return s->rename(kSelf, inode(s, "d"), "inner", kRootInode, "e", RENAME_EXCHANGE);
  });
  everyPrefix("whiteout", true, someFiles, [](SmallStore& s) {
    return s->rename(kSelf, kRootInode, "a", inode(s, "d"), "moved", RENAME_WHITEOUT);
  });
}

TEST_CASE("attributes: every prefix of the writes opens clean") {
  everyPrefix("set an xattr", true, someFiles, [](SmallStore& s) {
    return s->setXattr(kSelf, inode(s, "a"), "user.one", "value", 5, 0);
  });
  everyPrefix("replace and remove an xattr", false, someFiles, [](SmallStore& s) {
    s->setXattr(kSelf, inode(s, "a"), "user.one", "value", 5, 0);
    s->setXattr(kSelf, inode(s, "a"), "user.two", "value", 5, 0);
    s->setXattr(kSelf, inode(s, "a"), "user.one", "longer value", 12, 0);
    return s->removeXattr(kSelf, inode(s, "a"), "user.two");
  });
  everyPrefix("chown and chmod", true, someFiles, [](SmallStore& s) {
    SetAttributes change{};
    change.fields = kSetMode | kSetUid | kSetGid;
    change.mode = 0711;
    change.uid = change.gid = 1000;
    Attributes out;
    return s->setAttributes(kSelf, inode(s, "b"), change, &out);
  });
}

TEST_CASE("bytes: every prefix of the writes opens clean") {
  const std::string small(100, 's');
  const std::string page(5000, 'p');
  const std::string large(200'000, 'l');
  for (const std::string* first : {&small, &page, &large}) {
    everyPrefix("first write", false, someFiles,
                [&](SmallStore& s) { return s.write(inode(s, "b"), 0, *first); });
    everyPrefix("unlink of a file with bytes", false, [&](SmallStore& s) {
      someFiles(s);
      s.write(inode(s, "b"), 0, *first);
    }, [](SmallStore& s) { return s->unlink(kSelf, kRootInode, "b"); });
    for (const uint64_t size : {uint64_t{0}, uint64_t{10}, uint64_t{4096}, uint64_t{300'000}}) {
      everyPrefix("truncate", false, [&](SmallStore& s) {
        someFiles(s);
        s.write(inode(s, "b"), 0, *first);
      }, [&](SmallStore& s) {
        SetAttributes change{};
        change.fields = kSetSize;
        change.size = size;
        Attributes out;
        return s->setAttributes(kSelf, inode(s, "b"), change, &out);
      });
    }
  }
  everyPrefix("growth from inline to pages to a file", false, someFiles, [&](SmallStore& s) {
    const uint64_t b = inode(s, "b");
    s.write(b, 0, small);
    s.write(b, 90, page);
    s.write(b, 40'000, page);
    return s.write(b, 60'000, large);
  });
}

TEST_CASE("open files without a name are given back by a successor") {
  SmallStore store(kBytes, BackingChoice::kTmpfs);
  Attributes out;
  OpenResult opened;
  REQUIRE(store->makeTemporary(kSelf, kRootInode, 0600, O_RDWR, &out, &opened) == 0);
  REQUIRE(store.write(out.inode, 0, std::string(100'000, 'x')) == 100'000);
  Store* next = nullptr;
  REQUIRE(Store::adopt(copyOf(store->backing(), kBytes), false, &next) == 0);
  SmallStore successor(next);
  StoreUsage usage;
  REQUIRE(successor->usage(&usage) == 0);
  CHECK(usage.inodes == 1);
  std::vector<uint64_t> blobs;
  REQUIRE(successor->backing().listBlobs(&blobs) == 0);
  CHECK(blobs.empty());
  store->close(kSelf, out.inode, opened.handle);
}

TEST_CASE("a mount's references and open files survive where the mount does") {
  struct Deaf : Observer {
    void inodeChanged(const Caller&, uint64_t, uint64_t, uint64_t) override {}
    void entryChanged(const Caller&, uint64_t, std::string_view) override {}
  } deaf;
  SmallStore store(kBytes, BackingChoice::kTmpfs);
  const int mount = store->attach(&deaf);
  REQUIRE(mount > 0);
  const Caller kernel{0, 0, 1, static_cast<uint32_t>(mount), 42};
  REQUIRE(store->recordInit(kernel.mount, "init", 4) == 0);
  Attributes out;
  OpenResult opened;
  REQUIRE(store->create(kernel, kRootInode, "f", 0600, O_RDWR, &out, &opened) == 0);
  REQUIRE(store->unlink(kernel, kRootInode, "f") == 0);
  Store* next = nullptr;
  REQUIRE(Store::adopt(copyOf(store->backing(), kBytes), true, &next) == 0);
  {
    SmallStore successor(next);
    CHECK(successor.stat(out.inode).links == 0);
    int64_t result = -1;
    CHECK(successor->outcome(kernel.mount, 42, &result) == 0);
    CHECK(successor->outcome(kernel.mount, 41, &result) == -ENOENT);
    successor->close(kernel, out.inode, opened.handle);
    successor->forget(kernel, out.inode, 1);
    Attributes gone;
    CHECK(successor->getAttributes(kSelf, out.inode, &gone) == -ESTALE);
  }
  store->detach(kernel.mount);
}

}  // namespace
}  // namespace ram
