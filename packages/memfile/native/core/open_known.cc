#include "open_known.h"

#include <cerrno>
#include <climits>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace ram {
namespace {

bool leadsTo(const char* path, const char* target) {
  char bytes[PATH_MAX];
  const ssize_t length = readlink(path, bytes, sizeof bytes);
  return length > 0 && static_cast<size_t>(length) == strlen(target) &&
         memcmp(bytes, target, static_cast<size_t>(length)) == 0;
}

}  // namespace

int settleKnown(int fd, int flags, uint64_t device) {
  struct stat found;
  if (fstat(fd, &found) != 0) return -errno;
  const bool same = S_ISREG(found.st_mode) && found.st_uid == geteuid() &&
                    found.st_dev == device && found.st_nlink > 0;
  if (!same) return -ESTALE;
  if ((flags & O_NONBLOCK) == 0 && fcntl(fd, F_SETFL, flags & ~O_TRUNC) != 0) return -errno;
  if ((flags & O_TRUNC) != 0 && ftruncate(fd, 0) != 0) return -errno;
  return 0;
}

int openKnown(const char* path, const char* target, int flags, uint64_t device) {
  if (!leadsTo(path, target)) return -ESTALE;
  // O_NONBLOCK: it might be a FIFO by now.
  const int careful = (flags & ~O_TRUNC) | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
  const int fd = open(target, careful);
  if (fd < 0) return -errno;
  const int result = settleKnown(fd, flags, device);
  if (result == 0) return fd;
  close(fd);
  return result;
}

}  // namespace ram
