#include "options.h"

#include <cstdlib>
#include <cstring>

namespace exercise {

const char* const kUsage =
    "exercise [--seed N] [--steps N | --seconds N] [--threads N] [--files N] [--size BYTES]\n"
    "         [--no-mmap] [--late-stores] [--stale-links] [--no-o-direct] [--full]\n"
    "         [--spoil STEP] DIRECTORY\n";

namespace {

bool readNumber(const char* text, uint64_t* out) {
  char* end = nullptr;
  *out = std::strtoull(text, &end, 0);
  return end != text && *end == '\0';
}

}  // namespace

bool parseOptions(int argc, char** argv, Options* out) {
  uint64_t threads = out->threads, files = out->files;
  const struct {
    const char* name;
    uint64_t* value;
  } numbers[] = {{"--seed", &out->seed},     {"--steps", &out->steps},
                 {"--threads", &threads},    {"--seconds", &out->seconds},
                 {"--size", &out->sizeMax},  {"--files", &files},
                 {"--spoil", &out->spoilAt}};
  for (int i = 1; i < argc; ++i) {
    bool known = false;
    for (const auto& [name, value] : numbers) {
      if (std::strcmp(argv[i], name) != 0) continue;
      if (++i == argc || !readNumber(argv[i], value)) return false;
      known = true;
      break;
    }
    if (known) continue;
    if (std::strcmp(argv[i], "--no-mmap") == 0) {
      out->mappings = false;
    } else if (std::strcmp(argv[i], "--no-o-direct") == 0) {
      out->directIo = false;
    } else if (std::strcmp(argv[i], "--late-stores") == 0) {
      out->lateStores = true;
    } else if (std::strcmp(argv[i], "--stale-links") == 0) {
      out->staleLinks = true;
    } else if (std::strcmp(argv[i], "--full") == 0) {
      out->full = true;
    } else if (argv[i][0] != '-' && out->directory.empty()) {
      out->directory = argv[i];
    } else {
      return false;
    }
  }
  out->threads = static_cast<unsigned>(threads);
  out->files = static_cast<unsigned>(files);
  // A mapping that meets a hole on a full disk is SIGBUS, on tmpfs too.
  if (out->full) out->mappings = false;
  return !out->directory.empty() && threads > 0 && threads <= 64 && files > 0 &&
         out->sizeMax >= 4096;
}

}  // namespace exercise
