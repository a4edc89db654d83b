#include "look.h"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

namespace ram {
namespace {

int64_t toNanoseconds(const timespec& time) { return time.tv_sec * 1'000'000'000 + time.tv_nsec; }

void fill(const struct stat& found, FileFacts* facts) {
  facts->mode = found.st_mode;
  facts->uid = found.st_uid;
  facts->device = found.st_dev;
  facts->inode = found.st_ino;
  facts->links = found.st_nlink;
  facts->size = static_cast<uint64_t>(found.st_size);
  facts->allocated = static_cast<uint64_t>(found.st_blocks) * 512;
  facts->modified = toNanoseconds(found.st_mtim);
  facts->changed = toNanoseconds(found.st_ctim);
}

}  // namespace

int lookAtName(const char* path, FileFacts* facts, Target* target) {
  struct stat found;
  if (lstat(path, &found) != 0) return errno == ENOENT ? 0 : -errno;
  fill(found, facts);
  if (!S_ISLNK(found.st_mode) || target == nullptr) return 0;
  const ssize_t length = readlink(path, target->bytes, sizeof target->bytes);
  if (length < 0) {
    // Changed in between: as if it had been looked at later.
    if (errno == ENOENT || errno == EINVAL) return -EAGAIN;
    return -errno;
  }
  target->length = static_cast<int>(length);
  return 0;
}

int lookAtLink(const char* path, const char* marker, const char* suffix, FileFacts* facts,
               Target* target, FileFacts* behind, Target* beside) {
  if (int result = lookAtName(path, facts, target); result < 0) return result;
  if (target->length <= 0) return 0;
  const std::string content(target->bytes, static_cast<size_t>(target->length));
  if (content[0] != '/' || content.find(marker) == std::string::npos) return 0;
  struct stat found;
  if (lstat(content.c_str(), &found) == 0) {
    fill(found, behind);
  } else if (errno != ENOENT && errno != ENOTDIR) {
    return -errno;
  }
  const std::string record = content + suffix;
  const ssize_t length = readlink(record.c_str(), beside->bytes, sizeof beside->bytes);
  beside->length = static_cast<int>(length);
  return 0;
}

int lookAtDescriptor(int fd, FileFacts* facts) {
  struct stat found;
  if (fstat(fd, &found) != 0) return -errno;
  fill(found, facts);
  return 0;
}

int lookAtDirectory(const char* path, DirectoryFacts* facts) {
  struct stat found;
  struct statfs system;
  if (stat(path, &found) != 0 || statfs(path, &system) != 0) return -errno;
  fill(found, &facts->file);
  facts->type = system.f_type;
  facts->totalBytes = system.f_blocks * static_cast<uint64_t>(system.f_bsize);
  facts->freeBytes = system.f_bavail * static_cast<uint64_t>(system.f_bsize);
  return 0;
}

int isOpenElsewhere(int fd) {
  // Whoever opens the file during the lease makes the kernel send a signal, SIGIO unless told
  // otherwise, which would end the process. SIGURG is ignored by default.
  if (fcntl(fd, F_SETSIG, SIGURG) != 0) return -errno;
  if (fcntl(fd, F_SETLEASE, F_WRLCK) == 0) {
    fcntl(fd, F_SETLEASE, F_UNLCK);
    return 0;
  }
  return errno == EAGAIN || errno == EBUSY ? 1 : -errno;
}

int realDirectory(const char* path, char* out, int size) {
  const int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return -errno;
  char link[32];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t length = readlink(link, out, static_cast<size_t>(size));
  const int error = errno;
  close(fd);
  return length < 0 ? -error : static_cast<int>(length);
}

}  // namespace ram
