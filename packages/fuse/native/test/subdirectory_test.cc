#include "subdirectory.h"

#include <doctest/doctest.h>

#include <cerrno>

#include "harness.h"

namespace ram::fuse {
namespace {

constexpr Caller kInProcess{};

struct Tree {
  Tree() {
    a = make(kRootInode, "a");
    b = make(a, "b");
    Attributes link;
    files.makeSymlink(kInProcess, kRootInode, "link", "a", &link);
  }
  uint64_t make(uint64_t parent, std::string_view name) {
    Attributes made;
    REQUIRE(files.makeDirectory(kInProcess, parent, name, 0755, &made) == 0);
    return made.inode;
  }

  FakeFileSystem files;
  uint64_t a, b;
};

}  // namespace

TEST_CASE("subdirectory: is found name by name") {
  Tree tree;
  uint64_t found = 0;
  CHECK(findDirectory(tree.files, 0, "", &found) == 0);
  CHECK(found == kRootInode);
  CHECK(findDirectory(tree.files, 0, "/a//./b/", &found) == 0);
  CHECK(found == tree.b);
  CHECK(findDirectory(tree.files, 0, "a/none", &found) == -ENOENT);
  CHECK(findDirectory(tree.files, 0, "link", &found) == -ELOOP);
  CHECK(findDirectory(tree.files, 0, std::string(256, 'x'), &found) == -ENAMETOOLONG);
}

TEST_CASE("subdirectory: is node 1 in requests and in notices") {
  Tree tree;
  SessionOptions options;
  options.root = "a";
  RecordingTransport transport;
  Session session(&tree.files, transport, options);
  REQUIRE(session.attach() == 0);
  CHECK(session.root == tree.a);
  session.notifier.inodeChanged(kInProcess, tree.a, 0, 0);
  session.notifier.entryChanged(kInProcess, tree.a, "name");
  session.notifier.inodeChanged(kInProcess, tree.b, 0, 0);
  REQUIRE(transport.notices.size() == 3);
  CHECK(transport.notices[0].as<InvalidateInodeOut>().node == kRootInode);
  CHECK(transport.notices[1].as<InvalidateEntryOut>().parent == kRootInode);
  CHECK(transport.notices[2].as<InvalidateInodeOut>().node == tree.b);
  // The store's own root is out of reach.
  session.notifier.inodeChanged(kInProcess, kRootInode, 0, 0);
  session.notifier.entryChanged(kInProcess, kRootInode, "name");
  CHECK(transport.notices.size() == 3);
}

TEST_CASE("subdirectory: one that is not there is told by attach") {
  Tree tree;
  SessionOptions options;
  options.root = "none";
  RecordingTransport transport;
  Session session(&tree.files, transport, options);
  CHECK(session.attach() == -ENOENT);
}

}  // namespace ram::fuse
