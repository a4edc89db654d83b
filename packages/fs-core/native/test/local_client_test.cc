#include "local_client.h"

#include <doctest/doctest.h>
#include <sys/statfs.h>
#include <sys/types.h>
#include <unistd.h>

#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "fake_file_system.h"

namespace {

using ram::Attributes;
using ram::FakeFileSystem;
using ram::LocalClient;

struct Fixture {
  FakeFileSystem fileSystem;
  LocalClient client{&fileSystem, {1000, 1001, 1, 022}};

  int statCode(std::string_view path, bool follow = true) {
    Attributes found;
    return client.stat(path, follow, &found);
  }
  int touch(std::string_view path) {
    int descriptor = client.open(path, O_CREAT | O_WRONLY, 0666);
    return descriptor < 0 ? descriptor : client.close(descriptor);
  }
};

// The same calls against the kernel, in a folder of its own, by relative paths.
class KernelFolder {
 public:
  KernelFolder() {
    char path[] = "/dev/shm/ram-local-client-XXXXXX";
    char elsewhere[] = "/tmp/ram-local-client-XXXXXX";
    char* made = mkdtemp(path);
    if (made == nullptr) made = mkdtemp(elsewhere);
    REQUIRE(made != nullptr);
    folder_ = made;
    previous_ = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    REQUIRE(chdir(made) == 0);
  }
  ~KernelFolder() {
    if (fchdir(previous_) != 0) abort();
    close(previous_);
    if (system(("rm -rf " + folder_).c_str()) != 0) abort();
  }

 private:
  std::string folder_;
  int previous_;
};

int code(long result) { return result < 0 ? -errno : 0; }

// What both sides are given.
const std::vector<std::string> kPaths = {
    "",          ".",           "..x",        "./",         "file",        "file/",
    "file/.",    "file/..",     "file/x",     "dir",        "dir/",        "dir//",
    "dir/.",     "dir/./",      "dir/..",     "dir/../",    "dir/sub/..",  "full",
    "full/",     "full/.",      "full/..",    "new",        "new/",        "new/x",
    "dir/new",   "dir/new/",    "tofile",     "tofile/",    "tofile/x",    "todir",
    "todir/",    "todir/.",     "todir/new",  "todir/new/", "dangling",    "dangling/",
    "dangling/x", "toslash",    "toslash/",   "tonewslash", "tonewslash/", "deep",
    "loop",      "loop/",       "loop/x",     "totodir",    "totodir/",    "todir/../file",
    "./file",    "dir/../file", "full/inner", "full/toup",  "full/toup/",  "full/toup/file",
};

void populate(const std::function<void(const char*)>& makeFile,
              const std::function<void(const char*)>& makeDirectory,
              const std::function<void(const char*, const char*)>& makeSymlink) {
  makeFile("file");
  makeDirectory("dir");
  makeDirectory("dir/sub");
  makeDirectory("full");
  makeFile("full/inner");
  makeSymlink("file", "tofile");
  makeSymlink("dir", "todir");
  makeSymlink("nowhere", "dangling");
  makeSymlink("no/where", "deep");
  makeSymlink("dir/", "toslash");
  makeSymlink("nowhere/", "tonewslash");
  makeSymlink("todir", "totodir");
  makeSymlink("loop", "loop");
  makeSymlink("..", "full/toup");
}

void populateKernel() {
  populate([](const char* path) { close(open(path, O_CREAT | O_WRONLY, 0644)); },
           [](const char* path) { REQUIRE(mkdir(path, 0755) == 0); },
           [](const char* target, const char* path) { REQUIRE(symlink(target, path) == 0); });
}

void populateClient(Fixture* fixture) {
  populate([&](const char* path) { REQUIRE(fixture->touch(path) == 0); },
           [&](const char* path) { REQUIRE(fixture->client.makeDirectory(path, 0755) == 0); },
           [&](const char* target, const char* path) {
             REQUIRE(fixture->client.symlink(target, path) == 0);
           });
}

// Runs one call on each path, each time in a fresh tree, on both sides.
void compare(const std::function<int(const char*)>& kernel,
             const std::function<int(Fixture*, const std::string&)>& client) {
  for (const std::string& path : kPaths) {
    int expected, actual;
    {
      KernelFolder folder;
      populateKernel();
      expected = kernel(path.c_str());
    }
    {
      Fixture fixture;
      populateClient(&fixture);
      actual = client(&fixture, path);
    }
    CAPTURE(path);
    CHECK(actual == expected);
  }
}

int openAndClose(Fixture* fixture, const std::string& path, int flags) {
  int descriptor = fixture->client.open(path, flags, 0644);
  if (descriptor >= 0) REQUIRE(fixture->client.close(descriptor) == 0);
  CHECK(fixture->fileSystem.openHandles == 0);
  return std::min(descriptor, 0);
}

}  // namespace

