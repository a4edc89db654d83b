#include "new_content.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace ram {
namespace {

int makeLink(const NewContent& wanted, int fd) {
  struct stat made;
  if (fstat(fd, &made) != 0) return -errno;
  if (made.st_dev != wanted.device) return -ESTALE;
  return wanted.link == nullptr || symlink(wanted.content, wanted.link) == 0 ? 0 : -errno;
}

int makeFile(const NewContent& wanted) {
  constexpr int kNew = O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  const int fd = open(wanted.content, wanted.flags | kNew, wanted.mode);
  if (fd < 0) return -errno;
  const int result = makeLink(wanted, fd);
  if (result == 0) return fd;
  close(fd);
  unlink(wanted.content);
  return result;
}

}  // namespace

int makeContent(const NewContent& wanted) {
  struct stat found;
  if (wanted.link != nullptr && lstat(wanted.link, &found) == 0) return -EEXIST;
  if (symlink(wanted.text, wanted.record) != 0) return -errno;
  const int result = makeFile(wanted);
  if (result < 0) unlink(wanted.record);
  return result;
}

}  // namespace ram
