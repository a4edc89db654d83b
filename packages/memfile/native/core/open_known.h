// Opens a content that was opened before, in one call.
#pragma once

#include <cstdint>

namespace ram {

// The link at `path` must still have this target, and the target be a regular file of this user on
// `device`. O_TRUNC counts only once that is certain: nothing of anyone else is emptied, nor waited
// for. A descriptor; or -errno, -ESTALE where something is not as it was. `flags` must neither
// create nor, with O_RDONLY, empty.
int openKnown(const char* path, const char* target, int flags, uint64_t device);

// The second half, for a descriptor that was opened with O_NOFOLLOW and O_NONBLOCK, without
// O_TRUNC. 0; or -errno, -ESTALE as above, and the descriptor stays open.
int settleKnown(int fd, int flags, uint64_t device);

}  // namespace ram
