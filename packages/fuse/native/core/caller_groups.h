// Which groups a caller is in, and whether it has CAP_FSETID. A request tells only the first group.
#pragma once

#include <cstdint>
#include <string_view>

#include "ram/file_system.h"

namespace ram::fuse {

// The caller waits for our answer, so that /proc shows it still. Where it doesn't (another PID
// namespace, a killed client) only the first group counts.
bool isMember(const Caller& caller, uint32_t gid);

// Whether it may keep set-id bits that are taken from others. As isMember(); where /proc shows
// nothing root has it. What root of another user namespace may do there counts for nothing.
bool hasFsetid(const Caller& caller);

// Whether the line "Groups:" of a /proc/PID/status names it.
bool listsGroup(std::string_view status, uint32_t gid);

// Whether its line "CapEff:" has CAP_FSETID.
bool listsFsetid(std::string_view status);

}  // namespace ram::fuse
