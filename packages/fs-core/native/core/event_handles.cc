#include "event_handles.h"

#include <sys/mman.h>

#include <cerrno>
#include <new>

namespace ram {

EventHandles::~EventHandles() {
  dropCopies();
  if (words_ != nullptr) ::munmap(words_.load(), count_ * sizeof(uint64_t));
}

int EventHandles::start(uint64_t handles) {
  std::lock_guard lock(mutex_);
  if (words_.load() != nullptr) return 0;
  void* address = ::mmap(nullptr, handles * sizeof(uint64_t), PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (address == MAP_FAILED) return -errno;
  count_ = handles;
  words_.store(static_cast<std::atomic<uint64_t>*>(address), std::memory_order_release);
  return 0;
}

std::atomic<uint64_t>* EventHandles::wordOf(uint64_t handle) const {
  std::atomic<uint64_t>* words = words_.load(std::memory_order_acquire);
  const uint32_t index = static_cast<uint32_t>(handle);
  return words == nullptr || index >= count_ ? nullptr : words + index;
}

void EventHandles::opened(uint64_t handle, uint32_t pid, bool wrote) {
  std::atomic<uint64_t>* word = wordOf(handle);
  if (word == nullptr) return;
  word->store(handle >> 32 << kSerialShift | (wrote ? kWrote : 0) | (pid & kPidMask));
}

void EventHandles::wrote(uint64_t handle) {
  std::atomic<uint64_t>* word = wordOf(handle);
  if (word == nullptr) return;
  uint64_t now = word->load();
  const bool known = now >> kSerialShift == handle >> 32;
  while (known && !word->compare_exchange_weak(now, (now | kWrote) & ~kFresh)) {
  }
}

EventHandles::Note EventHandles::find(uint64_t handle) const {
  const std::atomic<uint64_t>* word = wordOf(handle);
  const uint64_t now = word == nullptr ? 0 : word->load();
  if (now == 0 || now >> kSerialShift != handle >> 32) return {};
  return {true, (now & kWrote) != 0, (now & kFresh) != 0, static_cast<uint32_t>(now & kPidMask)};
}

void EventHandles::keepCopy(uint64_t handle, Copy copy) {
  EventCopy* old = copy.copy;
  try {
    std::lock_guard lock(mutex_);
    Copy& slot = copies_[handle];
    old = slot.copy;
    slot = copy;
    if (std::atomic<uint64_t>* word = wordOf(handle)) word->fetch_or(kFresh);
  } catch (const std::bad_alloc&) {
    // The copy goes; another is taken at the end.
  }
  if (old != nullptr) old->release();
}

uint64_t EventHandles::copiedVersion(uint64_t handle) {
  std::lock_guard lock(mutex_);
  const auto found = copies_.find(handle);
  return found == copies_.end() ? 0 : found->second.version;
}

EventHandles::Copy EventHandles::takeCopy(uint64_t handle) {
  std::lock_guard lock(mutex_);
  auto found = copies_.find(handle);
  if (found == copies_.end()) return {};
  const Copy copy = found->second;
  copies_.erase(found);
  return copy;
}

void EventHandles::dropCopies() {
  std::lock_guard lock(mutex_);
  for (auto& [handle, kept] : copies_) kept.copy->release();
  copies_.clear();
}

}  // namespace ram