TEST_CASE("open answers like the kernel for every form of path and flags") {
  const int flags[] = {
      O_RDONLY,
      O_WRONLY,
      O_RDONLY | O_TRUNC,
      O_RDWR | O_CREAT,
      O_WRONLY | O_CREAT | O_EXCL,
      O_WRONLY | O_CREAT | O_TRUNC,
      O_RDONLY | O_CREAT,
      O_RDONLY | O_NOFOLLOW,
      O_RDWR | O_CREAT | O_NOFOLLOW,
      O_RDONLY | O_DIRECTORY,
      O_RDONLY | O_DIRECTORY | O_NOFOLLOW,
      O_WRONLY | O_DIRECTORY,
      O_RDWR | O_TMPFILE,
      O_TMPFILE,
      O_RDWR | O_TMPFILE | O_CREAT,
      3,
  };
  for (int flag : flags) {
    CAPTURE(flag);
    compare(
        [&](const char* path) {
          int descriptor = open(path, flag, 0644);
          if (descriptor >= 0) close(descriptor);
          return code(descriptor);
        },
        [&](Fixture* fixture, const std::string& path) {
          return openAndClose(fixture, path, flag);
        });
  }
}

TEST_CASE("stat and lstat answer like the kernel") {
  struct stat found;
  compare([&](const char* path) { return code(stat(path, &found)); },
          [](Fixture* fixture, const std::string& path) { return fixture->statCode(path); });
  compare([&](const char* path) { return code(lstat(path, &found)); },
          [](Fixture* fixture, const std::string& path) { return fixture->statCode(path, false); });
}

TEST_CASE("calls on one name answer like the kernel") {
  char target[4096];
  compare([](const char* path) { return code(mkdir(path, 0755)); },
          [](Fixture* f, const std::string& path) { return f->client.makeDirectory(path, 0755); });
  compare([](const char* path) { return code(rmdir(path)); },
          [](Fixture* f, const std::string& path) { return f->client.removeDirectory(path); });
  compare([](const char* path) { return code(unlink(path)); },
          [](Fixture* f, const std::string& path) { return f->client.unlink(path); });
  compare([](const char* path) { return code(symlink("anything", path)); },
          [](Fixture* f, const std::string& path) { return f->client.symlink("anything", path); });
  compare([&](const char* path) { return code(readlink(path, target, sizeof target)); },
          [&](Fixture* f, const std::string& path) {
            return static_cast<int>(
                std::min<ssize_t>(0, f->client.readSymlink(path, target, sizeof target)));
          });
  compare([](const char* path) { return code(link("file", path)); },
          [](Fixture* f, const std::string& path) { return f->client.link("file", path); });
  compare([](const char* path) { return code(link(path, "fresh")); },
          [](Fixture* f, const std::string& path) { return f->client.link(path, "fresh"); });
  compare([](const char* path) { return code(link("dir", path)); },
          [](Fixture* f, const std::string& path) { return f->client.link("dir", path); });
}

TEST_CASE("rename answers like the kernel") {
  for (const char* other : {"file", "dir", "full", "fresh", "fresh/", "dir/", "todir", "."}) {
    CAPTURE(other);
    compare([&](const char* path) { return code(rename(path, other)); },
            [&](Fixture* f, const std::string& path) { return f->client.rename(path, other, 0); });
    compare([&](const char* path) { return code(rename(other, path)); },
            [&](Fixture* f, const std::string& path) { return f->client.rename(other, path, 0); });
  }
  compare([&](const char* path) {
            return code(renameat2(AT_FDCWD, "file", AT_FDCWD, path, RENAME_NOREPLACE));
          },
          [&](Fixture* f, const std::string& path) {
            return f->client.rename("file", path, RENAME_NOREPLACE);
          });
}

