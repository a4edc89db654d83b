// Content that moves to disk when it becomes large.
#include <dirent.h>
#include <doctest/doctest.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "small_store.h"

namespace ram {
namespace {

constexpr uint64_t kMiB = 1 << 20;
constexpr uint64_t kLimit = 100'000;

// A directory on disk that must be empty at the end: what lies there has no names.
class Disk {
 public:
  Disk() {
    REQUIRE(::mkdtemp(path_) != nullptr);
    fd_ = ::open(path_, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    REQUIRE(fd_ >= 0);
  }
  ~Disk() {
    ::close(fd_);
    CHECK(::rmdir(path_) == 0);
  }
  int fd() const { return fd_; }

 private:
  char path_[32] = "/tmp/ram-spill-test-XXXXXX";
  int fd_;
};

std::string pattern(size_t length) {
  std::string bytes(length, '\0');
  for (size_t i = 0; i < length; ++i) bytes[i] = static_cast<char>(i * 7 + i / 251);
  return bytes;
}

StoreUsage usageOf(SmallStore& store) {
  StoreUsage usage{};
  CHECK(store->usage(&usage) == 0);
  return usage;
}

// All descriptors of the process but `left`, which are fewer than they may be, until destroyed.
class FewDescriptors {
 public:
  explicit FewDescriptors(int left) {
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &before_) == 0);
    struct rlimit low = before_;
    low.rlim_cur = 256;
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &low) == 0);
    for (int fd; (fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0;) taken_.push_back(fd);
    for (; left > 0; --left, taken_.pop_back()) ::close(taken_.back());
  }
  ~FewDescriptors() {
    for (int fd : taken_) ::close(fd);
    ::setrlimit(RLIMIT_NOFILE, &before_);
  }

 private:
  struct rlimit before_;
  std::vector<int> taken_;
};

}  // namespace

TEST_CASE("a file moves to disk beyond its size, and its memory is free") {
  Disk disk;
  SmallStore store(8 * kMiB, BackingChoice::kTmpfs);
  const uint64_t file = store.make("file");
  CHECK(store->setSpill(file, kLimit, disk.fd()) == 0);
  const std::string bytes = pattern(4 * kMiB);
  CHECK(store.write(file, 0, std::string_view(bytes).substr(0, kLimit)) == kLimit);
  CHECK(usageOf(store).externalBytes == 0);
  const uint64_t before = usageOf(store).usedBytes;
  CHECK(store.write(file, kLimit, std::string_view(bytes).substr(kLimit)) ==
        static_cast<int64_t>(bytes.size() - kLimit));
  CHECK((store.read(file) == bytes));
  CHECK(usageOf(store).externalBytes >= bytes.size());
  CHECK(usageOf(store).usedBytes < before);
  store.checkSound();
  // Far more than the Volume holds.
  CHECK(store.write(file, 20 * kMiB, "end") == 3);
  CHECK(store.stat(file).size == 20 * kMiB + 3);
  CHECK(store->unlink(kSelf, kRootInode, "file") == 0);
  CHECK(usageOf(store).externalBytes == 0);
}

