// Descriptors that someone else owns and lends as the content of files.
#pragma once

#include <errno.h>

#include <cstdint>
#include <mutex>
#include <vector>

namespace ram {

// Thread-safe; a leaf lock. Not in the segments: a successor process gets -EIO until they are
// lent again.
class ExternalFiles {
 public:
  uint64_t add(int fd) {
    std::lock_guard lock(mutex_);
    for (uint64_t i = 0; i < fds_.size(); ++i) {
      if (fds_[i] < 0) {
        fds_[i] = fd;
        return i;
      }
    }
    fds_.push_back(fd);
    return fds_.size() - 1;
  }
  void remove(uint64_t index) {
    std::lock_guard lock(mutex_);
    if (index < fds_.size()) fds_[index] = -1;
  }
  int fd(uint64_t index) const {
    std::lock_guard lock(mutex_);
    return index < fds_.size() && fds_[index] >= 0 ? fds_[index] : -EIO;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<int> fds_;
};

}  // namespace ram
