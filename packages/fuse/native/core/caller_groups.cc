#include "caller_groups.h"

#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <string>

namespace ram::fuse {
namespace {

// Empty when there is no such file.
std::string readAll(const char* path) {
  std::string text;
  int fd = ::open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return text;
  char part[4096];
  for (ssize_t got; (got = ::read(fd, part, sizeof(part))) > 0;) {
    text.append(part, static_cast<size_t>(got));
  }
  ::close(fd);
  return text;
}

}  // namespace

bool listsGroup(std::string_view status, uint32_t gid) {
  constexpr std::string_view kTitle = "\nGroups:";
  size_t start = status.find(kTitle);
  if (start == std::string_view::npos) return false;
  status.remove_prefix(start + kTitle.size());
  status = status.substr(0, status.find('\n'));
  while (!status.empty()) {
    size_t digits = status.find_first_not_of(" \t");
    if (digits == std::string_view::npos) return false;
    status.remove_prefix(digits);
    uint32_t group = 0;
    auto [end, error] = std::from_chars(status.data(), status.data() + status.size(), group);
    if (error != std::errc()) return false;
    if (group == gid) return true;
    status.remove_prefix(static_cast<size_t>(end - status.data()));
  }
  return false;
}

bool isMember(const Caller& caller, uint32_t gid) {
  if (caller.gid == gid) return true;
  if (caller.pid == 0) return false;
  // The number is a thread's, which /proc finds by that name too.
  char path[32];
  std::snprintf(path, sizeof(path), "/proc/%u/status", caller.pid);
  return listsGroup(readAll(path), gid);
}

}  // namespace ram::fuse
