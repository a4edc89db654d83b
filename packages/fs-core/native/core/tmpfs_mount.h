// Making the private tmpfs: as root in place, as a plain user through a short-lived child.
#pragma once

#include <cstdint>

namespace ram {

struct TmpfsOptions {
  uint64_t maxBytes;  // rounded up to whole pages by the kernel
  bool swap;
};

// A descriptor (O_PATH, close-on-exec) of a detached mount, which lives as long as it, or -errno
// with the system call in *syscall. Blocks for about a millisecond, five seconds at worst. Safe
// beside other threads: disturbs neither their children nor their signal handlers.
int makeTmpfs(const TmpfsOptions& options, const char** syscall);

// The same, always by way of a user namespace. For tests.
int makeTmpfsAsUser(const TmpfsOptions& options, const char** syscall);

}  // namespace ram
