// What is known of open handles for the sake of `closed` events: who opened them, whether they
// wrote, and the copy of the file that FLUSH took. Noted only while someone listens.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <unordered_map>

#include "event_copy.h"

namespace ram {

class EventHandles {
 public:
  struct Note {
    bool known = false;  // opened while someone listened
    bool wrote = false;
    bool fresh = false;  // the copy that was taken is what the handle wrote last
    uint32_t pid = 0;
  };

  ~EventHandles();

  // Room for the notes of `handles` handles: addresses only. Idempotent. -ENOMEM.
  int start(uint64_t handles);

  void opened(uint64_t handle, uint32_t pid, bool wrote);
  void wrote(uint64_t handle);
  Note find(uint64_t handle) const;

  // `version`: of the bytes, where a kernel writes them by itself (PassedVersions).
  struct Copy {
    EventCopy* copy = nullptr;
    uint64_t version = 0;
  };
  // Keeps a copy (taking over the caller's reference) until takeCopy(), in place of an older one.
  void keepCopy(uint64_t handle, Copy copy);
  uint64_t copiedVersion(uint64_t handle);  // of the copy that is kept; 0: there is none
  Copy takeCopy(uint64_t handle);
  void dropCopies();

 private:
  // serial 31 bits │ wrote │ fresh │ pid 31 bits; 0: nothing is known
  static constexpr uint64_t kPidMask = (uint64_t{1} << 31) - 1;
  static constexpr uint64_t kFresh = uint64_t{1} << 31;
  static constexpr uint64_t kWrote = uint64_t{1} << 32;
  static constexpr uint32_t kSerialShift = 33;
  std::atomic<uint64_t>* wordOf(uint64_t handle) const;

  std::atomic<std::atomic<uint64_t>*> words_{nullptr};
  uint64_t count_ = 0;
  std::mutex mutex_;  // guards what follows; a leaf
  std::unordered_map<uint64_t, Copy> copies_;
};

}  // namespace ram
