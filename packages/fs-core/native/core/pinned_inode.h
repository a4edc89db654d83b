// What a path names, held so that its inode number can't become another file's meanwhile.
#pragma once

#include <sys/stat.h>

#include <cerrno>

#include "path_walk.h"

namespace ram {

inline constexpr int kRacesMax = 1000;  // lost against other threads, before giving up

// Repeats a call that begins with a path walk while other threads remove what it found (-ESTALE).
template <typename Call>
auto againWhileStale(Call call) -> decltype(call()) {
  for (int race = 0; race < kRacesMax; ++race) {
    auto result = call();
    if (result != -ESTALE) return result;
  }
  return -ENOENT;
}

// Regular files and directories are held by an open handle. Others aren't: they can't be opened,
// and the worst that happens to them is a change of another link's owner or times.
class PinnedInode {
 public:
  PinnedInode(FileSystem* fileSystem, const Caller& caller)
      : fileSystem_(fileSystem), caller_(caller) {}
  ~PinnedInode() {
    if (held_) fileSystem_->close(caller_, found.inode, opened_.handle);
  }
  PinnedInode(const PinnedInode&) = delete;
  PinnedInode& operator=(const PinnedInode&) = delete;

  // Errors of the walk; -ESTALE: begin again.
  int find(std::string_view path, bool follow) {
    int result = PathWalk(fileSystem_, caller_).resolve(path, follow, &found);
    if (result < 0) return result;
    if (S_ISDIR(found.mode)) {
      result = fileSystem_->openDirectory(caller_, found.inode, &opened_);
    } else if (S_ISREG(found.mode)) {
      result = fileSystem_->open(caller_, found.inode, 0, 0, &opened_);
    } else {
      return 0;
    }
    if (result == -ENOTDIR || result == -EISDIR || result == -ELOOP) return -ESTALE;
    if (result < 0) return result;
    held_ = true;
    uint32_t generation = found.generation;
    result = fileSystem_->getAttributes(caller_, found.inode, &found);
    if (result < 0) return result;
    return found.generation == generation ? 0 : -ESTALE;
  }

  Attributes found;

 private:
  FileSystem* const fileSystem_;
  const Caller& caller_;
  OpenResult opened_;
  bool held_ = false;
};

}  // namespace ram
