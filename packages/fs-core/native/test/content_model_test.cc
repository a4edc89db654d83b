// Files of a store beside the same files on a kernel tmpfs: the same operations must give the same
// results, sizes, bytes, blocks and holes, in every kind of content.
#include <doctest/doctest.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "blob_io.h"
#include "small_store.h"

namespace ram {
namespace {

constexpr uint64_t kMiB = 1 << 20;
constexpr int kPunch = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;

// One file twice.
class Twin {
 public:
  Twin(SmallStore& store, Backing& reference, uint64_t number)
      : store_(store), fd_(reference.createBlob(number)) {
    inode_ = store.make("f" + std::to_string(number));
    REQUIRE(fd_ >= 0);
  }
  ~Twin() { ::close(fd_); }
  uint64_t inode() const { return inode_; }
  const std::string& history() const { return history_; }

  void write(uint64_t offset, const std::string& bytes) {
    note("write", offset, bytes.size());
    const ssize_t expected =
        ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    CHECK(store_.write(inode_, offset, bytes) == expected);
  }
  void truncate(uint64_t size) {
    note("truncate", size, 0);
    REQUIRE(::ftruncate(fd_, static_cast<off_t>(size)) == 0);
    SetAttributes change{};
    change.fields = kSetSize;
    change.size = size;
    Attributes out;
    CHECK(store_->setAttributes(kSelf, inode_, change, &out) == 0);
  }
  void allocate(uint64_t offset, uint64_t length, int mode) {
    note(("allocate " + std::to_string(mode)).c_str(), offset, length);
    CHECK(store_->allocate(kSelf, inode_, 0, offset, length, mode) == 0);
    const auto at = static_cast<off_t>(offset);
    if ((mode & FALLOC_FL_ZERO_RANGE) == 0) {
      REQUIRE(::fallocate(fd_, mode, at, static_cast<off_t>(length)) == 0);
      return;
    }
    // tmpfs has no such mode; this is what it would mean.
    const int keep = mode & FALLOC_FL_KEEP_SIZE;
    REQUIRE(::fallocate(fd_, keep, at, static_cast<off_t>(length)) == 0);
    REQUIRE(blobZero(fd_, offset, length) == 0);
  }
  void copy(uint64_t from, uint64_t to, uint64_t length) {
    note(("copy " + std::to_string(from)).c_str(), to, length);
    auto in = static_cast<off64_t>(from);
    auto out = static_cast<off64_t>(to);
    ssize_t expected = ::copy_file_range(fd_, &in, fd_, &out, length, 0);
    if (expected < 0) expected = -errno;
    CHECK(store_->copyRange(kSelf, inode_, from, inode_, to, length) == expected);
  }

  void compareBytes() {
    struct stat status;
    REQUIRE(::fstat(fd_, &status) == 0);
    std::string expected(static_cast<size_t>(status.st_size), '\0');
    std::string actual(expected.size() + 10, '?');
    REQUIRE(blobRead(fd_, expected.data(), expected.size(), 0) == status.st_size);
    const ssize_t got = store_->read(kSelf, inode_, 0, 0, actual.data(), actual.size());
    REQUIRE(got == status.st_size);
    actual.resize(expected.size());
    CHECK((actual == expected));
  }
  // Bytes as read, whatever a view or an earlier read did; holes as they were before reading.
  void compare() {
    struct stat status;
    REQUIRE(::fstat(fd_, &status) == 0);
    const Attributes out = store_.stat(inode_);
    CHECK(out.size == static_cast<uint64_t>(status.st_size));
    CHECK(out.blocks == static_cast<uint64_t>(status.st_blocks));
    uint64_t at = 0;
    for (int whence = SEEK_DATA;; whence = whence == SEEK_DATA ? SEEK_HOLE : SEEK_DATA) {
      const off_t found = ::lseek(fd_, static_cast<off_t>(at), whence);
      const int64_t expected = found < 0 ? -errno : found;
      REQUIRE(store_->seek(kSelf, inode_, 0, at, whence) == expected);
      if (expected < 0) break;
      at = static_cast<uint64_t>(expected);
    }
    compareBytes();
  }

 private:
  void note(const char* what, uint64_t offset, uint64_t length) {
    history_ += std::string(what) + " " + std::to_string(offset) + "+" + std::to_string(length);
    history_ += "; ";
  }

  SmallStore& store_;
  int fd_;
  uint64_t inode_ = 0;
  std::string history_;
};

class RandomOperations {
 public:
  explicit RandomOperations(uint32_t seed) : random_(seed) {}

  void apply(Twin& file) {
    const uint64_t offset = position();
    switch (below(12)) {
      case 0:
      case 1:
      case 2:
      case 3:
        return file.write(offset, bytes(1 + length()));
      case 4:
        return file.truncate(offset);
      case 5:
        return file.truncate(0);
      case 6:
        return file.allocate(offset, 1 + length(), 0);
      case 7:
        return file.allocate(offset, 1 + length(), FALLOC_FL_KEEP_SIZE);
      case 8:
        return file.allocate(offset, 1 + length(), kPunch);
      case 9:
        return file.allocate(offset / 4096 * 4096, 4096 * (1 + below(3)), kPunch);
      case 10:
        return file.allocate(offset, 1 + length(),
                             FALLOC_FL_ZERO_RANGE | (below(2) == 0 ? FALLOC_FL_KEEP_SIZE : 0));
      default:
        return file.copy(offset, position(), 1 + length());
    }
  }
  // Files of one round stay within one of the sizes that matter.
  void newScale() {
    constexpr uint64_t kScales[] = {100, 2100, 9000, 66000, 400000};
    scale_ = kScales[below(5)];
  }
  uint64_t below(uint64_t n) { return random_() % n; }

