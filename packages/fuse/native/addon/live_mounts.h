// Mounts that JavaScript has begun, for process.exit(), which runs no cleanup hooks of the main
// thread.
#pragma once

#include <cstdlib>
#include <memory>
#include <mutex>
#include <set>

#include "served_mount.h"

namespace ram::fuse {

class LiveMounts {
 public:
  static LiveMounts& get() {
    static auto* mounts = new LiveMounts;  // never destroyed: exit handlers use it
    return *mounts;
  }
  void add(const std::shared_ptr<ServedMount>& mount) {
    std::lock_guard lock(mutex_);
    if (!registered_) std::atexit([] { LiveMounts::get().shutdownAll(); });
    registered_ = true;
    mounts_.insert(mount);
  }
  void remove(const std::shared_ptr<ServedMount>& mount) {
    std::lock_guard lock(mutex_);
    mounts_.erase(mount);
  }

 private:
  void shutdownAll() {
    std::set<std::shared_ptr<ServedMount>> mounts;
    {
      std::lock_guard lock(mutex_);
      mounts.swap(mounts_);
    }
    for (auto& mount : mounts) mount->shutdown();
  }

  std::mutex mutex_;
  std::set<std::shared_ptr<ServedMount>> mounts_;
  bool registered_ = false;
};

}  // namespace ram::fuse
