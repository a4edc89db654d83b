#include "address_space_keeper.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
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

}  // namespace

TEST_CASE("address space keeper: a child that has the memory, and nothing else") {
  const size_t before = countDescriptors("self");
  AddressSpaceKeeper keeper;
  REQUIRE(keeper.start() == 0);
  const std::string child = std::to_string(keeper.id());
  // It lets go of the rest once it runs.
  while (countDescriptors(child) != 1) ::sched_yield();
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
    if (::write(ids[1], &id, sizeof(id)) != sizeof(id)) ::_exit(1);
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
  // It has seen the end of all the threads: nobody has to be waited for.
  int status = 0;
  CHECK(::waitpid(process, &status, WNOHANG) == process);
  CHECK(WTERMSIG(status) == SIGKILL);
  ::close(keeper);
  ::close(ids[0]);
  ::close(ids[1]);
}
#endif

}  // namespace ram::fuse
