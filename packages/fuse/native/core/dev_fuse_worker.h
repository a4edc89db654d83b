// A thread of DevFuse, and what it tells from a request before that is taken apart.
#pragma once

#include <sys/mman.h>

#include <cerrno>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <span>
#include <thread>

#include "client_cpu.h"
#include "dev_fuse.h"
#include "protocol.h"
#include "session.h"

namespace ram::fuse {

constexpr size_t kBulkBytes = 64 * 1024;  // requests of this size are always worth a look

struct DevFuse::Worker {
  explicit Worker(uint32_t index) : index(index) {}
  ~Worker() {
    if (memory != MAP_FAILED) ::munmap(memory, kRequestMax + kReplyMax);
  }

  // Pages are taken as they are touched: small requests touch two.
  bool allocate() {
    memory = ::mmap(nullptr, kRequestMax + kReplyMax, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return memory != MAP_FAILED;
  }
  std::byte* request() const { return static_cast<std::byte*>(memory); }
  std::span<std::byte> reply() const { return {request() + kRequestMax, kReplyMax}; }

  const uint32_t index;
  void* memory = MAP_FAILED;
  std::thread thread;
  std::condition_variable wake;
  CpuTie tie;
  pid_t id = 0;         // of the thread, which sets it before it rests
  bool called = false;  // guarded by mutex_: there is work, as a leader or as a helper
  bool leader = false;  // the worker's own while it runs, guarded by mutex_ while it rests
};

// Of a read: another try may have something.
inline bool isTransient(int error) { return error == EINTR || error == EAGAIN || error == ENOENT; }

inline const InHeader& headerOf(const std::byte* request) {
  return *reinterpret_cast<const InHeader*>(request);
}

// Of what was read; 0 of what is no request.
inline uint32_t opcodeOf(const std::byte* request, size_t length) {
  return length < sizeof(InHeader) ? 0 : headerOf(request).opcode;
}

inline bool isBulk(const std::byte* request, size_t length) {
  if (length >= kBulkBytes) return true;
  if (length < sizeof(InHeader) + sizeof(ReadIn)) return false;
  auto* header = reinterpret_cast<const InHeader*>(request);
  return header->opcode == kRead &&
         reinterpret_cast<const ReadIn*>(header + 1)->size >= kBulkBytes;
}

// Whether a client waits for this request. With the others, a next one of the same client may
// already be queued, which is no backlog.
inline bool isAwaited(const std::byte* request, size_t length) {
  return length >= sizeof(InHeader) && !isAfterwards(opcodeOf(request, length));
}

}  // namespace ram::fuse
