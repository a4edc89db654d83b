#include "memfd.h"

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif
#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

namespace ram {

int createMemfd(const char* name, int64_t size, bool executable) {
  constexpr unsigned kFlags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
  int fd = memfd_create(name, kFlags | (executable ? MFD_EXEC : MFD_NOEXEC_SEAL));
  if (fd < 0 && errno == EINVAL) fd = memfd_create(name, kFlags);
  if (fd < 0) return -errno;
  // It is 0777 or 0666 at first: others could reopen it through /proc.
  if (fchmod(fd, executable ? 0700 : 0600) != 0 || (size > 0 && ftruncate(fd, size) != 0)) {
    const int error = errno;
    close(fd);
    return -error;
  }
  return fd;
}

int addSeals(int fd, int seals) { return fcntl(fd, F_ADD_SEALS, seals) == 0 ? 0 : -errno; }

int readSeals(int fd) {
  const int seals = fcntl(fd, F_GET_SEALS);
  return seals < 0 ? -errno : seals;
}

int replaceDescriptor(int fd, int other) {
  const int flags = fcntl(fd, F_GETFL);
  if (flags < 0) return -errno;
  constexpr int kKept = O_ACCMODE | O_APPEND | O_SYNC | O_DSYNC | O_NOATIME;
  char link[32];
  snprintf(link, sizeof link, "/proc/self/fd/%d", other);
  int fresh = open(link, (flags & kKept) | O_CLOEXEC);
  // A mode without rights, as 0400, doesn't stop who has it open already.
  if (fresh < 0) fresh = fcntl(other, F_DUPFD_CLOEXEC, 0);
  if (fresh < 0) return -errno;
  const off_t position = lseek(fd, 0, SEEK_CUR);
  if (position > 0) lseek(fresh, position, SEEK_SET);
  const int result = dup3(fresh, fd, O_CLOEXEC) < 0 ? -errno : 0;
  close(fresh);
  return result;
}

int moveDescriptor(int from, int to) {
  const int result = dup3(from, to, O_CLOEXEC) < 0 ? -errno : 0;
  close(from);
  return result;
}

}  // namespace ram
