// One request as it came from the kernel, taken apart with every bound checked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "freed_space.h"
#include "protocol.h"
#include "ram/file_system.h"

namespace ram::fuse {

inline constexpr size_t kNameMax = 255;  // bytes

// Walks the part of a request behind its header. Every take… returns false (or null) when the
// request is too short, and then the request is malformed.
class Arguments {
 public:
  Arguments() = default;
  explicit Arguments(std::span<const std::byte> bytes) : rest_(bytes) {}

  template <class T>
  const T* take() {
    return takePrefix<T>(sizeof(T));
  }

  // For structs that grew: only the first `size` bytes may be read through the result.
  template <class T>
  const T* takePrefix(size_t size) {
    if (rest_.size() < size) return nullptr;
    auto* value = reinterpret_cast<const T*>(rest_.data());
    rest_ = rest_.subspan(size);
    return value;
  }

  // Bytes up to the next NUL, which is taken too. May be empty.
  bool takeString(std::string_view* out);

  // A file name. Returns 0, -EINVAL (malformed) or -ENAMETOOLONG.
  int takeName(std::string_view* out);

  std::span<const std::byte> rest() const { return rest_; }

 private:
  std::span<const std::byte> rest_;
};

struct Request {
  const InHeader* header = nullptr;
  Arguments arguments;
  std::span<const std::byte> extensions;
  Caller caller = {};
  uint32_t channel = 0;  // of the transport: where the reply must be written
  uint64_t root = kRootInode;  // the inode that the mount shows at its root
  std::optional<Patience> patience;  // from when it first waits for space

  uint64_t node() const { return inodeOf(header->node); }
  // The store's number of what the kernel calls `node`.
  uint64_t inodeOf(uint64_t node) const { return node == kRootInode ? root : node; }
};

// `bytes` must be aligned to 8 and outlive the request. Returns 0, or -EINVAL when not even the
// header makes sense (then nothing can be answered).
int parseRequest(std::span<const std::byte> bytes, Request* out);

// The group that the kernel says the caller is in besides caller.gid (the parent directory's), or
// false. Sent for operations that make an inode, when kCreateSupplementaryGroup is negotiated.
bool supplementaryGroup(const Request& request, uint32_t* gid);

}  // namespace ram::fuse
