#include "caller_groups.h"

#include <charconv>
#include <fstream>
#include <sstream>
#include <string>

namespace ram::fuse {

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
  std::ifstream file("/proc/" + std::to_string(caller.pid) + "/status");
  std::stringstream text;
  text << file.rdbuf();
  return listsGroup(text.str(), gid);
}

}  // namespace ram::fuse
