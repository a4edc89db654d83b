// The answer to one request, built in place in a buffer of the transport.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "protocol.h"

namespace ram::fuse {

// What a handler returns: the number of reply bytes behind the header, -errno, or this.
inline constexpr int64_t kNoReply = INT64_MIN;  // none is due, or it comes later

class Reply {
 public:
  // `memory` is aligned to 8 and holds at least an OutHeader.
  explicit Reply(std::span<std::byte> memory) : memory_(memory) {}

  // Where the bytes behind the header go.
  std::span<std::byte> body() { return memory_.subspan(sizeof(OutHeader)); }

  // The zeroed struct at `offset` of the body. The buffer must have room: callers use structs of
  // at most 512 bytes, and transports give 8 KiB and more.
  template <class T>
  T* make(size_t offset = 0) {
    auto* value = reinterpret_cast<T*>(body().data() + offset);
    std::memset(static_cast<void*>(value), 0, sizeof(T));
    return value;
  }

  // Fills in the header and returns the bytes to send.
  std::span<const std::byte> finish(uint64_t unique, int64_t result) {
    auto* header = reinterpret_cast<OutHeader*>(memory_.data());
    size_t length = sizeof(OutHeader) + (result > 0 ? static_cast<size_t>(result) : 0);
    *header = {static_cast<uint32_t>(length), result < 0 ? static_cast<int32_t>(result) : 0,
               unique};
    return memory_.first(length);
  }

  // What the kernel holds once it has the reply, and what must be given back if it never gets it.
  // readdirplus grants what its entries name.
  uint64_t grantedInode = 0;
  uint64_t openedInode = 0;
  uint64_t openedHandle = 0;
  bool openedDirectory = false;
  bool openedForWriting = false;

 private:
  std::span<std::byte> memory_;
};

}  // namespace ram::fuse
