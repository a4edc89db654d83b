// Changes of names that node:fs has no call for.
#pragma once

namespace ram {

// All return >= 0 or -errno; -EEXIST when `to` is there.
int renameExclusively(const char* from, const char* to);
// Both must be there; one step.
int exchangeNames(const char* one, const char* other);
// A file in `directory` that has no name yet and goes when its descriptor is closed: a descriptor
// for reading and writing. -EOPNOTSUPP and others where the file system has no such thing.
int openUnnamed(const char* directory);
int giveName(int fd, const char* path);

}  // namespace ram
