// Which groups a caller is in. A request tells only the first.
#pragma once

#include <cstdint>
#include <string_view>

#include "ram/file_system.h"

namespace ram::fuse {

// The caller waits for our answer, so that /proc shows it still. Where it doesn't (another PID
// namespace, a killed client) only the first group counts.
bool isMember(const Caller& caller, uint32_t gid);

// Whether the line "Groups:" of a /proc/PID/status names it.
bool listsGroup(std::string_view status, uint32_t gid);

}  // namespace ram::fuse
