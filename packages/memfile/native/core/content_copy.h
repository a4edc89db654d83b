// Copies between files of different file systems.
#pragma once

namespace ram {

// All bytes; holes stay holes. `to` is empty, both are regular files. 0 or -errno; may take long.
int copyContent(int from, int to);

}  // namespace ram
