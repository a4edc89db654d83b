// What node:fs has no call for, on real files.
#include <cerrno>
#include <cstring>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "attributes.h"
#include "content_copy.h"
#include "look.h"
#include "memfd.h"
#include "names.h"
#include "open_known.h"

namespace ram {
namespace {

class Folder {
 public:
  Folder() { REQUIRE(mkdtemp(path_) != nullptr); }
  ~Folder() { CHECK(rmdir(path_) == 0); }
  std::string at(const char* name) const { return std::string(path_) + "/" + name; }

 private:
  char path_[40] = "/tmp/ram-memfile-native-XXXXXX";
};

void put(const std::string& path, const char* text) {
  const int fd = open(path.c_str(), O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0600);
  REQUIRE(fd >= 0);
  CHECK(write(fd, text, strlen(text)) == static_cast<ssize_t>(strlen(text)));
  close(fd);
}

std::string get(const std::string& path) {
  char text[64] = {};
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  REQUIRE(fd >= 0);
  CHECK(read(fd, text, sizeof text - 1) >= 0);
  close(fd);
  return text;
}

}  // namespace

TEST_CASE("names are exchanged, and taken only where nothing is") {
  Folder folder;
  const std::string one = folder.at("one"), other = folder.at("other");
  put(one, "1");
  CHECK(exchangeNames(one.c_str(), other.c_str()) == -ENOENT);
  put(other, "2");
  CHECK(exchangeNames(one.c_str(), other.c_str()) == 0);
  CHECK(get(one) == "2");
  CHECK(renameExclusively(one.c_str(), other.c_str()) == -EEXIST);
  unlink(other.c_str());
  CHECK(renameExclusively(one.c_str(), other.c_str()) == 0);
  const int fd = open(folder.at("").c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  CHECK(fd >= 0);
  CHECK(giveName(fd, other.c_str()) == -EEXIST);
  CHECK(giveName(fd, one.c_str()) == 0);
  close(fd);
  unlink(one.c_str());
  unlink(other.c_str());
}

TEST_CASE("a look tells a link, its target and what is there") {
  Folder folder;
  const std::string file = folder.at("a-memfile-1"), link = folder.at("link");
  FileFacts facts, behind;
  Target target, beside;
  CHECK(lookAtName(link.c_str(), &facts, &target) == 0);
  CHECK(facts.mode == 0);
  put(file, "12345");
  CHECK(symlink(file.c_str(), link.c_str()) == 0);
  CHECK(symlink("record", (file + ".link").c_str()) == 0);
  CHECK(lookAtLink(link.c_str(), "-memfile-", ".link", &facts, &target, &behind, &beside) == 0);
  CHECK(S_ISLNK(facts.mode));
  CHECK(std::string(target.bytes, static_cast<size_t>(target.length)) == file);
  CHECK(behind.size == 5);
  CHECK(std::string(beside.bytes, static_cast<size_t>(beside.length)) == "record");
  CHECK(lookAtName(folder.at("link/x").c_str(), &facts, &target) == -ENOTDIR);
  DirectoryFacts directory;
  CHECK(lookAtDirectory("/dev/shm", &directory) == 0);
  CHECK(directory.type == 0x01021994);
  for (const std::string& gone : {file, link, file + ".link"}) unlink(gone.c_str());
}

TEST_CASE("a known content is opened, and emptied only when all is as it was") {
  Folder folder;
  const std::string file = folder.at("content"), link = folder.at("link");
  put(file, "12345");
  CHECK(symlink(file.c_str(), link.c_str()) == 0);
  struct stat found;
  CHECK(stat(file.c_str(), &found) == 0);
  const auto openIt = [&](const std::string& target, int flags, uint64_t device) {
    return openKnown(link.c_str(), target.c_str(), flags, device);
  };
  const int fd = openIt(file, O_WRONLY | O_APPEND, found.st_dev);
  REQUIRE(fd >= 0);
  CHECK((fcntl(fd, F_GETFL) & (O_APPEND | O_NONBLOCK)) == O_APPEND);
  CHECK(fcntl(fd, F_GETFD) == FD_CLOEXEC);
  close(fd);
  CHECK(openIt("/other", O_WRONLY | O_TRUNC, found.st_dev) == -ESTALE);
  CHECK(openIt(file, O_WRONLY | O_TRUNC, found.st_dev + 1) == -ESTALE);
  CHECK(get(file) == "12345");
  close(openIt(file, O_RDWR | O_TRUNC, found.st_dev));
  CHECK(get(file).empty());
  unlink(file.c_str());
  CHECK(openIt(file, O_WRONLY, found.st_dev) == -ENOENT);
  CHECK(mkfifo(file.c_str(), 0600) == 0);
  CHECK(openIt(file, O_RDONLY, found.st_dev) == -ESTALE);
  CHECK(openIt(file, O_WRONLY, found.st_dev) == -ENXIO);
  for (const std::string& gone : {file, link}) unlink(gone.c_str());
}

TEST_CASE("a file in use is told by another opening, not by the own one") {
  Folder folder;
  const std::string path = folder.at("file");
  put(path, "x");
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  CHECK(isOpenElsewhere(fd) == 0);
  const int other = open(path.c_str(), O_RDWR | O_CLOEXEC);
  CHECK(isOpenElsewhere(fd) == 1);
  close(other);
  CHECK(isOpenElsewhere(fd) == 0);
  close(fd);
  unlink(path.c_str());
}

TEST_CASE("bytes, holes and attributes are copied") {
  Folder folder;
  const std::string from = folder.at("from"), to = folder.at("to");
  const int source = open(from.c_str(), O_CREAT | O_RDWR | O_CLOEXEC | O_NOATIME, 0600);
  const int target = open(to.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
  CHECK(pwrite(source, "far", 3, 10 << 20) == 3);
  CHECK(ftruncate(source, 20 << 20) == 0);
  CHECK(fsetxattr(source, "user.note", "kept", 4, 0) == 0);
  CHECK(fchmod(source, 0640) == 0);
  const timespec times[2] = {{1'000'000'000, 123}, {1'100'000'000, 456}};
  CHECK(futimens(source, times) == 0);
  const char* failedCall = "";
  CHECK(copyContent(source, target) == 0);
  CHECK(copyAttributes(source, target, &failedCall) == 0);
  struct stat found;
  CHECK(fstat(target, &found) == 0);
  CHECK(found.st_size == 20 << 20);
  CHECK(found.st_blocks * 512 < 1 << 20);
  CHECK((found.st_mode & 07777) == 0640);
  CHECK(found.st_mtim.tv_nsec == 456);
  CHECK(found.st_atim.tv_nsec == 123);
  char text[5] = {};
  CHECK(pread(target, text, 3, 10 << 20) == 3);
  CHECK(std::string(text) == "far");
  CHECK(fgetxattr(target, "user.note", text, 4) == 4);
  CHECK(std::string(text, 4) == "kept");
  for (const int fd : {source, target}) close(fd);
  for (const std::string& path : {from, to}) unlink(path.c_str());
}

TEST_CASE("a memfd is private and sealed, and a descriptor becomes another file at its place") {
  Folder folder;
  const int fd = createMemfd("test", 100, false);
  REQUIRE(fd >= 0);
  struct stat found;
  CHECK(fstat(fd, &found) == 0);
  CHECK((found.st_mode & 0777) == 0600);
  CHECK(found.st_size == 100);
  CHECK(addSeals(fd, F_SEAL_GROW) == 0);
  CHECK((readSeals(fd) & F_SEAL_GROW) != 0);
  CHECK(ftruncate(fd, 101) == -1);
  CHECK(readSeals(0) < 0);
  CHECK(write(fd, "abc", 3) == 3);
  const std::string path = folder.at("file");
  const int other = open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
  CHECK(replaceDescriptor(fd, other) == 0);
  CHECK(write(fd, "d", 1) == 1);
  CHECK(lseek(other, 0, SEEK_END) == 4);
  CHECK(moveDescriptor(other, fd) == 0);
  CHECK(lseek(fd, 0, SEEK_CUR) == 4);
  CHECK(fcntl(other, F_GETFD) == -1);
  close(fd);
  unlink(path.c_str());
}

}  // namespace ram
