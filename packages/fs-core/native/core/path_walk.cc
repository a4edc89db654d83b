#include "path_walk.h"

#include <cerrno>
#include <cstring>
#include <new>
#include <sys/stat.h>

namespace ram {
namespace {

constexpr int kSymlinksMax = 40;  // MAXSYMLINKS of the kernel

// Finds the inode of "..", which readDirectory visits second.
class ParentFinder final : public DirectoryVisitor {
 public:
  bool visit(const DirectoryEntry& entry) override {
    if (entry.name == "..") inode = entry.inode;
    return inode == 0;
  }

  uint64_t inode = 0;
};

size_t skipSlashes(std::string_view path, size_t from) {
  while (from < path.size() && path[from] == '/') ++from;
  return from;
}

size_t endOfComponent(std::string_view path, size_t from) {
  size_t end = path.find('/', from);
  return end == std::string_view::npos ? path.size() : end;
}

LastComponent kindOf(std::string_view name) {
  if (name == ".") return LastComponent::kDot;
  if (name == "..") return LastComponent::kDotDot;
  return LastComponent::kName;
}

}  // namespace

int PathWalk::findPlace(std::string_view path, PathPlace* out) {
  if (path.empty()) return -ENOENT;
  if (path.size() >= PATH_MAX) return -ENAMETOOLONG;
  if (path.find('\0') != std::string_view::npos) return -EINVAL;
  return walk(kRootInode, path, out);
}

int PathWalk::resolve(std::string_view path, bool follow, Attributes* out) {
  PathPlace place;
  int result = findPlace(path, &place);
  return result < 0 ? result : resolvePlace(&place, follow, out);
}

int PathWalk::resolvePlace(PathPlace* place, bool follow, Attributes* out) {
  for (;;) {
    if (place->last == LastComponent::kDotDot) {
      uint64_t parent;
      int result = parentOf(place->directory, &parent);
      return result < 0 ? result : fileSystem_->getAttributes(caller_, parent, out);
    }
    if (place->last != LastComponent::kName) {
      return fileSystem_->getAttributes(caller_, place->directory, out);
    }
    Attributes found;
    int result = fileSystem_->lookup(caller_, place->directory, place->name, &found);
    place->missing = result == -ENOENT;
    if (result < 0) return result;
    if (S_ISLNK(found.mode) && (follow || place->trailingSlash)) {
      // The slash goes with the target, which then has to be a directory as well.
      std::string_view rest = place->trailingSlash ? "/" : "";
      uint64_t directory = place->directory;
      std::string_view path;
      result = followSymlink(found.inode, rest, &directory, &path);
      if (result == 0) result = walk(directory, path, place);
      if (result < 0) return result;
      continue;
    }
    if (place->trailingSlash && !S_ISDIR(found.mode)) return -ENOTDIR;
    *out = found;
    return 0;
  }
}

int PathWalk::walk(uint64_t directory, std::string_view path, PathPlace* out) {
  if (path.front() == '/') directory = kRootInode;
  size_t start = skipSlashes(path, 0);
  if (start == path.size()) {
    *out = {kRootInode, {}, LastComponent::kRoot, false, false};
    return 0;
  }
  for (;;) {
    size_t end = endOfComponent(path, start);
    size_t next = skipSlashes(path, end);
    std::string_view name = path.substr(start, end - start);
    if (next == path.size()) {
      *out = {directory, name, kindOf(name), end != path.size(), false};
      return 0;
    }
    std::string_view pending;
    int result = enter(&directory, name, path.substr(end), &pending);
    if (result < 0) return result;
    if (result > 0) {
      path = pending;
      if (path.front() == '/') directory = kRootInode;
      next = skipSlashes(path, 0);
      if (next == path.size()) {
        *out = {kRootInode, {}, LastComponent::kRoot, false, false};
        return 0;
      }
    }
    start = next;
  }
}

// Goes into a component that isn't the last. Returns 1 when it was a symbolic link, and then
// `path` is what is left to walk from `directory`.
int PathWalk::enter(uint64_t* directory, std::string_view name, std::string_view rest,
                    std::string_view* path) {
  LastComponent kind = kindOf(name);
  if (kind == LastComponent::kDot) return 0;
  if (kind == LastComponent::kDotDot) return parentOf(*directory, directory);
  Attributes found;
  int result = fileSystem_->lookup(caller_, *directory, name, &found);
  if (result < 0) return result;
  if (S_ISLNK(found.mode)) {
    result = followSymlink(found.inode, rest, directory, path);
    return result < 0 ? result : 1;
  }
  if (!S_ISDIR(found.mode)) return -ENOTDIR;
  *directory = found.inode;
  return 0;
}

int PathWalk::followSymlink(uint64_t symlink, std::string_view rest, uint64_t* directory,
                            std::string_view* path) {
  if (symlinksFollowed_++ >= kSymlinksMax) return -ELOOP;
  char target[PATH_MAX];
  ssize_t length = fileSystem_->readSymlink(caller_, symlink, target, sizeof target);
  if (length < 0) return static_cast<int>(length);
  if (length == 0) return -ENOENT;
  if (length >= PATH_MAX) return -ENAMETOOLONG;
  size_t size = static_cast<size_t>(length);
  std::unique_ptr<char[]> joined(new (std::nothrow) char[size + rest.size()]);
  if (!joined) return -ENOMEM;
  memcpy(joined.get(), target, size);
  // `rest` may lie in spliced_, so that is replaced only after the copy.
  memcpy(joined.get() + size, rest.data(), rest.size());
  *path = {joined.get(), size + rest.size()};
  spliced_ = std::move(joined);
  if (path->front() == '/') *directory = kRootInode;
  return 0;
}

int PathWalk::parentOf(uint64_t directory, uint64_t* out) {
  if (directory == kRootInode) {
    *out = kRootInode;
    return 0;
  }
  ParentFinder finder;
  int result = fileSystem_->readDirectory(caller_, directory, 0, false, &finder);
  if (result < 0) return result;
  if (finder.inode == 0) return -ENOENT;
  *out = finder.inode;
  return 0;
}

}  // namespace ram
