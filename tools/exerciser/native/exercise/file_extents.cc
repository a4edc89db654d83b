// Allocation, holes and copies within the kernel.
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "file.h"

namespace exercise {

using Count = unsigned long long;

void File::allocate() {
  static constexpr int kModes[] = {
      0,
      FALLOC_FL_KEEP_SIZE,
      FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
      FALLOC_FL_ZERO_RANGE,
      FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE,
      FALLOC_FL_COLLAPSE_RANGE,
      FALLOC_FL_INSERT_RANGE,
  };
  // Punched more often than all the rest.
  const uint64_t kind = context_.random.below(14);
  const int mode = kind < std::size(kModes) ? kModes[kind] : kModes[2];
  Handle* handle = pick(O_WRONLY);
  if (handle == nullptr) return;
  uint64_t offset = target(9000);
  uint64_t length = context_.length(sizeLimit() - offset);
  const bool shifts = mode == FALLOC_FL_COLLAPSE_RANGE || mode == FALLOC_FL_INSERT_RANGE;
  if (shifts) {
    offset = page(offset);
    length = page(length + 4095);
    if (isPart_ || size() < 2 * 4096) return;
  }
  context_.note("fallocate f%d mode %d, %llu bytes at %llu of %llu", number_, mode, Count(length),
                Count(base_ + offset), Count(base_ + size()));
  if (::fallocate(handle->fd, mode, static_cast<off_t>(base_ + offset),
                  static_cast<off_t>(length)) != 0) {
    const int error = errno;
    if (error == EOPNOTSUPP && mode > FALLOC_FL_KEEP_SIZE &&
        mode != (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE)) {
      ++context_.tally.unsupported;
      return;
    }
    // A hole needs no room.
    if ((mode & FALLOC_FL_PUNCH_HOLE) == 0 && noSpace("fallocate", -error)) return;
    context_.failCall("fallocate");
  }
  if (shifts) context_.fail("f%d: a range was moved, which nobody has a model of", number_);
  const uint64_t end = offset + length;
  if ((mode & FALLOC_FL_PUNCH_HOLE) == 0) allocatedEnd_ = std::max(allocatedEnd_, end);
  if (mode != 0 && mode != FALLOC_FL_KEEP_SIZE) zero(offset, end);
  if ((mode & FALLOC_FL_KEEP_SIZE) == 0 && end > size()) bytes_.resize(end);
}

void File::copyFrom(File& source) {
  Handle* from = source.pick(O_RDONLY);
  Handle* to = pickForRange();
  if (from == nullptr || to == nullptr || source.size() == 0) return;
  const uint64_t fromOffset = source.isPart_ ? context_.offset(source.size() - 1)
                                             : context_.offset(source.size() + 100);
  const uint64_t offset = target(9000);
  uint64_t length = context_.length(sizeLimit() - offset);
  if (source.isPart_) length = std::min(length, source.size() - fromOffset);
  const uint64_t distance = std::max(fromOffset, offset) - std::min(fromOffset, offset);
  if (&source == this) length = std::min(length, distance);
  if (length == 0) return;
  context_.note("copy_file_range f%d from f%d, %llu bytes from %llu of %llu to %llu of %llu",
                number_, source.number_, Count(length), Count(source.base_ + fromOffset),
                Count(source.base_ + source.size()), Count(base_ + offset), Count(base_ + size()));
  auto in = static_cast<loff_t>(source.base_ + fromOffset);
  auto out = static_cast<loff_t>(base_ + offset);
  const ssize_t done = ::copy_file_range(from->fd, &in, to->fd, &out, length, 0);
  if (done < 0 && noSpace("copy_file_range", -errno)) return;
  if (done < 0) context_.failCall("copy_file_range");
  const auto copied = static_cast<uint64_t>(done);
  const uint64_t most =
      fromOffset >= source.size() ? 0 : std::min(length, source.size() - fromOffset);
  if (copied > most || (copied == 0 && most > 0)) {
    context_.fail("copy_file_range copied %llu bytes of %llu", Count(copied), Count(most));
  }
  if (copied == 0) return;
  std::memcpy(context_.buffer, source.bytes_.data() + fromOffset, copied);
  put(offset, context_.buffer, copied);
}

void File::sendFrom(File& source) {
  Handle* from = source.pick(O_RDONLY);
  Handle* to = pickForRange();
  if (from == nullptr || to == nullptr || &source == this || source.size() == 0) return;
  const uint64_t fromOffset = context_.offset(source.size() - 1);
  const uint64_t offset = target(9000);
  const uint64_t length =
      std::min(context_.length(sizeLimit() - offset), source.size() - fromOffset);
  if (length == 0 || ((from->flags | to->flags) & O_DIRECT) != 0) return;
  context_.note("sendfile f%d from f%d, %llu bytes from %llu to %llu of %llu", number_,
                source.number_, Count(length), Count(source.base_ + fromOffset),
                Count(base_ + offset), Count(base_ + size()));
  auto in = static_cast<off_t>(source.base_ + fromOffset);
  if (::lseek(to->fd, static_cast<off_t>(base_ + offset), SEEK_SET) < 0) {
    context_.failCall("lseek");
  }
  const ssize_t done = ::sendfile(to->fd, from->fd, &in, length);
  if (done < 0 && noSpace("sendfile", -errno)) return;
  if (done <= 0) context_.failCall("sendfile");
  std::memcpy(context_.buffer, source.bytes_.data() + fromOffset, static_cast<uint64_t>(done));
  put(offset, context_.buffer, static_cast<uint64_t>(done));
}

}  // namespace exercise
