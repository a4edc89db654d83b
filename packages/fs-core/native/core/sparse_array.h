// An array as long as it could ever become, of which only what is used takes memory.
#pragma once

#include <errno.h>
#include <sys/mman.h>

#include <cstdint>
#include <type_traits>

namespace ram {

// Starts as zeros. Never moves, so elements may be used while others come into use.
template <class T>
class SparseArray {
  static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);

 public:
  SparseArray() = default;
  ~SparseArray() {
    if (items_ != nullptr) ::munmap(items_, bytes_);
  }
  SparseArray(const SparseArray&) = delete;
  SparseArray& operator=(const SparseArray&) = delete;

  // Once. 0, -ENOMEM.
  int reserve(uint64_t count) {
    bytes_ = count * sizeof(T);
    void* address = ::mmap(nullptr, bytes_, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (address == MAP_FAILED) return -errno;
    items_ = static_cast<T*>(address);
    return 0;
  }
  T& operator[](uint64_t i) const { return items_[i]; }

 private:
  T* items_ = nullptr;
  uint64_t bytes_ = 0;
};

}  // namespace ram
