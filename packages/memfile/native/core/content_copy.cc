#include "content_copy.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <new>
#include <sys/stat.h>
#include <unistd.h>

namespace ram {
namespace {

constexpr size_t kPieceBytes = size_t{1} << 20;

int writeAll(int fd, const uint8_t* bytes, size_t length, off_t offset) {
  while (length > 0) {
    const ssize_t n = pwrite(fd, bytes, length, offset);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return -errno;
    bytes += n;
    length -= static_cast<size_t>(n);
    offset += n;
  }
  return 0;
}

int copyRange(int from, int to, off_t start, off_t end, uint8_t* piece) {
  while (start < end) {
    const size_t want = std::min<size_t>(kPieceBytes, static_cast<size_t>(end - start));
    const ssize_t n = pread(from, piece, want, start);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return -errno;
    if (n == 0) return 0;
    if (int result = writeAll(to, piece, static_cast<size_t>(n), start); result < 0) return result;
    start += n;
  }
  return 0;
}

}  // namespace

int copyContent(int from, int to) {
  struct stat found;
  if (fstat(from, &found) != 0) return -errno;
  const std::unique_ptr<uint8_t[]> piece(new (std::nothrow) uint8_t[kPieceBytes]);
  if (!piece) return -ENOMEM;
  if (ftruncate(to, 0) != 0 || ftruncate(to, found.st_size) != 0) return -errno;
  off_t at = 0;
  while (at < found.st_size) {
    off_t data = lseek(from, at, SEEK_DATA);
    if (data < 0 && errno == ENXIO) break;  // only a hole is left
    if (data < 0) data = at;                // no such question here: all is data
    off_t hole = lseek(from, data, SEEK_HOLE);
    if (hole < 0) hole = found.st_size;
    hole = std::min(hole, found.st_size);
    if (int result = copyRange(from, to, data, hole, piece.get()); result < 0) return result;
    at = hole;
  }
  return 0;
}

}  // namespace ram