TEST_CASE("the path walk ends after 40 symbolic links, as the kernel's") {
  Fixture fixture;
  KernelFolder folder;
  REQUIRE(fixture.touch("0") == 0);
  close(open("0", O_CREAT | O_WRONLY, 0644));
  for (int i = 1; i <= 42; ++i) {
    std::string target = std::to_string(i - 1), name = std::to_string(i);
    REQUIRE(symlink(target.c_str(), name.c_str()) == 0);
    REQUIRE(fixture.client.symlink(target, name) == 0);
    struct stat found;
    CHECK(fixture.statCode(name) == code(stat(name.c_str(), &found)));
  }
  CHECK(fixture.statCode("40") == 0);
  CHECK(fixture.statCode("41") == -ELOOP);
}

TEST_CASE("absolute symbolic links resolve inside the file system") {
  Fixture fixture;
  REQUIRE(fixture.client.makeDirectory("/a", 0755) == 0);
  REQUIRE(fixture.touch("/a/file") == 0);
  REQUIRE(fixture.client.symlink("/a", "/link") == 0);
  REQUIRE(fixture.client.symlink("/", "/a/root") == 0);
  CHECK(fixture.statCode("/link/file") == 0);
  CHECK(fixture.statCode("link/root/a/root/link/file") == 0);
  CHECK(fixture.statCode("/../../a/../../link/file") == 0);
  CHECK(fixture.statCode("//") == 0);
  CHECK(fixture.client.removeDirectory("/") == -EBUSY);
  CHECK(fixture.client.unlink("/") == -EISDIR);
  CHECK(fixture.client.makeDirectory("/", 0755) == -EEXIST);
}

TEST_CASE("lengths of names and paths") {
  Fixture fixture;
  std::string name255(255, 'n'), name256(256, 'n');
  CHECK(fixture.touch(name255) == 0);
  CHECK(fixture.touch(name256) == -ENAMETOOLONG);
  CHECK(fixture.statCode(name256) == -ENAMETOOLONG);
  std::string path;
  while (path.size() < 4095) path += "./";
  path.resize(4095, '/');
  CHECK(fixture.statCode(path) == 0);
  CHECK(fixture.statCode(path + "/") == -ENAMETOOLONG);
  CHECK(fixture.statCode(std::string_view("a\0b", 3)) == -EINVAL);
  CHECK(fixture.client.symlink(std::string(4096, 't'), "link") == -ENAMETOOLONG);
  CHECK(fixture.client.symlink(std::string(4095, 't'), "link") == 0);
  CHECK(fixture.statCode("link") == -ENAMETOOLONG);
}

