// Changes of names that node:fs has no call for.
#pragma once

namespace ram {

// All return >= 0 or -errno; -EEXIST when `to` is there.
int renameExclusively(const char* from, const char* to);
// Both must be there; one step.
int exchangeNames(const char* one, const char* other);
// Of a file that has none (O_TMPFILE).
int giveName(int fd, const char* path);

}  // namespace ram
