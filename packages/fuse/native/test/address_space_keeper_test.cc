#include "address_space_keeper.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace ram::fuse {
#ifdef __SANITIZE_THREAD__
TEST_CASE("address space keeper: there is none under TSan") {
  AddressSpaceKeeper keeper;
  CHECK(keeper.start() == -EOPNOTSUPP);
  CHECK(keeper.id() == 0);
}
#else
namespace {

namespace fs = std::filesystem;

size_t countDescriptors(const std::string& process) {
  fs::directory_iterator descriptors("/proc/" + process + "/fd");
  return static_cast<size_t>(std::distance(begin(descriptors), end(descriptors)));
}

bool isReadable(int descriptor, int timeoutMs) {
  pollfd one{descriptor, POLLIN, 0};
  return ::poll(&one, 1, timeoutMs) == 1;
}

// /proc/PID/status of a child that has nothing but read and exit any more: it begins with more.
std::string statusShutIn(const std::string& child) {
  for (;;) {
    std::ifstream file("/proc/" + child + "/status");
    std::string status(std::istreambuf_iterator<char>(file), {});
    if (!file || status.find("\nSeccomp:\t2\n") != std::string::npos) return status;
  }
}

}  // namespace

TEST_CASE("address space keeper: a child that has the memory, and nothing else") {
  const size_t before = countDescriptors("self");
  AddressSpaceKeeper keeper;
  REQUIRE(keeper.start() == 0);
  const std::string child = std::to_string(keeper.id());
  const std::string status = statusShutIn(child);
  CHECK(status.starts_with("Name:\tram-keeper\n"));
  CHECK(status.find("\nNoNewPrivs:\t1\n") != std::string::npos);
  CHECK(countDescriptors(child) == 1);
  CHECK(fs::read_symlink("/proc/" + child + "/cwd") == "/");
  CHECK(::syscall(SYS_kcmp, ::getpid(), keeper.id(), 1 /* KCMP_VM */, 0, 0) == 0);
  CHECK(::getpgid(keeper.id()) == keeper.id());

  const pid_t id = keeper.id();
  keeper.stop();
  CHECK(::kill(id, 0) == -1);
  CHECK(countDescriptors("self") == before);
  keeper.stop();
  REQUIRE(keeper.start() == 0);
}

TEST_CASE("address space keeper: ends when the process was killed, and not before") {
  int ids[2];
  REQUIRE(::pipe2(ids, O_CLOEXEC) == 0);
  const pid_t process = ::fork();
  if (process == 0) {
    AddressSpaceKeeper keeper;
    keeper.start();
    pid_t id = keeper.id();
    if (::write(ids[1], &id, sizeof(id)) != sizeof(id) || id == 0) ::_exit(1);
    for (;;) ::pause();
  }
  pid_t id = 0;
  REQUIRE(::read(ids[0], &id, sizeof(id)) == sizeof(id));
  REQUIRE(id > 0);
  const int keeper = static_cast<int>(::syscall(SYS_pidfd_open, id, 0));
  REQUIRE(keeper >= 0);
  CHECK_FALSE(isReadable(keeper, 0));
  ::kill(process, SIGKILL);
  CHECK(isReadable(keeper, -1));
  int status = 0;
  CHECK(::waitpid(process, &status, 0) == process);
  CHECK(WTERMSIG(status) == SIGKILL);
  ::close(keeper);
  ::close(ids[0]);
  ::close(ids[1]);
}

TEST_CASE("address space keeper: is ended by a process that gave up its privileges") {
  const pid_t process = ::fork();
  if (process == 0) {
    AddressSpaceKeeper killed, keeper;
    if (killed.start() != 0 || keeper.start() != 0 || ::kill(killed.id(), SIGKILL) != 0) ::_exit(1);
    if (::getuid() == 0 && ::setuid(65534) != 0) ::_exit(1);
    keeper.stop();
    killed.stop();
    ::_exit(0);
  }
  int status = 1;
  CHECK(::waitpid(process, &status, 0) == process);
  CHECK(status == 0);
}
#endif

}  // namespace ram::fuse
