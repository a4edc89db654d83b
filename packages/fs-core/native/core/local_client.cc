#include "local_client.h"

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <linux/xattr.h>
#include <sys/stat.h>

#include "descriptor_use.h"
#include "stable_call.h"

namespace ram {
namespace {

constexpr uint32_t kPermissionBits = 07777;

class SkipDots final : public DirectoryVisitor {
 public:
  explicit SkipDots(DirectoryVisitor* inner) : inner_(inner) {}
  bool visit(const DirectoryEntry& entry) override {
    return entry.name == "." || entry.name == ".." || inner_->visit(entry);
  }

 private:
  DirectoryVisitor* const inner_;
};

// user.* is for regular files and directories only (xattr(7)).
bool mayHaveUserXattrs(const Attributes& found, std::string_view name) {
  return !name.starts_with(XATTR_USER_PREFIX) || S_ISREG(found.mode) || S_ISDIR(found.mode);
}

int checkXattrName(std::string_view name) {
  return name.empty() || name.size() > XATTR_NAME_MAX ? -ERANGE : 0;
}

}  // namespace

LocalClient::LocalClient(FileSystem* fileSystem, const LocalIdentity& identity)
    : fileSystem_(fileSystem),
      caller_{identity.uid, identity.gid, identity.pid, 0, 0},
      umask_(identity.umask) {
  fileSystem_->retain();
}

LocalClient::~LocalClient() {
  closeAll();
  fileSystem_->release();
}

// --- names ---------------------------------------------------------------------------------------

// As the kernel's filename_create(): a trailing slash is for directories only.
int LocalClient::placeForNew(PathWalk* walk, std::string_view path, bool directory,
                             PathPlace* out) {
  int result = walk->findPlace(path, out);
  if (result < 0) return result;
  if (out->last != LastComponent::kName) return -EEXIST;
  if (directory || !out->trailingSlash) return 0;
  Attributes found;
  result = fileSystem_->lookup(caller_, out->directory, out->name, &found);
  return result == 0 ? -EEXIST : result;
}

int LocalClient::makeDirectory(std::string_view path, uint32_t mode) {
  return stableCall(fileSystem_, [&]() -> int {
    PathWalk walk(fileSystem_, caller_);
    PathPlace place;
    int result = placeForNew(&walk, path, true, &place);
    if (result < 0) return result;
    Attributes made;
    uint32_t bits = mode & 01777 & ~umask_;  // as vfs_mkdir(): no set-id bits
    return fileSystem_->makeDirectory(caller_, place.directory, place.name, bits, &made);
  });
}

int LocalClient::removeDirectory(std::string_view path) {
  return stableCall(fileSystem_, [&]() -> int {
    PathWalk walk(fileSystem_, caller_);
    PathPlace place;
    int result = walk.findPlace(path, &place);
    if (result < 0) return result;
    switch (place.last) {
      case LastComponent::kRoot: return -EBUSY;
      case LastComponent::kDot: return -EINVAL;
      case LastComponent::kDotDot: return -ENOTEMPTY;
      case LastComponent::kName: break;
    }
    return fileSystem_->removeDirectory(caller_, place.directory, place.name);
  });
}

int LocalClient::unlink(std::string_view path) {
  return stableCall(fileSystem_, [&]() -> int {
    PathWalk walk(fileSystem_, caller_);
    PathPlace place;
    int result = walk.findPlace(path, &place);
    if (result < 0) return result;
    if (place.last != LastComponent::kName) return -EISDIR;
    if (place.trailingSlash) {
      Attributes found;
      result = fileSystem_->lookup(caller_, place.directory, place.name, &found);
      if (result < 0) return result;
      return S_ISDIR(found.mode) ? -EISDIR : -ENOTDIR;
    }
    return fileSystem_->unlink(caller_, place.directory, place.name);
  });
}

// Trailing slashes are for directories only; the order of the errors is that of do_renameat2().
int LocalClient::checkRenameSlashes(const PathPlace& source, const PathPlace& target,
                                    uint32_t flags) {
  Attributes from, to;
  int result = fileSystem_->lookup(caller_, source.directory, source.name, &from);
  if (result < 0) return result;
  result = fileSystem_->lookup(caller_, target.directory, target.name, &to);
  if (result < 0 && result != -ENOENT) return result;
  if (result == 0 && (flags & RENAME_NOREPLACE) != 0) return -EEXIST;
  if ((flags & RENAME_EXCHANGE) != 0) {
    if (result < 0) return result;
    if (target.trailingSlash && !S_ISDIR(to.mode)) return -ENOTDIR;
  }
  if (S_ISDIR(from.mode)) return 0;
  bool wrong = source.trailingSlash || (target.trailingSlash && (flags & RENAME_EXCHANGE) == 0);
  return wrong ? -ENOTDIR : 0;
}

int LocalClient::rename(std::string_view from, std::string_view to, uint32_t flags) {
  return stableCall(fileSystem_, [&]() -> int {
    if ((flags & ~(RENAME_NOREPLACE | RENAME_EXCHANGE | RENAME_WHITEOUT)) != 0) return -EINVAL;
    if ((flags & RENAME_EXCHANGE) != 0 && (flags & ~RENAME_EXCHANGE) != 0) return -EINVAL;
    PathWalk fromWalk(fileSystem_, caller_);
    PathWalk toWalk(fileSystem_, caller_);
    PathPlace source, target;
    int result = fromWalk.findPlace(from, &source);
    if (result == 0) result = toWalk.findPlace(to, &target);
    if (result < 0) return result;
    if (source.last != LastComponent::kName) return -EBUSY;
    if (target.last != LastComponent::kName) return flags & RENAME_NOREPLACE ? -EEXIST : -EBUSY;
    if (source.trailingSlash || target.trailingSlash) {
      result = checkRenameSlashes(source, target, flags);
      if (result < 0) return result;
    }
    return fileSystem_->rename(caller_, source.directory, source.name, target.directory,
                               target.name, flags);
  });
}

int LocalClient::link(std::string_view existing, std::string_view path) {
  return stableCall(fileSystem_, [&]() -> int {
    Attributes source;
    int result = PathWalk(fileSystem_, caller_).resolve(existing, false, &source);
    if (result < 0) return result;
    PathWalk walk(fileSystem_, caller_);
    PathPlace place;
    result = placeForNew(&walk, path, false, &place);
    if (result < 0) return result;
    Attributes found;
    if (S_ISDIR(source.mode)) {
      result = fileSystem_->lookup(caller_, place.directory, place.name, &found);
      if (result == 0) return -EEXIST;
      return result == -ENOENT ? -EPERM : result;
    }
    return fileSystem_->link(caller_, source.inode, place.directory, place.name, &found);
  });
}

int LocalClient::symlink(std::string_view target, std::string_view path) {
  if (target.empty()) return -ENOENT;
  if (target.size() >= PATH_MAX) return -ENAMETOOLONG;
  if (target.find('\0') != std::string_view::npos) return -EINVAL;
  return stableCall(fileSystem_, [&]() -> int {
    PathWalk walk(fileSystem_, caller_);
    PathPlace place;
    int result = placeForNew(&walk, path, false, &place);
    if (result < 0) return result;
    Attributes made;
    return fileSystem_->makeSymlink(caller_, place.directory, place.name, target, &made);
  });
}

ssize_t LocalClient::readSymlink(std::string_view path, char* target, size_t size) {
  return stableCall(fileSystem_, [&]() -> ssize_t {
    PathWalk walk(fileSystem_, caller_);
    Attributes found;
    int result = walk.resolve(path, false, &found);
    if (result < 0) return result;
    if (!S_ISLNK(found.mode)) return -EINVAL;
    return fileSystem_->readSymlink(caller_, found.inode, target, size);
  });
}

int LocalClient::readDirectory(std::string_view path, DirectoryVisitor* visitor) {
  return stableCall(fileSystem_, [&]() -> int {
    PathWalk walk(fileSystem_, caller_);
    Attributes found;
    int result = walk.resolve(path, true, &found);
    if (result < 0) return result;
    if (!S_ISDIR(found.mode)) return -ENOTDIR;
    OpenResult opened;
    result = fileSystem_->openDirectory(caller_, found.inode, &opened);
    if (result < 0) return result;
    SkipDots skipDots(visitor);
    result = fileSystem_->readDirectory(caller_, found.inode, 0, false, &skipDots);
    fileSystem_->close(caller_, found.inode, opened.handle);
    return result;
  });
}

// --- attributes ----------------------------------------------------------------------------------

// Calls with what the path names.
template <typename Call>
auto LocalClient::onPath(std::string_view path, bool follow, Call call)
    -> decltype(call(Attributes{})) {
  return stableCall(fileSystem_, [&]() -> decltype(call(Attributes{})) {
    Attributes found;
    int result = PathWalk(fileSystem_, caller_).resolve(path, follow, &found);
    if (result < 0) return result;
    return call(found);
  });
}

int LocalClient::stat(std::string_view path, bool follow, Attributes* out) {
  return stableCall(
      fileSystem_, [&] { return PathWalk(fileSystem_, caller_).resolve(path, follow, out); });
}

int LocalClient::stat(int descriptor, Attributes* out) {
  DescriptorUse use(fileSystem_, caller_, &table_, descriptor);
  if (!use) return -EBADF;
  return fileSystem_->getAttributes(caller_, use->inode, out);
}

int LocalClient::access(std::string_view path, uint32_t mask) {
  if ((mask & ~7u) != 0) return -EINVAL;
  return stableCall(fileSystem_, [&]() -> int {
    Attributes found;
    int result = PathWalk(fileSystem_, caller_).resolve(path, true, &found);
    if (result < 0 || mask == 0) return result;
    Caller root = caller_;
    root.uid = root.gid = 0;
    return fileSystem_->access(root, found.inode, mask);
  });
}

int LocalClient::statistics(std::string_view path, FileSystemStats* out) {
  Attributes found;
  int result = stat(path, true, &found);
  return result < 0 ? result : fileSystem_->statistics(out);
}

int LocalClient::change(uint64_t inode, const SetAttributes& what) {
  Attributes after;
  int result = fileSystem_->setAttributes(caller_, inode, what, &after);
  return result < 0 ? result : 0;
}

int LocalClient::changeModeOf(uint64_t inode, uint32_t mode) {
  SetAttributes what{};
  what.fields = kSetMode;
  what.mode = mode & kPermissionBits;
  return change(inode, what);
}

int LocalClient::changeMode(std::string_view path, uint32_t mode) {
  return onPath(path, true, [&](const Attributes& found) {
    return changeModeOf(found.inode, mode);
  });
}

int LocalClient::changeMode(int descriptor, uint32_t mode) {
  DescriptorUse use(fileSystem_, caller_, &table_, descriptor);
  return use ? changeModeOf(use->inode, mode) : -EBADF;
}

// A new owner takes the set-id bits away from all but directories, also when root does it.
int LocalClient::changeOwnerOf(const Attributes& found, uint32_t uid, uint32_t gid) {
  SetAttributes what{};
  if (uid != UINT32_MAX) what.fields |= kSetUid;
  if (gid != UINT32_MAX) what.fields |= kSetGid;
  if (!S_ISDIR(found.mode)) what.fields |= kKillPrivileges;
  what.uid = uid;
  what.gid = gid;
  return change(found.inode, what);
}

int LocalClient::changeOwner(std::string_view path, bool follow, uint32_t uid, uint32_t gid) {
  return onPath(path, follow, [&](const Attributes& found) {
    return changeOwnerOf(found, uid, gid);
  });
}

int LocalClient::changeOwner(int descriptor, uint32_t uid, uint32_t gid) {
  DescriptorUse use(fileSystem_, caller_, &table_, descriptor);
  if (!use) return -EBADF;
  Attributes found;
  int result = fileSystem_->getAttributes(caller_, use->inode, &found);
  return result < 0 ? result : changeOwnerOf(found, uid, gid);
}

int LocalClient::changeTimesOf(uint64_t inode, Timestamp accessed, Timestamp modified) {
  SetAttributes what{};
  what.fields = kSetAccessed | kSetModified;
  what.accessed = accessed;
  what.modified = modified;
  return change(inode, what);
}

int LocalClient::changeTimes(std::string_view path, bool follow, Timestamp accessed,
                             Timestamp modified) {
  return onPath(path, follow, [&](const Attributes& found) {
    return changeTimesOf(found.inode, accessed, modified);
  });
}

int LocalClient::changeTimes(int descriptor, Timestamp accessed, Timestamp modified) {
  DescriptorUse use(fileSystem_, caller_, &table_, descriptor);
  return use ? changeTimesOf(use->inode, accessed, modified) : -EBADF;
}

// --- extended attributes -------------------------------------------------------------------------

ssize_t LocalClient::getXattr(std::string_view path, bool follow, std::string_view name,
                              void* value, size_t size) {
  int result = checkXattrName(name);
  if (result < 0) return result;
  return onPath(path, follow, [&](const Attributes& found) -> ssize_t {
    if (!mayHaveUserXattrs(found, name)) return -ENODATA;
    return fileSystem_->getXattr(caller_, found.inode, name, value, size);
  });
}

int LocalClient::setXattr(std::string_view path, bool follow, std::string_view name,
                          const void* value, size_t size, int flags) {
  if ((flags & ~(XATTR_CREATE | XATTR_REPLACE)) != 0) return -EINVAL;
  if (size > XATTR_SIZE_MAX) return -E2BIG;
  int result = checkXattrName(name);
  if (result < 0) return result;
  return onPath(path, follow, [&](const Attributes& found) {
    if (!mayHaveUserXattrs(found, name)) return -EPERM;
    return fileSystem_->setXattr(caller_, found.inode, name, value, size, flags);
  });
}

ssize_t LocalClient::listXattr(std::string_view path, bool follow, char* names, size_t size) {
  return onPath(path, follow, [&](const Attributes& found) {
    return fileSystem_->listXattr(caller_, found.inode, names, size);
  });
}

int LocalClient::removeXattr(std::string_view path, bool follow, std::string_view name) {
  int result = checkXattrName(name);
  if (result < 0) return result;
  return onPath(path, follow, [&](const Attributes& found) {
    if (!mayHaveUserXattrs(found, name)) return -EPERM;
    return fileSystem_->removeXattr(caller_, found.inode, name);
  });
}

}  // namespace ram
