// Resolves paths inside a FileSystem exactly as the kernel resolves them in a file tree whose root
// is the Volume's root (path_resolution(7)).
#pragma once

#include <climits>
#include <memory>
#include <string_view>

#include "ram/file_system.h"

namespace ram {

// What the last component of a path is. Everything but kName has no name that could be created,
// removed or renamed, and each call has its own errno for that.
enum class LastComponent : uint8_t { kName, kRoot, kDot, kDotDot };

// The place that a path names: `name` in `directory`. For kDot and kDotDot, `directory` is the
// directory in which "." or ".." was met.
struct PathPlace {
  uint64_t directory;
  std::string_view name;  // points into the caller's path or into the walk's own memory
  LastComponent last;
  bool trailingSlash;
  bool missing;  // set by resolvePlace: everything but `name` itself is there
};

// One walk: made on the stack, used for one path, keeps what `name` points to alive.
// Allocates only when it meets a symbolic link. Both arguments outlive it.
class PathWalk {
 public:
  PathWalk(FileSystem* fileSystem, const Caller& caller)
      : fileSystem_(fileSystem), caller_(caller) {}
  PathWalk(const PathWalk&) = delete;
  PathWalk& operator=(const PathWalk&) = delete;

  // Walks to all but the last component. A path is bytes, 1..PATH_MAX-1 of them, without NUL
  // (-EINVAL); one that doesn't begin with '/' starts at the root as well.
  // -ENOENT, -ENOTDIR, -ELOOP (more than 40 symbolic links), -ENAMETOOLONG, -ENOMEM.
  int findPlace(std::string_view path, PathPlace* out);

  // Looks the last component up; with `follow`, or behind a trailing slash, through symbolic
  // links. A trailing slash demands a directory. Updates `place` to the one found in the end: with
  // -ENOENT and `missing` it is where the name could be created.
  int resolvePlace(PathPlace* place, bool follow, Attributes* out);

  // Both in one.
  int resolve(std::string_view path, bool follow, Attributes* out);

 private:
  int walk(uint64_t directory, std::string_view path, PathPlace* out);
  int enter(uint64_t* directory, std::string_view name, std::string_view rest,
            std::string_view* path);
  int followSymlink(uint64_t symlink, std::string_view rest, uint64_t* directory,
                    std::string_view* path);
  int parentOf(uint64_t directory, uint64_t* out);

  FileSystem* const fileSystem_;
  const Caller& caller_;
  int symlinksFollowed_ = 0;
  // The path that is left after a symbolic link: its target and what came behind it.
  std::unique_ptr<char[]> spliced_;
};

}  // namespace ram
