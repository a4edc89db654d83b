// The time that files get. Coarse, as the kernel's own file systems use it, so that times set
// here and times that the kernel sets on blob files are in order.
#pragma once

#include <time.h>

#include "ram/file_system.h"

namespace ram {

inline Timestamp clockNow() {
  timespec now;
  ::clock_gettime(CLOCK_REALTIME_COARSE, &now);
  return {now.tv_sec, static_cast<uint32_t>(now.tv_nsec)};
}

}  // namespace ram
