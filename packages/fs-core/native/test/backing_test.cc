#include "backing.h"

#include <doctest/doctest.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "blob_files.h"
#include "blob_io.h"
#include "tmpfs_mount.h"

namespace ram {
namespace {

constexpr uint64_t kMiB = 1 << 20;

std::unique_ptr<Backing> make(BackingChoice choice, uint64_t maxBytes) {
  std::unique_ptr<Backing> backing;
  const char* syscall = "";
  REQUIRE_MESSAGE(Backing::make(choice, maxBytes, true, &backing, &syscall) == 0, syscall);
  return backing;
}

int countDescriptors() {
  std::vector<uint64_t> all;
  int count = 0;
  for (int fd = 0; fd < 20000; ++fd) count += ::fcntl(fd, F_GETFD) >= 0;
  return count;
}

// Runs `body` in a child and returns its exit code: 0 is good.
template <class F>
int inChild(F body) {
  ::fflush(nullptr);  // else the child may print the report once more
  const pid_t child = ::fork();
  if (child == 0) ::_exit(body());
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  return WEXITSTATUS(status);
}

TEST_CASE("a private tmpfs holds exactly its limit, and says what is used") {
  auto backing = make(BackingChoice::kTmpfs, 2 * kMiB);
  CHECK(backing->isTmpfs());
  uint64_t used = 1, free = 0;
  CHECK(backing->usage(&used, &free) == 0);
  CHECK(used == 0);
  CHECK(free == 2 * kMiB);
  const int fd = backing->createBlob(7);
  REQUIRE(fd >= 0);
  const std::string bytes(3 * kMiB, 'x');
  CHECK(blobWrite(*backing, fd, bytes.data(), bytes.size(), 0) == 2 * kMiB);
  CHECK(blobWrite(*backing, fd, bytes.data(), 1, 2 * kMiB) == -ENOSPC);
  CHECK(backing->usage(&used, &free) == 0);
  CHECK(used == 2 * kMiB);
  CHECK(free == 0);
  ::close(fd);
}

TEST_CASE("sizes are rounded up to whole pages, and zero is no size") {
  auto backing = make(BackingChoice::kTmpfs, kMiB + 1);
  CHECK(backing->freeBytes() == kMiB + 4096);
  auto memory = make(BackingChoice::kMemfd, kMiB + 1);
  CHECK(memory->freeBytes() == kMiB + 4096);
  std::unique_ptr<Backing> none;
  const char* syscall = nullptr;
  CHECK(Backing::make(BackingChoice::kAutomatic, 0, true, &none, &syscall) == -EINVAL);
}

TEST_CASE("blob files are private, close-on-exec, and found again by number") {
  auto backing = make(BackingChoice::kTmpfs, kMiB);
  const int fd = backing->createBlob(0xabcdef);
  CHECK(::fcntl(fd, F_GETFD) == FD_CLOEXEC);
  struct stat status;
  CHECK(::fstat(fd, &status) == 0);
  CHECK((status.st_mode & 07777) == 0600);
  CHECK(::pwrite(fd, "hello", 5, 0) == 5);
  ::close(fd);
  CHECK(backing->createBlob(0xabcdef) == -EEXIST);
  CHECK(backing->openBlob(1) == -ENOENT);
  std::vector<uint64_t> numbers;
  CHECK(backing->listBlobs(&numbers) == 0);
  CHECK(numbers == std::vector<uint64_t>{0xabcdef});
  const int again = backing->openBlob(0xabcdef);
  char text[6] = {};
  CHECK(blobRead(again, text, 5, 0) == 5);
  CHECK(std::string(text) == "hello");
  ::close(again);
  CHECK(backing->removeBlob(0xabcdef) == 0);
  CHECK(backing->freeBytes() == kMiB);
}

TEST_CASE("a mount is adopted with what lies in it; another descriptor is refused") {
  auto backing = make(BackingChoice::kTmpfs, kMiB);
  CHECK(::ftruncate(backing->segmentFd(), 4096) == 0);
  ::close(backing->createBlob(3));
  const int passed = ::fcntl(backing->descriptor(), F_DUPFD_CLOEXEC, 0);
  backing.reset();
  std::unique_ptr<Backing> adopted;
  REQUIRE(Backing::adopt(passed, &adopted) == 0);
  struct stat status;
  CHECK(::fstat(adopted->segmentFd(), &status) == 0);
  CHECK(status.st_size == 4096);
  CHECK(adopted->openBlob(3) >= 0);

  const int other = ::open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  std::unique_ptr<Backing> none;
  CHECK(Backing::adopt(other, &none) == -EUCLEAN);
  ::close(other);
}

TEST_CASE("making and dropping a thousand backings leaves no descriptor and no child") {
  const int before = countDescriptors();
  for (int i = 0; i < 1000; ++i) make(BackingChoice::kAutomatic, kMiB);
  for (int i = 0; i < 100; ++i) {
    const char* syscall = "";
    const int fd = makeTmpfsAsUser({kMiB, true}, &syscall);
    REQUIRE_MESSAGE(fd >= 0, syscall);
    ::close(fd);
  }
  CHECK(countDescriptors() == before);
  CHECK(::waitpid(-1, nullptr, WNOHANG | __WALL) == -1);
  CHECK(errno == ECHILD);
}

volatile sig_atomic_t childSignals = 0;

TEST_CASE("the helper child raises no SIGCHLD, from many threads at once") {
  struct sigaction count {};
  struct sigaction before {};
  count.sa_handler = [](int) { childSignals = childSignals + 1; };
  ::sigaction(SIGCHLD, &count, &before);
  std::vector<std::thread> threads;
  std::atomic<int> good{0};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 20; ++i) {
        const char* syscall = "";
        const int fd = makeTmpfsAsUser({kMiB, true}, &syscall);
        if (fd >= 0) ++good;
        if (fd >= 0) ::close(fd);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  ::sigaction(SIGCHLD, &before, nullptr);
  CHECK(good == 80);
  CHECK(childSignals == 0);
}

// What a plain user gets, as uid 65534. Each number names the line that failed.
int asPlainUser(bool dumpable) {
  if (::setgid(65534) != 0 || ::setuid(65534) != 0) return 1;
  if (::prctl(PR_SET_DUMPABLE, dumpable ? 1 : 0) != 0) return 2;
  std::unique_ptr<Backing> backing;
  const char* syscall = "";
  if (Backing::make(BackingChoice::kTmpfs, kMiB, true, &backing, &syscall) != 0) return 3;
  const int fd = backing->createBlob(1);
  struct stat status;
  if (fd < 0 || ::fstat(fd, &status) != 0) return 4;
  if (status.st_uid != 65534 || status.st_gid != 65534) return 5;
  const std::string bytes(2 * kMiB, 'x');
  if (blobWrite(*backing, fd, bytes.data(), bytes.size(), 0) != kMiB) return 6;
  ::close(fd);
  if (backing->openBlob(1) < 0) return 7;
  std::unique_ptr<Backing> pinned;
  const int refused = Backing::make(BackingChoice::kAutomatic, kMiB, false, &pinned, &syscall);
  if (refused != -EPERM || std::strcmp(syscall, "fsconfig") != 0) return 8;
  return ::prctl(PR_GET_DUMPABLE) == (dumpable ? 1 : 0) ? 0 : 9;
}

TEST_CASE("a plain user has a private tmpfs with a limit, owned by himself, but not noswap") {
  if (::geteuid() != 0) {
    MESSAGE("not run: needs root to become another user");
    return;
  }
  CHECK(inChild([] { return asPlainUser(true); }) == 0);
  CHECK(inChild([] { return asPlainUser(false); }) == 0);
}

TEST_CASE("root may keep a Volume out of swap; memfds can't be") {
  std::unique_ptr<Backing> backing;
  const char* syscall = "";
  if (::geteuid() == 0) {
    CHECK(Backing::make(BackingChoice::kAutomatic, kMiB, false, &backing, &syscall) == 0);
    CHECK(backing->isTmpfs());
  }
  CHECK(Backing::make(BackingChoice::kMemfd, kMiB, false, &backing, &syscall) == -EOPNOTSUPP);
}

TEST_CASE("memfds: the limit is exact over blobs that grow, shrink and have holes") {
  auto backing = make(BackingChoice::kMemfd, 64 * 4096);
  CHECK_FALSE(backing->isTmpfs());
  BlobFiles blobs(*backing, 16);
  const std::string bytes(100 * 4096, 'x');
  {
    BlobFiles::Lease lease;
    REQUIRE(blobs.create(1, &lease) == 0);
    const int fd = lease.fd();
    CHECK(blobWrite(*backing, fd, bytes.data(), 10, 20 * 4096) == 10);
    CHECK(backing->freeBytes() == 63 * 4096);
    CHECK(blobWrite(*backing, fd, bytes.data(), bytes.size(), 100) == 64 * 4096 - 100);
    CHECK(backing->freeBytes() == 0);
    CHECK(blobWrite(*backing, fd, bytes.data(), 4096, 0) == 4096);
    CHECK(blobAllocate(*backing, fd, FALLOC_FL_KEEP_SIZE, 70 * 4096, 1) == -ENOSPC);
    CHECK(blobTruncate(*backing, fd, 4096) == 0);
    CHECK(backing->freeBytes() == 63 * 4096);
    CHECK(blobAllocate(*backing, fd, 0, 0, 64 * 4096) == 0);
    CHECK(backing->freeBytes() == 0);
    CHECK(blobAllocate(*backing, fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096) == 0);
    CHECK(backing->freeBytes() == 4096);
  }
  blobs.remove(1);
  CHECK(backing->freeBytes() == 64 * 4096);
}

TEST_CASE("descriptors stay within the budget, leased ones are never closed") {
  auto backing = make(BackingChoice::kTmpfs, kMiB);
  BlobFiles blobs(*backing, 16);
  BlobFiles::Lease held;
  REQUIRE(blobs.create(1000, &held) == 0);
  CHECK(::pwrite(held.fd(), "held", 4, 0) == 4);
  for (uint64_t number = 1; number <= 200; ++number) {
    BlobFiles::Lease lease;
    REQUIRE(blobs.create(number, &lease) == 0);
    CHECK(::pwrite(lease.fd(), &number, sizeof number, 0) == sizeof number);
  }
  CHECK(blobs.openDescriptors() <= 16);
  for (uint64_t number = 1; number <= 200; ++number) {
    BlobFiles::Lease lease;
    REQUIRE(blobs.acquire(number, &lease) == 0);
    uint64_t read = 0;
    CHECK(::pread(lease.fd(), &read, sizeof read, 0) == sizeof read);
    CHECK(read == number);
  }
  char text[5] = {};
  CHECK(::pread(held.fd(), text, 4, 0) == 4);
  CHECK(std::string(text) == "held");
  blobs.remove(1000);
  CHECK(::pread(held.fd(), text, 4, 0) == 4);
  BlobFiles::Lease gone;
  CHECK(blobs.acquire(1000, &gone) == -ENOENT);
}

TEST_CASE("out of descriptors: idle ones make room, and EMFILE comes only after that") {
  const int result = inChild([] {
    std::unique_ptr<Backing> backing;
    const char* syscall = "";
    if (Backing::make(BackingChoice::kTmpfs, kMiB, true, &backing, &syscall) != 0) return 1;
    BlobFiles blobs(*backing, 4096);
    struct rlimit limit {64, 64};
    if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) return 2;
    for (uint64_t number = 0; number < 300; ++number) {
      BlobFiles::Lease lease;
      if (blobs.create(number, &lease) != 0) return 3;
    }
    std::vector<BlobFiles::Lease> leases;
    for (uint64_t number = 0; number < 300; ++number) {
      BlobFiles::Lease lease;
      const int status = blobs.acquire(number, &lease);
      if (status == -EMFILE) return number > 10 ? 0 : 4;
      if (status != 0) return 5;
      leases.push_back(std::move(lease));
    }
    return 6;
  });
  CHECK(result == 0);
}

TEST_CASE("memfd blobs are bounded by the budget") {
  auto backing = make(BackingChoice::kMemfd, kMiB);
  BlobFiles blobs(*backing, 16);
  for (uint64_t number = 0; number < 16; ++number) {
    BlobFiles::Lease lease;
    CHECK(blobs.create(number, &lease) == 0);
  }
  BlobFiles::Lease lease;
  CHECK(blobs.create(16, &lease) == -EMFILE);
  blobs.remove(3);
  CHECK(blobs.create(16, &lease) == 0);
}

TEST_CASE("threads that lease, release and remove at once keep every file's bytes apart") {
  auto backing = make(BackingChoice::kTmpfs, 4 * kMiB);
  BlobFiles blobs(*backing, 16);
  for (uint64_t number = 0; number < 64; ++number) {
    BlobFiles::Lease lease;
    REQUIRE(blobs.create(number, &lease) == 0);
    CHECK(::pwrite(lease.fd(), &number, sizeof number, 0) == sizeof number);
  }
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (unsigned i = 0; i < 3000; ++i) {
        const uint64_t number = (i * 7 + t * 13) % 64;
        BlobFiles::Lease lease;
        uint64_t read = 0;
        if (blobs.acquire(number, &lease) != 0 ||
            ::pread(lease.fd(), &read, sizeof read, 0) != sizeof read || read != number) {
          ++wrong;
        }
        if (i % 50 != 0) continue;
        const uint64_t own = 1000 + t * 10000 + i;
        BlobFiles::Lease mine;
        if (blobs.create(own, &mine) != 0) ++wrong;
        blobs.remove(own);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
  CHECK(blobs.openDescriptors() <= 16);
}

}  // namespace
}  // namespace ram
