#include "views.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "hole_guard.h"

namespace ram {
namespace {

struct Mapping {
  uint64_t id;
  uint64_t inode;  // 0: orphan
  uint8_t* address;
  uint64_t bytes;      // whole pages
  uint64_t liveBytes;  // of them mapped to the file; the rest is anonymous
  bool writable;
  int filler;  // guarded: a descriptor of the file; else -1
};

uint64_t pageCeiling(uint64_t n) {
  static const uint64_t page = static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  return (n + page - 1) / page * page;
}

// File bytes must not end up in core dumps, nor be shared with forked children.
void protect(void* address, uint64_t bytes) {
  ::madvise(address, bytes, MADV_DONTDUMP);
  ::madvise(address, bytes, MADV_DONTFORK);
}

int fileFlags(bool writable) {
  return writable ? MAP_SHARED : MAP_PRIVATE | MAP_NORESERVE;
}

}  // namespace

struct ViewRegistry::State {
  mutable std::mutex mutex;
  std::vector<Mapping> mappings;
  std::atomic<uint32_t> count{0};  // of mappings that have an inode: the quick way to "none"
};

namespace {

// Which store a view belongs to, for unmap(). Lock: its mutex, never held with a State's.
struct Owners {
  std::mutex mutex;
  uint64_t lastId = 0;
  std::unordered_map<uint64_t, std::shared_ptr<void>> states;
};

Owners& owners() {
  static auto* instance = new Owners;  // lives on: views may be unmapped at exit
  return *instance;
}

}  // namespace

ViewRegistry::ViewRegistry() : state_(std::make_shared<State>()) {}

ViewRegistry::~ViewRegistry() {
  std::lock_guard lock(state_->mutex);
  for (Mapping& mapping : state_->mappings) mapping.inode = 0;
  state_->count.store(0, std::memory_order_relaxed);
}

int ViewRegistry::make(uint64_t inode, int fd, uint64_t size, bool writable, View* out) {
  Mapping mapping{0, inode, nullptr, pageCeiling(size), pageCeiling(size), writable, -1};
  if (size > 0) {
    void* address = ::mmap(nullptr, mapping.bytes, PROT_READ | PROT_WRITE, fileFlags(writable),
                           fd, 0);
    if (address == MAP_FAILED) return -errno;
    protect(address, mapping.bytes);
    mapping.address = static_cast<uint8_t*>(address);
  }
  {
    Owners& all = owners();
    std::lock_guard lock(all.mutex);
    mapping.id = ++all.lastId;
    all.states.emplace(mapping.id, state_);
  }
  std::lock_guard lock(state_->mutex);
  state_->mappings.push_back(mapping);
  state_->count.fetch_add(1, std::memory_order_relaxed);
  *out = {mapping.address, size, mapping.id};
  return 0;
}

void ViewRegistry::unmap(uint64_t id) {
  std::shared_ptr<State> state;
  {
    Owners& all = owners();
    std::lock_guard lock(all.mutex);
    const auto found = all.states.find(id);
    if (found == all.states.end()) return;
    state = std::static_pointer_cast<State>(found->second);
    all.states.erase(found);
  }
  std::lock_guard lock(state->mutex);
  const auto found = std::find_if(state->mappings.begin(), state->mappings.end(),
                                  [id](const Mapping& m) { return m.id == id; });
  if (found == state->mappings.end()) return;
  if (found->address != nullptr) ::munmap(found->address, found->bytes);
  if (found->filler >= 0) ::close(found->filler);
  if (found->inode != 0) state->count.fetch_sub(1, std::memory_order_relaxed);
  *found = state->mappings.back();
  state->mappings.pop_back();
}

bool ViewRegistry::any(uint64_t inode) const {
  if (state_->count.load(std::memory_order_relaxed) == 0) return false;
  std::lock_guard lock(state_->mutex);
  return std::any_of(state_->mappings.begin(), state_->mappings.end(),
                     [inode](const Mapping& m) { return m.inode == inode; });
}

bool ViewRegistry::hasWritable(uint64_t inode) const {
  if (state_->count.load(std::memory_order_relaxed) == 0) return false;
  std::lock_guard lock(state_->mutex);
  return std::any_of(state_->mappings.begin(), state_->mappings.end(),
                     [inode](const Mapping& m) { return m.inode == inode && m.writable; });
}

int ViewRegistry::cut(uint64_t inode, uint64_t size) {
  if (state_->count.load(std::memory_order_relaxed) == 0) return 0;
  std::lock_guard lock(state_->mutex);
  const uint64_t keep = pageCeiling(size);
  for (Mapping& m : state_->mappings) {
    if (m.inode != inode || m.liveBytes <= keep) continue;
    // MAP_FIXED replaces the pages in one step: a reader sees the file or zeros, never nothing.
    void* address = ::mmap(m.address + keep, m.liveBytes - keep, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
    if (address == MAP_FAILED) return -ENOMEM;
    protect(address, m.liveBytes - keep);
    m.liveBytes = keep;
  }
  return 0;
}

bool ViewRegistry::missing(uint64_t inode, uint64_t size, uint64_t* offset,
                           uint64_t* length) const {
  if (state_->count.load(std::memory_order_relaxed) == 0) return false;
  std::lock_guard lock(state_->mutex);
  uint64_t from = UINT64_MAX;
  uint64_t to = 0;
  for (const Mapping& m : state_->mappings) {
    const uint64_t target = std::min(m.bytes, pageCeiling(size));
    if (m.inode != inode || target <= m.liveBytes) continue;
    from = std::min(from, m.liveBytes);
    to = std::max(to, target);
  }
  if (to == 0) return false;
  *offset = from;
  *length = to - from;
  return true;
}

int ViewRegistry::restore(uint64_t inode, int fd, uint64_t size) {
  if (state_->count.load(std::memory_order_relaxed) == 0) return 0;
  std::lock_guard lock(state_->mutex);
  int status = 0;
  for (Mapping& m : state_->mappings) {
    const uint64_t target = std::min(m.bytes, pageCeiling(size));
    if (m.inode != inode || target <= m.liveBytes) continue;
    void* address = ::mmap(m.address + m.liveBytes, target - m.liveBytes,
                           PROT_READ | PROT_WRITE, fileFlags(m.writable) | MAP_FIXED, fd,
                           static_cast<off_t>(m.liveBytes));
    if (address == MAP_FAILED) {
      status = -ENOMEM;  // goes on reading as zeros
      continue;
    }
    protect(address, target - m.liveBytes);
    if (m.filler >= 0) guardHoles(address, target - m.liveBytes, fillHole);
    m.liveBytes = target;
  }
  return status;
}

int ViewRegistry::move(uint64_t inode, int fd) {
  if (state_->count.load(std::memory_order_relaxed) == 0) return 0;
  std::lock_guard lock(state_->mutex);
  for (Mapping& m : state_->mappings) {
    if (m.inode != inode || m.liveBytes == 0) continue;
    void* address = ::mmap(m.address, m.liveBytes, PROT_READ | PROT_WRITE,
                           fileFlags(m.writable) | MAP_FIXED, fd, 0);
    if (address == MAP_FAILED) return -ENOMEM;
    protect(address, m.liveBytes);
    if (m.filler >= 0) ::close(m.filler);
    m.filler = -1;
  }
  return 0;
}

int ViewRegistry::guard(uint64_t inode, int fd) {
  if (state_->count.load(std::memory_order_relaxed) == 0) return 0;
  std::lock_guard lock(state_->mutex);
  for (Mapping& m : state_->mappings) {
    if (m.inode != inode || m.filler >= 0) continue;
    const int filler = ::fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (filler < 0) return -errno;
    const int status = m.liveBytes == 0 ? 0 : guardHoles(m.address, m.liveBytes, fillHole);
    if (status < 0) {
      ::close(filler);
      return status;
    }
    m.filler = filler;
  }
  return 0;
}

// A thread waits in a touch of `page`, so the view that it belongs to is alive.
void ViewRegistry::fillHole(uint8_t* page, uint64_t bytes) {
  std::vector<std::shared_ptr<State>> states;
  {
    Owners& all = owners();
    std::lock_guard lock(all.mutex);
    for (const auto& [id, state] : all.states) {
      states.push_back(std::static_pointer_cast<State>(state));
    }
  }
  for (const auto& state : states) {
    std::lock_guard lock(state->mutex);
    for (const Mapping& m : state->mappings) {
      if (m.filler < 0 || page < m.address || page >= m.address + m.liveBytes) continue;
      const auto offset = static_cast<off_t>(page - m.address);
      const auto length = static_cast<off_t>(bytes);
      if (::fallocate(m.filler, FALLOC_FL_KEEP_SIZE, offset, length) == 0) return;
      // Not mmap(): ThreadSanitizer would take it for a race with the one who touches the page, who
      // waits in the kernel.
      constexpr int kFlags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED;
      const long at = ::syscall(SYS_mmap, page, bytes, PROT_READ | PROT_WRITE, kFlags, -1, 0);
      if (at != -1) protect(page, bytes);
      return;
    }
  }
}

void ViewRegistry::orphan(uint64_t inode) {
  if (state_->count.load(std::memory_order_relaxed) == 0) return;
  std::lock_guard lock(state_->mutex);
  for (Mapping& m : state_->mappings) {
    if (m.inode != inode) continue;
    m.inode = 0;
    state_->count.fetch_sub(1, std::memory_order_relaxed);
  }
}

}  // namespace ram