TEST_CASE("small files of each kind move, and keep their times and holes") {
  Disk disk;
  SmallStore store(8 * kMiB, BackingChoice::kTmpfs);
  for (const uint64_t size : {uint64_t{100}, uint64_t{30'000}, 300'000ul}) {
    const uint64_t file = store.make("file");
    const std::string bytes = pattern(size);
    CHECK(store.write(file, 0, bytes) == static_cast<int64_t>(size));
    SetAttributes change{};
    change.fields = kSetModified | kSetAccessed;
    change.modified = {1'000'000'000, 5};
    change.accessed = {1'100'000'000, 6};
    Attributes out;
    CHECK(store->setAttributes(kSelf, file, change, &out) == 0);
    CHECK(store->setSpill(file, 10, disk.fd()) == 0);
    const Attributes after = store.stat(file);
    CHECK(usageOf(store).externalBytes > 0);
    CHECK(after.size == size);
    CHECK(after.modified.seconds == 1'000'000'000);
    CHECK(after.modified.nanoseconds == 5);
    CHECK(after.accessed.seconds == 1'100'000'000);
    CHECK((store.read(file) == bytes));
    CHECK(store->unlink(kSelf, kRootInode, "file") == 0);
  }
  const uint64_t sparse = store.make("sparse");
  CHECK(store.write(sparse, 6 * kMiB, "x") == 1);
  CHECK(store->setSpill(sparse, 10, disk.fd()) == 0);
  CHECK(store.stat(sparse).size == 6 * kMiB + 1);
  char byte = 1;
  CHECK(store->read(kSelf, sparse, 0, 12345, &byte, 1) == 1);
  CHECK(byte == 0);
}

TEST_CASE("appending and growing move it too; cut to nothing it begins in memory again") {
  Disk disk;
  SmallStore store(8 * kMiB, BackingChoice::kTmpfs);
  const uint64_t file = store.make("file");
  CHECK(store->setSpill(file, kLimit, disk.fd()) == 0);
  const std::string line = pattern(60'000);
  WriteResult out{};
  for (int i = 0; i < 3; ++i) {
    CHECK(store->write(kSelf, file, 0, 0, line.data(), line.size(), kWriteAppend, &out) == 0);
  }
  CHECK(usageOf(store).externalBytes > 0);
  CHECK((store.read(file) == line + line + line));
  SetAttributes cut{};
  cut.fields = kSetSize;
  Attributes attributes;
  CHECK(store->setAttributes(kSelf, file, cut, &attributes) == 0);
  CHECK(usageOf(store).externalBytes == 0);
  CHECK(store.write(file, 0, "small") == 5);
  CHECK(store.read(file) == "small");
  cut.size = kLimit + 1;
  CHECK(store->setAttributes(kSelf, file, cut, &attributes) == 0);
  CHECK(store.stat(file).size == kLimit + 1);
  CHECK(usageOf(store).externalBytes <= 4096);  // a hole takes nothing
}

TEST_CASE("views go on; a writable one keeps it in memory") {
  Disk disk;
  SmallStore store(8 * kMiB, BackingChoice::kTmpfs);
  const uint64_t file = store.make("file");
  const std::string bytes = pattern(200'000);
  CHECK(store.write(file, 0, bytes) == 200'000);
  View view{};
  CHECK(store->mapView(file, true, &view) == 0);
  CHECK(store->setSpill(file, kLimit, disk.fd()) == 0);
  CHECK(usageOf(store).externalBytes == 0);
  Store::unmapView(view.id);
  CHECK(store->mapView(file, false, &view) == 0);
  CHECK(store.write(file, 200'000, "more") == 4);
  CHECK(usageOf(store).externalBytes > 0);
  const auto* seen = static_cast<const char*>(view.address);
  CHECK((std::string(seen, 200'000) == bytes));
  CHECK(store.write(file, 10, "changed") == 7);
  CHECK(std::string(seen + 10, 7) == "changed");
  View second{};
  CHECK(store->mapView(file, true, &second) == 0);
  static_cast<char*>(second.address)[0] = '!';
  CHECK(store.read(file)[0] == '!');
  SetAttributes cut{};
  cut.fields = kSetSize;
  Attributes attributes;
  CHECK(store->setAttributes(kSelf, file, cut, &attributes) == 0);
  CHECK(seen[10] == 0);
  CHECK(store->unlink(kSelf, kRootInode, "file") == 0);
  CHECK(seen[10] == 0);
  Store::unmapView(view.id);
  Store::unmapView(second.id);
}

TEST_CASE("it stays in memory where the disk refuses") {
  SmallStore store(8 * kMiB, BackingChoice::kTmpfs);
  const uint64_t file = store.make("file");
  const int proc = ::open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  CHECK(store->setSpill(file, 10, proc) == 0);
  ::close(proc);
  CHECK(store.write(file, 0, "more than ten") == 13);
  CHECK(store.read(file) == "more than ten");
  CHECK(usageOf(store).externalBytes == 0);
  const int notADirectory = ::open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  CHECK(store->setSpill(file, 10, notADirectory) == -ENOTDIR);
  CHECK(store->setSpill(kRootInode, 10, notADirectory) == -EISDIR);
  ::close(notADirectory);
}

TEST_CASE("it stays in memory while descriptors are too few, and its view goes on") {
  const std::string bytes = pattern(90'000);
  int failed = 0;
  for (int left = 0; left <= 3; ++left) {
    Disk disk;
    SmallStore store(8 * kMiB, BackingChoice::kTmpfs);
    const uint64_t file = store.make("file");
    CHECK(store.write(file, 0, bytes) == 90'000);
    View view{};
    CHECK(store->mapView(file, false, &view) == 0);
    CHECK(store->setSpill(file, kLimit, disk.fd()) == 0);
    {
      FewDescriptors few(left);
      CHECK(store.write(file, 90'000, bytes) == 90'000);
      if (usageOf(store).externalBytes == 0) ++failed;
    }
    CHECK((store.read(file) == bytes + bytes));
    CHECK(store.write(file, 180'000, "more") == 4);
    CHECK(usageOf(store).externalBytes > 0);
    CHECK(store.write(file, 0, "changed") == 7);
    const auto* seen = static_cast<const char*>(view.address);
    CHECK((std::string(seen, 90'000) == "changed" + bytes.substr(7)));
    Store::unmapView(view.id);
  }
  CHECK(failed > 0);
  CHECK(failed < 4);
}

TEST_CASE("threads read and write while it moves") {
  Disk disk;
  SmallStore store(32 * kMiB, BackingChoice::kTmpfs);
  const uint64_t file = store.make("file");
  CHECK(store->setSpill(file, kMiB, disk.fd()) == 0);
  constexpr uint64_t kPiece = 4096;
  std::atomic<uint64_t> written{0};
  std::atomic<int> wrong{0};
  std::thread writer([&] {
    for (uint64_t i = 0; i < 1000; ++i) {
      const std::string piece(kPiece, static_cast<char>('a' + i % 26));
      if (store.write(file, i * kPiece, piece) != static_cast<int64_t>(kPiece)) ++wrong;
      written.store(i + 1);
    }
  });
  std::thread reader([&] {
    char piece[kPiece];
    for (uint64_t round = 0; written.load() < 1000; ++round) {
      const uint64_t there = written.load();
      if (there == 0) continue;
      const uint64_t i = round % there;
      const ssize_t n = store->read(kSelf, file, 0, i * kPiece, piece, kPiece);
      if (n != static_cast<ssize_t>(kPiece) || piece[7] != static_cast<char>('a' + i % 26)) ++wrong;
    }
  });
  writer.join();
  reader.join();
  CHECK(wrong == 0);
  CHECK(usageOf(store).externalBytes >= kMiB);
}

}  // namespace ram
