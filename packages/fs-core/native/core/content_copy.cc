// copy_file_range(2) within and across kinds of content.
#include <errno.h>
#include <limits.h>

#include <algorithm>
#include <memory>
#include <new>

#include "content.h"

namespace ram {
namespace {

constexpr size_t kBounceBytes = 128 * 1024;

}  // namespace

ssize_t Content::copyRange(uint64_t from, InodeRecord* fromRecord, uint64_t fromOffset,
                           uint64_t to, InodeRecord* toRecord, uint64_t toOffset, size_t length) {
  if (fromOffset > kSizeMax || toOffset > kSizeMax) return -EINVAL;
  if (length > kSizeMax - fromOffset || length > kSizeMax - toOffset) return -EOVERFLOW;
  if (int status = resident(from, fromRecord); status < 0) return status;
  if (int status = resident(to, toRecord); status < 0) return status;
  uint64_t size = 0;
  if (int status = currentSize(from, fromRecord, &size); status < 0) return status;
  length = std::min<size_t>(clipped(fromOffset, length, size), SSIZE_MAX);
  const uint64_t distance = fromOffset > toOffset ? fromOffset - toOffset : toOffset - fromOffset;
  if (from == to && distance < length) return -EINVAL;
  if (length == 0) return 0;
  if (int status = noteDirty(to, toRecord, toOffset, length); status < 0) return status;
  // The target becomes what it will be once, not on the way.
  if (const int kind = chooseKind(to, toRecord, toOffset + length); kind < 0) return kind;
  if (fromRecord->kind == ContentKind::kFile && toRecord->kind == ContentKind::kFile) {
    const ssize_t n = files_.copyRange(fromRecord, fromOffset, to, toRecord, toOffset, length);
    if (n > 0) return n;  // else by hand, which also says why not
  }
  const size_t bounce = std::min(length, kBounceBytes);
  const std::unique_ptr<uint8_t[]> buffer(new (std::nothrow) uint8_t[bounce]);
  if (!buffer) return -ENOMEM;
  size_t done = 0;
  while (done < length) {
    const size_t piece = std::min(length - done, bounce);
    const ssize_t n = read(from, fromRecord, fromOffset + done, buffer.get(), piece);
    if (n < 0 && done == 0) return n;
    if (n <= 0) break;
    WriteResult result{0, 0};
    const int status = write(to, toRecord, toOffset + done, buffer.get(),
                             static_cast<size_t>(n), &result);
    if (status < 0 && done == 0) return status;
    if (status < 0) break;
    done += result.length;
    if (result.length < static_cast<uint64_t>(n)) break;
  }
  return static_cast<ssize_t>(done);
}

}  // namespace ram
