// Reads, writes, truncates and seeks.
#include <errno.h>
#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>

#include "file.h"

namespace exercise {

using Count = unsigned long long;

namespace {

constexpr uint64_t kSector = 512;

iovec* split(char* data, uint64_t length, uint64_t at, iovec pieces[2]) {
  pieces[0] = {data, at};
  pieces[1] = {data + at, length - at};
  return pieces;
}

}  // namespace

void File::read() {
  Handle* handle = pick(O_RDONLY);
  if (handle == nullptr) return;
  uint64_t offset = context_.offset(isPart_ ? size() : size() + 5000);
  uint64_t length = context_.length(isPart_ ? size() - offset : context_.options.sizeMax);
  if ((handle->flags & O_DIRECT) != 0) {
    offset = offset / kSector * kSector;
    length = (length + kSector - 1) / kSector * kSector;
    if (isPart_ && offset + length > size()) return;
  }
  const uint64_t kind = context_.random.below(3);
  context_.note("read f%d fd %d kind %llu, %llu bytes at %llu of %llu", number_, handle->fd,
                Count(kind), Count(length), Count(base_ + offset), Count(base_ + size()));
  const auto at = static_cast<off_t>(base_ + offset);
  ssize_t got;
  if (kind == 0) {
    if (::lseek(handle->fd, at, SEEK_SET) != at) context_.failCall("lseek");
    got = ::read(handle->fd, context_.buffer, length);
  } else if (kind == 1 || (handle->flags & O_DIRECT) != 0) {
    got = ::pread(handle->fd, context_.buffer, length, at);
  } else {
    iovec pieces[2];
    split(context_.buffer, length, context_.random.below(length + 1), pieces);
    got = ::preadv(handle->fd, pieces, 2, at);
  }
  if (got < 0) context_.failCall("read");
  const uint64_t want = offset >= size() ? 0 : std::min(length, size() - offset);
  if (static_cast<uint64_t>(got) != want) {
    context_.fail("f%d: %llu of %llu bytes at %llu were read, not %llu", number_, Count(got),
                  Count(length), Count(base_ + offset), Count(want));
  }
  compare("read", offset, context_.buffer, want);
}

void File::wrote(const char* call, uint64_t offset, const char* data, uint64_t length,
                 ssize_t result) {
  if (noSpace(call, result)) return;
  if (result < 0) {
    errno = static_cast<int>(-result);
    context_.failCall(call);
  }
  const auto done = static_cast<uint64_t>(result);
  if (done != length && (!context_.options.full || done > length || done == 0)) {
    context_.fail("%s of f%d: %llu of %llu bytes were written", call, number_, Count(done),
                  Count(length));
  }
  if (done != length) ++context_.tally.noSpace;
  put(offset, data, done);
  context_.tally.bytesWritten += done;
}

void File::write() {
  Handle* handle = pickForRange();
  if (handle == nullptr) return;
  uint64_t offset = target(70000);
  uint64_t length = context_.length(sizeLimit() - offset);
  if ((handle->flags & O_DIRECT) != 0) {
    offset = offset / kSector * kSector;
    length = (length + kSector - 1) / kSector * kSector;
    if (isPart_ && offset + length > size()) return;
  }
  const uint64_t kind = context_.random.below(3);
  context_.fillBuffer(length);
  context_.note("write f%d fd %d kind %llu, %llu bytes at %llu of %llu", number_, handle->fd,
                Count(kind), Count(length), Count(base_ + offset), Count(base_ + size()));
  const auto at = static_cast<off_t>(base_ + offset);
  ssize_t done;
  if (kind == 0) {
    if (::lseek(handle->fd, at, SEEK_SET) != at) context_.failCall("lseek");
    done = ::write(handle->fd, context_.buffer, length);
  } else if (kind == 1 || (handle->flags & O_DIRECT) != 0) {
    done = ::pwrite(handle->fd, context_.buffer, length, at);
  } else {
    iovec pieces[2];
    split(context_.buffer, length, context_.random.below(length + 1), pieces);
    done = ::pwritev(handle->fd, pieces, 2, at);
  }
  wrote("write", offset, context_.buffer, length, done < 0 ? -errno : done);
}

void File::append() {
  if (isPart_ || size() >= sizeLimit()) return;
  Handle* handle = pick(O_WRONLY);
  if (handle == nullptr || (handle->flags & O_DIRECT) != 0) return;
  const uint64_t length = context_.length(sizeLimit() - size());
  const bool opened = (handle->flags & O_APPEND) != 0;
  context_.fillBuffer(length);
  context_.note("append f%d fd %d%s, %llu bytes to %llu", number_, handle->fd,
                opened ? " O_APPEND" : "", Count(length), Count(size()));
  ssize_t done;
  if (opened) {
    done = ::write(handle->fd, context_.buffer, length);
  } else {
    const iovec piece{context_.buffer, length};
    done = ::pwritev2(handle->fd, &piece, 1, 0, RWF_APPEND);
  }
  wrote("append", size(), context_.buffer, length, done < 0 ? -errno : done);
}

void File::truncate(const std::string& path) {
  if (isPart_) return;
  const uint64_t length = context_.offset(context_.random.percent(50) ? size() : sizeLimit());
  Handle* handle = pick(O_WRONLY);
  if (handle == nullptr && path.empty()) return;
  const bool byPath = handle == nullptr || (!path.empty() && context_.random.percent(50));
  context_.note("truncate f%d %s from %llu to %llu", number_, byPath ? path.c_str() : "",
                Count(size()), Count(length));
  const auto end = static_cast<off_t>(length);
  const int result =
      byPath ? ::truncate(path.c_str(), end) : ::ftruncate(handle->fd, end);
  if (result != 0) {
    // Shrinking needs no room.
    if (length > size() && noSpace("truncate", -errno)) return;
    context_.failCall("truncate");
  }
  if (length < size()) allocatedEnd_ = 0;
  bytes_.resize(length);
}

void File::seek() {
  if (handles_.empty() || size() == 0) return;
  const Handle& handle = handles_[context_.random.below(handles_.size())];
  const uint64_t offset = std::min(context_.offset(size()), size() - 1);
  const bool forData = context_.random.percent(50);
  context_.note("seek f%d %s from %llu of %llu", number_, forData ? "data" : "hole",
                Count(base_ + offset), Count(base_ + size()));
  const auto from = static_cast<off_t>(base_ + offset);
  off_t found = ::lseek(handle.fd, from, forData ? SEEK_DATA : SEEK_HOLE);
  if (found < 0 && errno != ENXIO) context_.failCall("lseek");
  if (found < 0 && !forData) context_.fail("f%d: no hole, not even at the end", number_);
  if (found >= 0 && found < from) context_.fail("f%d: a seek went back", number_);
  if (!isPart_ && found > static_cast<off_t>(size())) {
    context_.fail("f%d: a seek to %lld of %llu", number_, static_cast<long long>(found),
                  Count(size()));
  }
  if (!forData || (context_.options.lateStores && !mappings_.empty())) return;
  // What is skipped as a hole must be zeros.
  const uint64_t end = found < 0 ? size() : static_cast<uint64_t>(found) - base_;
  for (uint64_t i = offset; i < std::min(end, size()); ++i) {
    if (bytes_[i] == 0) continue;
    context_.fail("f%d: SEEK_DATA from %llu skips data at %llu", number_, Count(base_ + offset),
                  Count(base_ + i));
  }
}

}  // namespace exercise