TEST_CASE("descriptors") {
  Fixture fixture;
  LocalClient& client = fixture.client;
  char data[16];

  SUBCASE("are the lowest free numbers") {
    int first = client.open("a", O_CREAT | O_RDWR, 0644);
    CHECK(first == ram::kFirstDescriptor);
    std::vector<int> more;
    for (int i = 1; i < 1000; ++i) {
      more.push_back(client.open("a", O_RDONLY, 0));
      CHECK(more.back() == first + i);
    }
    CHECK(client.close(first + 500) == 0);
    CHECK(client.close(first + 3) == 0);
    CHECK(client.open("a", O_RDONLY, 0) == first + 3);
    CHECK(client.open("a", O_RDONLY, 0) == first + 500);
    CHECK(client.open("a", O_RDONLY, 0) == first + 1000);
  }
  SUBCASE("that are not open are EBADF") {
    for (int bad : {-1, 0, 1, 5, INT32_MIN, INT32_MAX, ram::kFirstDescriptor,
                    ram::kFirstDescriptor + ram::kDescriptorsMax}) {
      CAPTURE(bad);
      CHECK(client.close(bad) == -EBADF);
      CHECK(client.read(bad, data, 1, 0) == -EBADF);
      CHECK(client.write(bad, data, 1, 0) == -EBADF);
      CHECK(client.truncate(bad, 0) == -EBADF);
      CHECK(client.changeMode(bad, 0) == -EBADF);
    }
    int descriptor = client.open("a", O_CREAT | O_RDWR, 0644);
    CHECK(client.close(descriptor) == 0);
    CHECK(client.close(descriptor) == -EBADF);
  }
  SUBCASE("enforce the access mode") {
    int writeOnly = client.open("a", O_CREAT | O_WRONLY, 0644);
    int readOnly = client.open("a", O_RDONLY, 0);
    int neither = client.open("a", 3, 0);
    int directory = client.open("/", O_RDONLY, 0);
    CHECK(client.read(writeOnly, data, 1, 0) == -EBADF);
    CHECK(client.write(readOnly, data, 1, 0) == -EBADF);
    CHECK(client.truncate(readOnly, 0) == -EINVAL);
    CHECK(client.read(neither, data, 1, 0) == -EBADF);
    CHECK(client.write(neither, data, 1, 0) == -EBADF);
    CHECK(client.read(directory, data, 1, 0) == -EISDIR);
    CHECK(client.write(directory, data, 1, 0) == -EBADF);
    CHECK(client.truncate(directory, 0) == -EINVAL);
    CHECK(client.write(writeOnly, data, 1, -2) == -EINVAL);
  }
  SUBCASE("move their position only without an offset") {
    int descriptor = client.open("a", O_CREAT | O_RDWR, 0644);
    CHECK(client.write(descriptor, "hello", 5, -1) == 5);
    CHECK(client.write(descriptor, "J", 1, 0) == 1);
    CHECK(client.write(descriptor, "!", 1, -1) == 1);
    CHECK(client.read(descriptor, data, 16, -1) == 0);
    CHECK(client.read(descriptor, data, 16, 0) == 6);
    CHECK(std::string(data, 6) == "Jello!");
  }
  SUBCASE("append wherever the offset is") {
    int descriptor = client.open("a", O_CREAT | O_RDWR | O_APPEND, 0644);
    CHECK(client.write(descriptor, "one", 3, -1) == 3);
    CHECK(client.write(descriptor, "two", 3, 0) == 3);
    CHECK(client.read(descriptor, data, 16, 0) == 6);
    CHECK(client.read(descriptor, data, 16, -1) == 3);
  }
  SUBCASE("are closed with the client, which then gives its reference back") {
    FakeFileSystem own;
    {
      LocalClient other(&own, {0, 0, 1, 0});
      other.open("a", O_CREAT | O_RDWR, 0644);
      other.open("/", O_RDONLY, 0);
      CHECK(own.openHandles == 2);
      CHECK(own.references == 1);
    }
    CHECK(own.openHandles == 0);
    CHECK(own.references == 0);
  }
}

TEST_CASE("new files belong to the process and obey its umask") {
  Fixture fixture;
  Attributes found;
  REQUIRE(fixture.touch("file") == 0);
  REQUIRE(fixture.client.stat("file", true, &found) == 0);
  CHECK(found.mode == (S_IFREG | 0644));
  CHECK(found.uid == 1000);
  CHECK(found.gid == 1001);
  REQUIRE(fixture.client.makeDirectory("dir", 07777) == 0);
  REQUIRE(fixture.client.stat("dir", true, &found) == 0);
  CHECK(found.mode == (S_IFDIR | 01755));
}

TEST_CASE("many threads open, read and close the same numbers") {
  Fixture fixture;
  REQUIRE(fixture.touch("file") == 0);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      char data[8];
      for (int i = 0; i < 3000; ++i) {
        int own = fixture.client.open("file", O_RDWR, 0);
        fixture.client.write(own, "x", 1, -1);
        fixture.client.read(ram::kFirstDescriptor + i % 4, data, 8, i % 2 == 0 ? 0 : -1);
        if (i % 3 == 0) fixture.client.close(ram::kFirstDescriptor + i % 4);
        fixture.client.close(own);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  fixture.client.closeAll();
  CHECK(fixture.fileSystem.openHandles == 0);
}

TEST_CASE("user xattrs are for files and directories only") {
  Fixture fixture;
  REQUIRE(fixture.client.symlink("x", "link") == 0);
  REQUIRE(fixture.touch("file") == 0);
  char value[4];
  CHECK(fixture.client.setXattr("link", false, "user.a", "v", 1, 0) == -EPERM);
  CHECK(fixture.client.getXattr("link", false, "user.a", value, 4) == -ENODATA);
  CHECK(fixture.client.setXattr("link", true, "user.a", "v", 1, 0) == -ENOENT);
  CHECK(fixture.client.setXattr("file", true, "user.a", "v", 1, 0) == 0);
  CHECK(fixture.client.getXattr("file", true, "user.a", value, 4) == 1);
  CHECK(fixture.client.setXattr("file", true, "", "v", 1, 0) == -ERANGE);
  CHECK(fixture.client.setXattr("file", true, "user.a", "v", 1, 8) == -EINVAL);
}
