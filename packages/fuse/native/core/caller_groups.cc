#include "caller_groups.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sys/stat.h>
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

// The number is a thread's, which /proc finds by that name too.
std::string pathOf(const Caller& caller, const char* file) {
  char path[48];
  std::snprintf(path, sizeof(path), "/proc/%u/%s", caller.pid, file);
  return path;
}

// What follows `title`, a whole one with the end of the line before; empty when there is none.
std::string_view lineOf(std::string_view status, std::string_view title) {
  size_t start = status.find(title);
  if (start == std::string_view::npos) return {};
  status.remove_prefix(start + title.size());
  return status.substr(0, status.find('\n'));
}

bool sharesOurUserNamespace(const Caller& caller) {
  struct stat ours, theirs;
  return ::stat("/proc/self/ns/user", &ours) == 0 &&
         ::stat(pathOf(caller, "ns/user").c_str(), &theirs) == 0 &&
         ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino;
}

}  // namespace

bool listsGroup(std::string_view status, uint32_t gid) {
  status = lineOf(status, "\nGroups:");
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

bool listsFsetid(std::string_view status) {
  status = lineOf(status, "\nCapEff:");
  size_t digits = status.find_first_not_of(" \t");
  if (digits == std::string_view::npos) return false;
  uint64_t capabilities = 0;
  const char* end = status.data() + status.size();
  if (std::from_chars(status.data() + digits, end, capabilities, 16).ec != std::errc()) {
    return false;
  }
  return (capabilities >> CAP_FSETID & 1) != 0;
}

bool isMember(const Caller& caller, uint32_t gid) {
  if (caller.gid == gid) return true;
  if (caller.pid == 0) return false;
  return listsGroup(readAll(pathOf(caller, "status").c_str()), gid);
}

bool hasFsetid(const Caller& caller) {
  const std::string status =
      caller.pid == 0 ? std::string() : readAll(pathOf(caller, "status").c_str());
  if (status.empty()) return caller.uid == 0;
  return listsFsetid(status) && sharesOurUserNamespace(caller);
}

}  // namespace ram::fuse