 private:
  uint64_t position() { return below(3) == 0 ? below(scale_ / 10 + 1) : below(scale_); }
  uint64_t length() { return below(4) == 0 ? below(scale_) : below(scale_ / 8 + 1); }
  std::string bytes(uint64_t length) {
    std::string text(length, '\0');
    const char first = static_cast<char>('a' + below(26));
    for (size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>(first + i % 7);
    return text;
  }

  std::mt19937_64 random_;
  uint64_t scale_ = 100;
};

uint32_t seedOfThisRun() {
  const char* given = ::getenv("RAM_TEST_SEED");
  return given != nullptr ? static_cast<uint32_t>(::atoi(given)) : std::random_device{}();
}

void runModel(BackingChoice choice) {
  const uint32_t seed = seedOfThisRun();
  INFO("RAM_TEST_SEED=" << seed);
  RandomOperations operations(seed);
  std::unique_ptr<Backing> reference;
  const char* syscall = "";
  REQUIRE(Backing::make(BackingChoice::kTmpfs, 64 * kMiB, true, &reference, &syscall) == 0);
  SmallStore store(64 * kMiB, choice);
  for (uint64_t round = 0; round < 120; ++round) {
    operations.newScale();
    Twin file(store, *reference, round);
    for (int i = 0; i < 25; ++i) {
      CAPTURE(round);
      CAPTURE(i);
      operations.apply(file);
      if (operations.below(20) == 0) {
        InodeRecord* record = store->segment().inode(file.inode());
        CHECK(store->content().promote(file.inode(), record) == 0);
      }
      INFO(file.history());
      file.compare();
    }
    CHECK(store->unlink(kSelf, kRootInode, "f" + std::to_string(round)) == 0);
    reference->removeBlob(round);
  }
  CHECK(store->content().slabBytes() == 0);
}

TEST_CASE("random operations agree with a kernel tmpfs, byte for byte and block for block") {
  runModel(BackingChoice::kTmpfs);
}

TEST_CASE("random operations agree with a kernel tmpfs over memfds too") {
  runModel(BackingChoice::kMemfd);
}

TEST_CASE("a truncated tail reads as zeros when the file grows again, in every kind") {
  std::unique_ptr<Backing> reference;
  const char* syscall = "";
  REQUIRE(Backing::make(BackingChoice::kTmpfs, 8 * kMiB, true, &reference, &syscall) == 0);
  SmallStore store(8 * kMiB);
  uint64_t number = 0;
  for (const uint64_t size : {100u, 1900u, 5000u, 40000u, 100000u}) {
    CAPTURE(size);
    Twin file(store, *reference, number++);
    file.write(0, std::string(size, 'x'));
    file.truncate(size / 2);
    file.truncate(size);
    file.compare();
    file.truncate(size / 3);
    file.write(size, "end");
    file.compare();
    file.truncate(size / 4);
    file.allocate(0, size + 5000, 0);
    file.compare();
  }
}

TEST_CASE("preallocated pages count as blocks and as holes, until they are written") {
  std::unique_ptr<Backing> reference;
  const char* syscall = "";
  REQUIRE(Backing::make(BackingChoice::kTmpfs, 8 * kMiB, true, &reference, &syscall) == 0);
  SmallStore store(8 * kMiB);
  uint64_t number = 0;
  for (const uint64_t length : {1u, 4096u, 30000u, 200000u}) {
    for (const int mode : {0, FALLOC_FL_KEEP_SIZE}) {
      CAPTURE(length);
      Twin file(store, *reference, number++);
      file.allocate(0, length, mode);
      file.compare();
      file.write(length / 2, "middle");
      file.compare();
      file.truncate(length / 2 + 3);
      file.compare();
      file.truncate(0);
      file.compare();
    }
  }
}

TEST_CASE("sizes and offsets at the edge are refused as tmpfs refuses them") {
  SmallStore store(8 * kMiB);
  const uint64_t inode = store.make("f");
  constexpr uint64_t kMost = INT64_MAX;
  CHECK(store.write(inode, kMost, "x") == -EFBIG);
  SetAttributes change{};
  Attributes out;
  change.fields = kSetSize;
  change.size = kMost;
  CHECK(store->setAttributes(kSelf, inode, change, &out) == 0);
  CHECK(out.size == kMost);
  CHECK(out.blocks == 0);
  CHECK(store->seek(kSelf, inode, 0, kMost - 1, SEEK_DATA) == -ENXIO);
  CHECK(store->seek(kSelf, inode, 0, 5, SEEK_HOLE) == 5);
  CHECK(store->allocate(kSelf, inode, 0, kMost, 1, 0) == -EFBIG);
  CHECK(store->allocate(kSelf, inode, 0, kMost - 10, 11, kPunch) == -EFBIG);
  CHECK(store->allocate(kSelf, inode, 0, 0, 0, 0) == -EINVAL);
  CHECK(store->allocate(kSelf, inode, 0, 0, 1, FALLOC_FL_PUNCH_HOLE) == -EOPNOTSUPP);
  CHECK(store->allocate(kSelf, inode, 0, 0, 4096, FALLOC_FL_COLLAPSE_RANGE) == -EOPNOTSUPP);
  change.size = 0;
  CHECK(store->setAttributes(kSelf, inode, change, &out) == 0);
  CHECK(store->seek(kSelf, inode, 0, 0, SEEK_DATA) == -ENXIO);
  CHECK(store->seek(kSelf, inode, 0, 0, SEEK_HOLE) == -ENXIO);
}

}  // namespace
}  // namespace ram
