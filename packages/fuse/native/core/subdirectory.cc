#include "subdirectory.h"

#include <sys/stat.h>

#include <cerrno>

namespace ram::fuse {
namespace {

constexpr size_t kNameMax = 255;

int findOne(FileSystem& fileSystem, const Caller& caller, std::string_view name,
            uint64_t* directory) {
  if (name.size() > kNameMax) return -ENAMETOOLONG;
  Attributes found;
  if (int error = fileSystem.lookup(caller, *directory, name, &found); error < 0) return error;
  // The reference on this one keeps it; that on the one before is no longer needed.
  uint64_t before = *directory;
  *directory = found.inode;
  if (caller.mount != 0 && before != kRootInode) fileSystem.forget(caller, before, 1);
  if (S_ISLNK(found.mode)) return -ELOOP;
  return S_ISDIR(found.mode) ? 0 : -ENOTDIR;
}

}  // namespace

int findDirectory(FileSystem& fileSystem, uint32_t mount, std::string_view path,
                  uint64_t* inode) {
  const Caller caller{0, 0, 0, mount, 0};
  uint64_t directory = kRootInode;
  int error = 0;
  const uint32_t call = fileSystem.enterCall();
  while (error == 0 && !path.empty()) {
    std::string_view name = path.substr(0, path.find('/'));
    path.remove_prefix(name.size() < path.size() ? name.size() + 1 : name.size());
    if (name.empty() || name == ".") continue;
    error = findOne(fileSystem, caller, name, &directory);
  }
  fileSystem.leaveCall(call);
  if (error == 0) {
    *inode = directory;
  } else if (mount != 0 && directory != kRootInode) {
    fileSystem.forget(caller, directory, 1);
  }
  return error;
}

}  // namespace ram::fuse
