#include "attributes.h"

#include <cerrno>
#include <cstring>
#include <memory>
#include <new>
#include <string_view>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

namespace ram {
namespace {

constexpr size_t kXattrBytesMax = 65'536;

struct Room {
  char names[kXattrBytesMax];
  char value[kXattrBytesMax];
};

bool isOptional(std::string_view name) {
  return name.starts_with("security.") && name != "security.capability";
}

int copyXattrs(int from, int to, const char** failedCall) {
  const std::unique_ptr<Room> room(new (std::nothrow) Room);
  *failedCall = "flistxattr";
  if (!room) return -ENOMEM;
  const ssize_t length = flistxattr(from, room->names, sizeof room->names);
  if (length < 0) return errno == EOPNOTSUPP ? 0 : -errno;
  for (ssize_t at = 0; at < length;) {
    const char* name = room->names + at;
    at += static_cast<ssize_t>(strlen(name)) + 1;
    *failedCall = "fgetxattr";
    const ssize_t size = fgetxattr(from, name, room->value, sizeof room->value);
    if (size < 0 && errno == ENODATA) continue;  // removed in between
    if (size < 0) return -errno;
    *failedCall = "fsetxattr";
    const int result = fsetxattr(to, name, room->value, static_cast<size_t>(size), 0);
    if (result != 0 && !isOptional(name)) return -errno;
  }
  return 0;
}

}  // namespace

int copyAttributes(int from, int to, const char** failedCall) {
  struct stat source;
  struct stat target;
  *failedCall = "fstat";
  if (fstat(from, &source) != 0 || fstat(to, &target) != 0) return -errno;
  *failedCall = "fchown";
  // The owner first: changing it takes set-id bits and capabilities away.
  const bool sameOwner = source.st_uid == target.st_uid && source.st_gid == target.st_gid;
  if (!sameOwner && fchown(to, source.st_uid, source.st_gid) != 0) return -errno;
  *failedCall = "fchmod";
  if (fchmod(to, source.st_mode & 07777) != 0) return -errno;
  if (int result = copyXattrs(from, to, failedCall); result < 0) return result;
  *failedCall = "futimens";
  const timespec times[2] = {source.st_atim, source.st_mtim};
  return futimens(to, times) == 0 ? 0 : -errno;
}

}  // namespace ram
