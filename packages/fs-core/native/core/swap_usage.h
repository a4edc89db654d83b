// How much of a Volume the kernel has moved to swap.
#pragma once

#include <cstdint>

namespace ram {

class Backing;

// Bytes of the segments and blobs that are in swap now. Free where the machine's swap is empty or
// missing; otherwise asks the kernel about each file (cachestat(2), Linux 6.5; before that: 0).
uint64_t swappedBytes(Backing& backing);

}  // namespace ram
