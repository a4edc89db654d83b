// Memory behind a descriptor and without a name in the file tree.
#pragma once

#include <cstdint>

namespace ram {

// Seals: F_SEAL_* of fcntl(2). All return >= 0 or -errno.
// A memfd of this user alone (0600), sealable; `size` bytes of zeros, or empty with 0. Without
// `executable` it can never be run, where the kernel knows that (6.3).
int createMemfd(const char* name, int64_t size, bool executable);
int addSeals(int fd, int seals);
int readSeals(int fd);

// Makes `fd` what `other` is, opened with the flags and the position of `fd`, which is closed;
// `other` stays open.
int replaceDescriptor(int fd, int other);
// `to` becomes what `from` is, and `from` is closed. 0, -errno.
int moveDescriptor(int from, int to);

}  // namespace ram
