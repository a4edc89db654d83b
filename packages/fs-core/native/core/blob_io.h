// Changes of blob files that may make or free pages, held to the Volume's limit: by the kernel on
// a tmpfs, by counting here for memfds. The file's inode is locked exclusively by the caller.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>

namespace ram {

class Backing;

// All of `length` unless the disk becomes full: then what fitted, or -ENOSPC. kAtEnd appends.
inline constexpr uint64_t kAtEnd = UINT64_MAX;
ssize_t blobWrite(Backing& backing, int fd, const void* data, size_t length, uint64_t offset);
ssize_t blobRead(int fd, void* data, size_t length, uint64_t offset);
int blobTruncate(Backing& backing, int fd, uint64_t size);
// fallocate(2). Making pages happens wholly or, with -ENOSPC, not at all.
int blobAllocate(Backing& backing, int fd, int mode, uint64_t offset, uint64_t length);
// Overwrites the data in a range with zeros; holes stay. Makes no pages.
int blobZero(int fd, uint64_t offset, uint64_t length);

// While it lives, what is read or mapped through `fd` is nobody's access (mmap(2) is one to a
// tmpfs): atime stays. Nobody else may read through it meanwhile.
class NoAccess {
 public:
  explicit NoAccess(int fd);
  ~NoAccess();
  NoAccess(const NoAccess&) = delete;
  NoAccess& operator=(const NoAccess&) = delete;

 private:
  const int fd_;
  const int flags_;
};

}  // namespace ram
