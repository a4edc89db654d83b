// Which groups a caller is in, and whether it has CAP_FSETID. A request tells only the first group.
#pragma once

#include <cstdint>
#include <string_view>

#include "ram/file_system.h"

namespace ram::fuse {

// The caller waits for our answer, so that /proc shows it still. Where it doesn't (another PID
// namespace, a killed client) only the first group counts.
bool isMember(const Caller& caller, uint32_t gid);

// Whether it may keep set-id bits, of a file of that user and group, that are taken from others: as
// capable_wrt_inode_uidgid() in the kernel, with CAP_FSETID in a user namespace that has both ids.
// As isMember(); where /proc shows nothing root has it.
bool hasFsetid(const Caller& caller, uint32_t uid, uint32_t gid);

// Whether the line "Groups:" of a /proc/PID/status names it.
bool listsGroup(std::string_view status, uint32_t gid);

// Whether its line "CapEff:" has CAP_FSETID.
bool listsFsetid(std::string_view status);

// Whether the text of a /proc/PID/uid_map or gid_map has an id of the namespace of who reads it.
bool mapsId(std::string_view map, uint32_t id);

}  // namespace ram::fuse
