#include "caller_groups.h"

#include <fcntl.h>
#include <linux/capability.h>
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

// The first number of `text`, which is cut off; false: there is none.
bool takeNumber(std::string_view* text, uint32_t* number) {
  const size_t digits = text->find_first_not_of(" \t\n");
  if (digits == std::string_view::npos) return false;
  text->remove_prefix(digits);
  const char* end = text->data() + text->size();
  const auto result = std::from_chars(text->data(), end, *number);
  text->remove_prefix(static_cast<size_t>(result.ptr - text->data()));
  return result.ec == std::errc();
}

// Whether the caller's user namespace has the id. Maps of other namespaces tell ids as we do, that
// of our own tells those of the namespace above; another that reads the same has the same ids.
bool hasId(const Caller& caller, const char* map, uint32_t id) {
  const std::string theirs = readAll(pathOf(caller, map).c_str());
  return mapsId(theirs, id) ||
         (!theirs.empty() && theirs == readAll((std::string("/proc/self/") + map).c_str()));
}

}  // namespace

bool listsGroup(std::string_view status, uint32_t gid) {
  status = lineOf(status, "\nGroups:");
  for (uint32_t group; takeNumber(&status, &group);) {
    if (group == gid) return true;
  }
  return false;
}

bool mapsId(std::string_view map, uint32_t id) {
  uint32_t inside, outside, count;
  while (takeNumber(&map, &inside) && takeNumber(&map, &outside) && takeNumber(&map, &count)) {
    if (id >= outside && id - outside < count) return true;
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

bool hasFsetid(const Caller& caller, uint32_t uid, uint32_t gid) {
  const std::string status =
      caller.pid == 0 ? std::string() : readAll(pathOf(caller, "status").c_str());
  if (status.empty()) return caller.uid == 0;
  return listsFsetid(status) && hasId(caller, "uid_map", uid) && hasId(caller, "gid_map", gid);
}

}  // namespace ram::fuse
