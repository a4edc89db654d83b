#include "swap_usage.h"

#include <sys/sysinfo.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <vector>

#include "backing.h"
#include "layout.h"

namespace ram {
namespace {

// linux/mman.h of 6.5 and later.
constexpr long kCachestat = 451;
struct CachestatRange {
  uint64_t offset;
  uint64_t length;  // 0: to the end
};
struct Cachestat {
  uint64_t cached, dirty, writeback, evicted, recentlyEvicted;  // pages
};

uint64_t swappedPages(int fd) {
  CachestatRange range{0, 0};
  Cachestat result{};
  return ::syscall(kCachestat, fd, &range, &result, 0) == 0 ? result.evicted : 0;
}

}  // namespace

uint64_t swappedBytes(Backing& backing) {
  struct sysinfo machine;
  if (::sysinfo(&machine) != 0 || machine.totalswap == machine.freeswap) return 0;
  uint64_t pages = swappedPages(backing.segmentFd());
  std::vector<uint64_t> blobs;
  if (backing.listBlobs(&blobs) < 0) blobs.clear();
  for (const uint64_t number : blobs) {
    const int fd = backing.openBlob(number);
    if (fd < 0) continue;
    pages += swappedPages(fd);
    ::close(fd);
  }
  return pages * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace ram
