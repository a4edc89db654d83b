// The order of calls: a child is killed by the kernel at each of them in turn.
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

#include "new_content.h"

namespace ram {
namespace {

struct Place {
  char folder[40] = "/tmp/ram-memfile-native-XXXXXX";
  std::string content, record, link;
  NewContent wanted{};

  Place() {
    REQUIRE(mkdtemp(folder) != nullptr);
    content = std::string(folder) + "/content";
    record = content + ".link";
    link = std::string(folder) + "/link";
    struct stat found;
    REQUIRE(stat(folder, &found) == 0);
    wanted = {content.c_str(), record.c_str(), "text", O_WRONLY, 0600, found.st_dev, link.c_str()};
  }
  ~Place() {
    for (const std::string& path : {content, record, link}) unlink(path.c_str());
    CHECK(rmdir(folder) == 0);
  }
  std::string names() const {
    struct stat found;
    std::string text;
    for (const std::string* path : {&record, &content, &link}) {
      text += lstat(path->c_str(), &found) == 0 ? '1' : '0';
    }
    return text;
  }
};

// The next call with this number and this first argument, where one is given, kills the process.
void killAt(const std::vector<unsigned>& numbers, const void* argument) {
  const auto low = static_cast<unsigned>(reinterpret_cast<uintptr_t>(argument));
  const uint8_t skipped = argument == nullptr ? 1 : 3;
  std::vector<sock_filter> filter;
  for (const unsigned number : numbers) {
    filter.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)));
    filter.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, skipped));
    if (argument != nullptr) {
      filter.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args)));
      filter.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, low, 0, 1));
    }
    filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS));
  }
  filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) _exit(1);
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) _exit(1);
}

#ifdef SYS_symlink
const std::vector<unsigned> kSymlink = {SYS_symlink, SYS_symlinkat};
#else
const std::vector<unsigned> kSymlink = {SYS_symlinkat};
#endif

}  // namespace

TEST_CASE("a killed process leaves a record before a content before a link") {
  struct Kill {
    std::vector<unsigned> numbers;
    const char* NewContent::*argument;
    const char* left;  // record, content, link
  };
  const Kill kills[] = {
      {kSymlink, &NewContent::text, "000"},
      {{SYS_openat}, nullptr, "100"},
      {kSymlink, &NewContent::content, "110"},
  };
  for (const Kill& kill : kills) {
    Place place;
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      killAt(kill.numbers, kill.argument == nullptr ? nullptr : place.wanted.*kill.argument);
      makeContent(place.wanted);
      _exit(0);
    }
    int status = 0;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status));
    CHECK(place.names() == kill.left);
  }
}

TEST_CASE("what can't be made wholly is not made at all") {
  Place place;
  const int fd = makeContent(place.wanted);
  REQUIRE(fd >= 0);
  close(fd);
  CHECK(place.names() == "111");
  CHECK(makeContent(place.wanted) == -EEXIST);
  unlink(place.link.c_str());
  CHECK(makeContent(place.wanted) == -EEXIST);
  CHECK(place.names() == "110");
  unlink(place.record.c_str());
  CHECK(makeContent(place.wanted) == -EEXIST);
  CHECK(place.names() == "010");
  unlink(place.content.c_str());
  NewContent elsewhere = place.wanted;
  elsewhere.device++;
  CHECK(makeContent(elsewhere) == -ESTALE);
  elsewhere = place.wanted;
  elsewhere.link = "/dev/null/nowhere";
  CHECK(makeContent(elsewhere) == -ENOTDIR);
  CHECK(place.names() == "000");
  elsewhere.link = nullptr;
  close(makeContent(elsewhere));
  CHECK(place.names() == "110");
}

}  // namespace ram
