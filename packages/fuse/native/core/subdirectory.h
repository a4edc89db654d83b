// A mount that shows a directory of the file system instead of all of it.
#pragma once

#include <cstdint>
#include <string_view>

#include "ram/file_system.h"

namespace ram::fuse {

// Finds the directory at `path` ("a/b", from the root; symbolic links are not followed). As a
// mount (not 0) it takes one reference on it, unless it is the root: whatever becomes of its name,
// the directory stays. Returns 0, -ENOENT, -ENOTDIR, -ENAMETOOLONG or -ELOOP (a symbolic link).
int findDirectory(FileSystem& fileSystem, uint32_t mount, std::string_view path, uint64_t* inode);

}  // namespace ram::fuse
