// What one run does, from the command line.
#pragma once

#include <cstdint>
#include <string>

namespace exercise {

struct Options {
  std::string directory;
  uint64_t seed = 0;        // 0: one is made
  uint64_t steps = 20'000;  // of each thread
  uint64_t seconds = 0;     // > 0: for so long instead of `steps`
  unsigned threads = 3;
  unsigned files = 6;                  // of each thread, at a time
  uint64_t sizeMax = 3 * 1024 * 1024;  // bytes of a file
  bool mappings = true;
  bool directIo = true;  // O_DIRECT now and then
  bool lateStores = false;  // what is stored through mappings is no data for SEEK_DATA before msync
  bool staleLinks = false;  // link(2) may say ENOENT of a file, until somebody looks at it
  uint64_t spoilAt = 0;     // > 0: at this step of thread 0 a byte is changed, and must be noticed
  bool full = false;     // the disk is too small for it all: ENOSPC is expected, and must be seen
};

// False where an argument is wrong, or none is left for the directory.
bool parseOptions(int argc, char** argv, Options* out);
extern const char* const kUsage;

}  // namespace exercise
