// Whether a kernel that has a blob file passed through has written to it: what `closed` and
// `written` events say of such files, of which no request tells.
//
// A blob file's stamp is its ctime, size and blocks; the store steps over its own changes. From
// Linux 6.13 on a tmpfs gives each change that follows a look at the times a ctime of its own. On
// older ones all changes of a clock tick share one: there a look waits until the tick is over.
// (STATX_CHANGE_COOKIE, which would tell as well, is the kernel's own and not given out.)
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <unordered_map>

namespace ram {

// Thread-safe; lock: a leaf. Each function names the lock of the inode that it needs.
class PassedVersions {
 public:
  // One handle more wants to know. The version as of now, never 0. Lock: exclusive.
  uint64_t watch(uint64_t blob, int fd);
  void unwatch(uint64_t blob);
  // Another one than before if the kernel wrote in between; 0: nobody watches. Lock: shared.
  uint64_t look(uint64_t blob, int fd);

  // Around a change of the store itself. Lock: exclusive.
  class OwnChange {
   public:
    OwnChange(PassedVersions& versions, uint64_t blob, int fd);
    ~OwnChange();
    OwnChange(const OwnChange&) = delete;
    OwnChange& operator=(const OwnChange&) = delete;

   private:
    PassedVersions& versions_;
    const uint64_t blob_;
    const int fd_;
    const bool watched_;
  };

 private:
  struct Stamp {
    int64_t seconds = 0;
    int64_t nanoseconds = 0;
    int64_t size = -1;
    int64_t blocks = -1;
    bool operator==(const Stamp&) const = default;
  };
  struct Watched {
    Stamp stamp;
    uint64_t version = 0;
    uint32_t handles = 0;
  };
  static Stamp stampOf(int fd);

  std::atomic<uint32_t> watched_{0};  // blob files: the quick way to "none"
  std::mutex mutex_;
  uint64_t last_ = 0;
  std::unordered_map<uint64_t, Watched> blobs_;
};

}  // namespace ram
