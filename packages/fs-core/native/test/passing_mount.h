// A mount that passes files through, with a stand-in for its kernel.
#pragma once

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <map>
#include <mutex>
#include <string>

#include "small_store.h"

namespace ram {

class FakeKernel final : public BackingDevice, public Observer {
 public:
  int openBacking(int fd) override {
    if (refusal != 0) return refusal;
    std::lock_guard lock(mutex);
    files[++last] = fd;
    return last;
  }
  void closeBacking(int id) override {
    std::lock_guard lock(mutex);
    CHECK(files.erase(id) == 1);
  }
  void inodeChanged(const Caller&, uint64_t, uint64_t, uint64_t) override { ++notices; }
  void entryChanged(const Caller&, uint64_t, std::string_view) override {}

  // An open of its own, as the kernel makes one for each of its client's.
  int open(int id) {
    std::lock_guard lock(mutex);
    const std::string path = "/proc/self/fd/" + std::to_string(files.at(id));
    const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
    REQUIRE(fd >= 0);
    return fd;
  }

  std::mutex mutex;
  std::map<int, int> files;
  int last = 0;
  int refusal = 0;
  std::atomic<int> notices{0};
};

struct Mount {
  explicit Mount(SmallStore& store) : store(store) {
    caller.mount = static_cast<uint32_t>(store->attach(&kernel));
    passing = store->passThrough(caller.mount, &kernel);
  }
  ~Mount() {
    store->detach(caller.mount);
    CHECK(kernel.files.empty());
  }
  struct Open {
    uint64_t inode;
    OpenResult result;
  };
  Open create(std::string_view name, int flags = O_RDWR) {
    Attributes out;
    Open made{};
    REQUIRE(store->create(caller, kRootInode, name, 0644, flags, &out, &made.result) == 0);
    made.inode = out.inode;
    return made;
  }
  Open open(uint64_t inode, int flags) {
    Open made{inode, {}};
    REQUIRE(store->open(caller, inode, flags, 0, &made.result) == 0);
    return made;
  }
  void close(const Open& open) { store->close(caller, open.inode, open.result.handle); }
  uint32_t state(uint64_t inode) {
    Attributes out{};
    REQUIRE(store->getAttributes(caller, inode, &out) == 0);
    return out.state;
  }

  SmallStore& store;
  FakeKernel kernel;
  Caller caller{};
  int passing = 0;
};

inline bool passes(const Mount& mount) {
  if (mount.passing == 0) return true;
  MESSAGE("[not run: no private tmpfs here]");
  return false;
}

}  // namespace ram
