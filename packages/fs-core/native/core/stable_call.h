// A call of several steps: walk a path, then act on what it names.
#pragma once

#include <cerrno>

#include "ram/file_system.h"

namespace ram {

inline constexpr int kRacesMax = 1000;  // lost against other threads, before giving up

// Runs `call` while no inode number can come to mean another file, so that what a path named is
// either still there or gone (-ESTALE). Then another thread removed it: the call begins again.
template <typename Call>
auto stableCall(FileSystem* fileSystem, Call call) -> decltype(call()) {
  for (int race = 0; race < kRacesMax; ++race) {
    const uint32_t token = fileSystem->enterCall();
    auto result = call();
    fileSystem->leaveCall(token);
    if (result != -ESTALE) return result;
  }
  return -ENOENT;
}

}  // namespace ram
