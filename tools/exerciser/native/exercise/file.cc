#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace exercise {

using Count = unsigned long long;

File::~File() {
  for (const Mapping& mapping : mappings_) ::munmap(mapping.at, mapping.length);
  for (const Handle& handle : handles_) ::close(handle.fd);
}

bool File::open(const std::string& path) {
  Random& random = context_.random;
  int flags = O_RDWR;
  const uint64_t kind = random.below(100);
  if (!writable_ || kind < 20) flags = O_RDONLY;
  else if (kind < 30) flags = O_WRONLY;
  if (flags != O_RDONLY && !isPart_ && random.percent(15)) flags |= O_APPEND;
  if (context_.options.directIo && random.percent(15)) flags |= O_DIRECT;
  if (flags != O_RDONLY && !isPart_ && random.percent(5)) flags |= O_TRUNC;
  context_.note("open f%d %s flags %#x", number_, path.c_str(), static_cast<unsigned>(flags));
  const int fd = ::open(path.c_str(), flags | O_CLOEXEC);
  if (fd < 0) {
    if (noSpace("open", -errno)) return false;
    context_.failCall("open");
  }
  if ((flags & O_TRUNC) != 0) bytes_.clear();
  if ((flags & O_TRUNC) != 0) allocatedEnd_ = 0;
  handles_.push_back({fd, flags, 0});
  return true;
}

void File::reopen() {
  if (handles_.empty()) return;
  const std::string path = "/proc/self/fd/" + std::to_string(handles_[0].fd);
  open(path);
}

void File::closeOne() {
  if (handles_.empty()) return;
  const size_t which = context_.random.below(handles_.size());
  context_.note("close f%d fd %d", number_, handles_[which].fd);
  if (::close(handles_[which].fd) != 0 && !noSpace("close", -errno)) context_.failCall("close");
  handles_.erase(handles_.begin() + static_cast<ptrdiff_t>(which));
}

File::Handle* File::pick(int access) {
  std::vector<Handle*> fit;
  for (Handle& handle : handles_) {
    const int mode = handle.flags & O_ACCMODE;
    if (mode == O_RDWR || mode == access) fit.push_back(&handle);
  }
  return fit.empty() ? nullptr : fit[context_.random.below(fit.size())];
}

File::Handle* File::pickForRange() {
  Handle* handle = pick(O_WRONLY);
  return handle != nullptr && (handle->flags & O_APPEND) == 0 ? handle : nullptr;
}

bool File::noSpace(const char* call, ssize_t result) {
  if (result != -ENOSPC) return false;
  if (!context_.options.full) context_.fail("%s: no space on a disk that has it", call);
  ++context_.tally.noSpace;
  return true;
}

void File::compare(const char* how, uint64_t offset, const char* got, uint64_t length) {
  const char* want = bytes_.data() + offset;
  context_.tally.bytesCompared += length;
  if (length == 0 || std::memcmp(got, want, length) == 0) return;
  uint64_t first = 0, bad = 0, last = 0;
  for (uint64_t i = 0; i < length; ++i) {
    if (got[i] == want[i]) continue;
    if (bad++ == 0) first = i;
    last = i;
  }
  context_.fail(
      "f%d %s: %llu of %llu bytes at %llu are wrong, from %llu to %llu; the first is %#x, not %#x",
      number_, how, Count(bad), Count(length), Count(base_ + offset),
      Count(base_ + offset + first), Count(base_ + offset + last),
      static_cast<unsigned char>(got[first]), static_cast<unsigned char>(want[first]));
}

void File::put(uint64_t offset, const char* data, uint64_t length) {
  if (length == 0) return;
  if (bytes_.size() < offset + length) bytes_.resize(offset + length);
  std::memcpy(bytes_.data() + offset, data, length);
}

void File::zero(uint64_t offset, uint64_t end) {
  end = std::min<uint64_t>(end, bytes_.size());
  if (offset < end) std::memset(bytes_.data() + offset, 0, end - offset);
}

void File::checkAttributes(uint64_t links) {
  if (handles_.empty()) return;
  struct stat at;
  context_.note("stat f%d", number_);
  if (::fstat(handles_[0].fd, &at) != 0) context_.failCall("fstat");
  if (isPart_) return;
  if (static_cast<uint64_t>(at.st_size) != bytes_.size()) {
    context_.fail("f%d has size %llu, not %llu", number_, Count(at.st_size), Count(size()));
  }
  if (at.st_nlink != links) {
    context_.fail("f%d has %llu names, not %llu", number_, Count(at.st_nlink), Count(links));
  }
  if (inode_ != 0 && at.st_ino != inode_) {
    context_.fail("f%d had inode %llu, has %llu", number_, Count(inode_), Count(at.st_ino));
  }
  inode_ = at.st_ino;
  // Pages that must exist, and that may: those that hold something, and all that was allocated.
  uint64_t least = 0;
  for (uint64_t i = 0; i < size(); i += 4096) {
    const char* from = bytes_.data() + i;
    if (std::any_of(from, from + std::min<uint64_t>(4096, size() - i), [](char c) { return c; })) {
      least += 8;
    }
  }
  const uint64_t most = (std::max(allocatedEnd_, size()) + 4095) / 4096 * 8;
  const auto blocks = static_cast<uint64_t>(at.st_blocks);
  // Stores by mappings have no pages in the file before they are written back.
  if ((mappings_.empty() && blocks < least) || blocks > most) {
    context_.fail("f%d of %llu bytes has %llu blocks, not %llu to %llu", number_, Count(size()),
                  Count(blocks), Count(least), Count(most));
  }
}

void File::sync() {
  if (handles_.empty()) return;
  Handle& handle = handles_[context_.random.below(handles_.size())];
  const uint64_t kind = context_.random.below(4);
  context_.note("sync f%d kind %llu", number_, Count(kind));
  int result = 0;
  if (kind == 0) result = ::fsync(handle.fd);
  else if (kind == 1) result = ::fdatasync(handle.fd);
  else if (kind == 2) result = ::posix_fadvise(handle.fd, 0, 0, POSIX_FADV_DONTNEED);
  else result = ::sync_file_range(handle.fd, 0, 0, SYNC_FILE_RANGE_WRITE);
  if (result != 0) context_.failCall("sync");
}

void File::verify(const std::string& path) {
  const Handle* handle = pick(O_RDONLY);
  int fd = handle == nullptr ? -1 : handle->fd;
  const bool own = fd < 0 && !path.empty();
  if (own) fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0 && own) context_.failCall("open");
  if (fd < 0) return;
  context_.note("verify f%d, %llu bytes", number_, Count(size()));
  const uint64_t want = size() + (isPart_ ? 0 : 1);
  const ssize_t got = ::pread(fd, context_.buffer, want, static_cast<off_t>(base_));
  if (got < 0) context_.failCall("pread");
  if (static_cast<uint64_t>(got) != size()) {
    context_.fail("f%d has %lld bytes, not %llu", number_, static_cast<long long>(got),
                  Count(size()));
  }
  compare("read whole", 0, context_.buffer, size());
  if (own) ::close(fd);
}

}  // namespace exercise
