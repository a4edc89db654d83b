// Mirrored memory: the same pages mapped twice, side by side, so that every span of a ring of
// `bytes` is contiguous in the 2 * bytes from `base`.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ram {

// The order is that of `makers` in src/mirrored-buffer.ts.
enum class MirrorMaker : int { kMemfd, kTmpfile, kShm, kMmapShm, kRemapFilePages };

struct Mirror {
  uint8_t* base = nullptr;
  size_t bytes = 0;
  MirrorMaker maker = MirrorMaker::kMemfd;
};

// All pages are allocated when it returns: what is full is -ENOSPC or -ENOMEM now, never SIGBUS
// later. `bytes` is a multiple of the page size. `directory` is for kTmpfile only. 0 or -errno,
// and then `*failedCall` names the system call.
int makeMirror(MirrorMaker maker, size_t bytes, const char* directory, Mirror* out,
               const char** failedCall);

// The memory is gone when it returns.
void dropMirror(const Mirror& mirror);

// Reserves headBytes + 2 * bytes of addresses and maps the first headBytes + bytes of `fd` there,
// and the last `bytes` of them once more behind. The address, or nullptr with errno set.
uint8_t* mapMirrored(int fd, size_t headBytes, size_t bytes);

// Makes `fd` `bytes` long with all pages allocated. 0, -ENOSPC, -ENOMEM, … and the call's name.
int allocateFile(int fd, size_t bytes, const char** failedCall);

}  // namespace ram
