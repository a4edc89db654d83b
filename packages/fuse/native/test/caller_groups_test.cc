#include "caller_groups.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <string>

namespace ram::fuse {
namespace {

bool writeTo(const std::string& path, const std::string& text) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool done = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  return ::close(fd) == 0 && done;
}

// A process in a user namespace of its own, which has only our ids, until it is destroyed.
struct OtherNamespace {
  OtherNamespace() {
    int ready[2];
    if (::pipe2(ready, O_CLOEXEC) != 0) return;
    pid = ::fork();
    if (pid == 0) {
      if (::unshare(CLONE_NEWUSER) != 0 || ::write(ready[1], "", 1) != 1) ::_exit(1);
      for (;;) ::pause();
    }
    ::close(ready[1]);
    char byte;
    isThere = ::read(ready[0], &byte, 1) == 1;
    ::close(ready[0]);
  }
  ~OtherNamespace() {
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
  }
  bool map() {
    const std::string folder = "/proc/" + std::to_string(pid);
    const auto only = [](uint32_t id) { return "0 " + std::to_string(id) + " 1"; };
    return writeTo(folder + "/setgroups", "deny") &&
           writeTo(folder + "/uid_map", only(::geteuid())) &&
           writeTo(folder + "/gid_map", only(::getegid()));
  }

  pid_t pid = -1;
  bool isThere = false;
};

}  // namespace

TEST_CASE("caller groups: are read from the line of that name") {
  constexpr std::string_view kStatus =
      "Name:\tGroups: 7\nGid:\t8 8 8 8\nGroups:\t0 2100 4294967294 \nNStgid:\t9\n";
  for (uint32_t group : {0u, 2100u, 4294967294u}) CHECK(listsGroup(kStatus, group));
  for (uint32_t group : {7u, 8u, 9u, 21u, 210u}) CHECK_FALSE(listsGroup(kStatus, group));
  CHECK_FALSE(listsGroup("\nGroups:\t\nNStgid:\t9\n", 9));
  CHECK_FALSE(listsGroup("\nGroups:", 0));
  CHECK_FALSE(listsGroup("", 0));
}

TEST_CASE("caller groups: of one who is gone are the first alone") {
  Caller caller{5, 77, 0, 1, 0};
  CHECK(isMember(caller, 77));
  CHECK_FALSE(isMember(caller, 78));
  caller.pid = 0x7fffffff;
  CHECK_FALSE(isMember(caller, 78));
}

TEST_CASE("caller groups: CAP_FSETID is bit 4 of the effective capabilities") {
  CHECK(listsFsetid("Groups:\t\nCapPrm:\t0\nCapEff:\t0000000000000010\nCapBnd:\t0\n"));
  CHECK(listsFsetid("\nCapEff:\t000001ffffffffff\n"));
  CHECK_FALSE(listsFsetid("\nCapPrm:\t000001ffffffffff\nCapEff:\t000001ffffffffef\n"));
  for (const char* none : {"", "\nCapEff:", "\nCapEff:\t\n", "\nCapEff:\tx\n"}) {
    CHECK_FALSE(listsFsetid(none));
  }
}

TEST_CASE("caller groups: a map has the ids that it tells second") {
  CHECK(mapsId("         0          0 4294967295\n", 4294967294));
  constexpr std::string_view kMap = "0 1000 1\n1 100000 65536\n";
  for (uint32_t id : {1000u, 100000u, 165535u}) CHECK(mapsId(kMap, id));
  for (uint32_t id : {0u, 999u, 1001u, 99999u, 165536u}) CHECK_FALSE(mapsId(kMap, id));
  for (const char* none : {"", "0 0", "0 0 0\n", "x"}) CHECK_FALSE(mapsId(none, 0));
}

TEST_CASE("caller groups: of one who is gone root alone has CAP_FSETID") {
  for (uint32_t pid : {0u, 0x7fffffffu}) {
    CHECK(hasFsetid(Caller{0, 0, pid, 1, 0}, 5, 5));
    CHECK_FALSE(hasFsetid(Caller{5, 0, pid, 1, 0}, 5, 5));
  }
}

TEST_CASE("caller groups: CAP_FSETID of another user namespace is for the ids that it has") {
  const uint32_t uid = ::geteuid(), gid = ::getegid();
  OtherNamespace other;
  if (!other.isThere) {
    MESSAGE("[not run: making a user namespace is refused]");
    return;
  }
  const Caller caller{uid, gid, static_cast<uint32_t>(other.pid), 1, 0};
  CHECK_FALSE(hasFsetid(caller, uid, gid));
  REQUIRE(other.map());
  CHECK(hasFsetid(caller, uid, gid));
  CHECK_FALSE(hasFsetid(caller, uid + 1, gid));
  CHECK_FALSE(hasFsetid(caller, uid, gid + 1));
}

TEST_CASE("caller groups: a plain user's server sees that root has CAP_FSETID") {
  if (::geteuid() != 0) {
    MESSAGE("[not run: needs root]");
    return;
  }
  const Caller root{0, 0, static_cast<uint32_t>(::getpid()), 1, 0};
  const pid_t server = ::fork();
  if (server == 0) ::_exit(::setresuid(65534, 65534, 65534) == 0 && hasFsetid(root, 5, 5) ? 0 : 1);
  int status = -1;
  REQUIRE(::waitpid(server, &status, 0) == server);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}

}  // namespace ram::fuse
