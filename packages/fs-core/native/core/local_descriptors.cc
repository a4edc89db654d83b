// LocalClient's half that opens, and that works on what is open.
#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>

#include "descriptor_use.h"
#include "local_client.h"
#include "stable_call.h"

namespace ram {
namespace {

constexpr uint32_t kPermissionBits = 07777;
constexpr size_t kTransferMax = 0x7ffff000;  // MAX_RW_COUNT of the kernel
constexpr int kStoreFlags = O_ACCMODE | O_APPEND | O_EXCL;

// Access mode 3 opens for neither.
bool readable(int flags) {
  return (flags & O_ACCMODE) == O_RDONLY || (flags & O_ACCMODE) == O_RDWR;
}
bool writable(int flags) {
  return (flags & O_ACCMODE) == O_WRONLY || (flags & O_ACCMODE) == O_RDWR;
}
bool isTemporary(int flags) { return (flags & O_TMPFILE) == O_TMPFILE; }

// What the kernel's build_open_flags() refuses.
int checkFlags(int flags) {
  if ((flags & O_PATH) != 0) return -EINVAL;
  if (isTemporary(flags)) return (flags & O_CREAT) != 0 || !writable(flags) ? -EINVAL : 0;
  if ((flags & (O_CREAT | O_DIRECTORY)) == (O_CREAT | O_DIRECTORY)) return -EINVAL;
  return 0;
}

}  // namespace

int LocalClient::open(std::string_view path, int flags, uint32_t mode) {
  int result = checkFlags(flags);
  if (result < 0) return result;
  return stableCall(fileSystem_, [&] { return openOnce(path, flags, mode); });
}

// -ESTALE: another thread removed or made the file in between.
int LocalClient::openOnce(std::string_view path, int flags, uint32_t mode) {
  bool creates = (flags & O_CREAT) != 0;
  bool exclusive = creates && (flags & O_EXCL) != 0;
  bool follow = (flags & O_NOFOLLOW) == 0 && !exclusive;
  PathWalk walk(fileSystem_, caller_);
  if (isTemporary(flags)) return openTemporary(&walk, path, flags, mode);
  PathPlace place;
  int result = walk.findPlace(path, &place);
  if (result < 0) return result;
  if (creates && place.trailingSlash && place.last == LastComponent::kName) return -EISDIR;
  Attributes found;
  result = walk.resolvePlace(&place, follow, &found);
  if (creates && place.trailingSlash && place.last == LastComponent::kName) return -EISDIR;
  if (result == -ENOENT && creates && place.missing) {
    result = openNew(place, flags, mode);
    return result == -EEXIST && !exclusive ? -ESTALE : result;
  }
  if (result < 0) return result;
  if (exclusive) return -EEXIST;
  if (creates && S_ISDIR(found.mode)) return -EISDIR;
  return openExisting(found, flags);
}

int LocalClient::openNew(const PathPlace& place, int flags, uint32_t mode) {
  Attributes made;
  OpenResult opened;
  int storeFlags = (flags & kStoreFlags) | O_CREAT | O_EXCL;
  uint32_t fullMode = S_IFREG | (mode & kPermissionBits & ~umask_);
  int result = fileSystem_->create(caller_, place.directory, place.name, fullMode, storeFlags,
                                   &made, &opened);
  return result < 0 ? result : publish(made.inode, opened.handle, flags, false);
}

int LocalClient::openTemporary(PathWalk* walk, std::string_view path, int flags, uint32_t mode) {
  Attributes found;
  int result = walk->resolve(path, (flags & O_NOFOLLOW) == 0, &found);
  if (result < 0) return result;
  if (!S_ISDIR(found.mode)) return -ENOTDIR;
  OpenResult opened;
  uint32_t fullMode = S_IFREG | (mode & kPermissionBits & ~umask_);
  result = fileSystem_->makeTemporary(caller_, found.inode, fullMode, flags & kStoreFlags, &found,
                                      &opened);
  return result < 0 ? result : publish(found.inode, opened.handle, flags, false);
}

// -ESTALE: another thread removed the file.
int LocalClient::openExisting(const Attributes& found, int flags) {
  bool directory = S_ISDIR(found.mode);
  if ((flags & O_DIRECTORY) != 0 && !directory) return -ENOTDIR;
  if (S_ISLNK(found.mode)) return -ELOOP;
  OpenResult opened;
  int result;
  if (directory) {
    if ((flags & O_ACCMODE) != O_RDONLY || (flags & O_TRUNC) != 0) return -EISDIR;
    result = fileSystem_->openDirectory(caller_, found.inode, &opened);
  } else if (S_ISREG(found.mode)) {
    const int kept = flags & (O_ACCMODE | O_APPEND | O_TRUNC);
    result = fileSystem_->open(caller_, found.inode, kept, 0, &opened);
  } else {
    return -ENXIO;
  }
  if (result == -ENOENT) return -ESTALE;
  return result < 0 ? result : publish(found.inode, opened.handle, flags, directory);
}

int LocalClient::openInode(uint64_t inode, uint32_t generation, int flags) {
  constexpr int kAllowed = O_ACCMODE | O_APPEND | O_TRUNC;
  const uint32_t token = fileSystem_->enterCall();
  Attributes found;
  int result = fileSystem_->getAttributes(caller_, inode, &found);
  if (result == 0 && found.generation != generation) result = -ESTALE;
  if (result == 0) result = openExisting(found, flags & kAllowed);
  fileSystem_->leaveCall(token);
  return result;
}

int LocalClient::publish(uint64_t inode, uint64_t handle, int flags, bool directory) {
  int descriptor = table_.insert(inode, handle, readable(flags), writable(flags),
                                 (flags & O_APPEND) != 0, directory);
  if (descriptor < 0) fileSystem_->close(caller_, inode, handle);
  return descriptor;
}

int LocalClient::close(int descriptor) {
  bool last = false;
  uint64_t inode, handle;
  int result = table_.remove(descriptor, &last, &inode, &handle);
  if (last) fileSystem_->close(caller_, inode, handle);
  return result;
}

void LocalClient::closeAll() {
  int end = table_.end();
  for (int descriptor = kFirstDescriptor; descriptor < end; ++descriptor) close(descriptor);
}

ssize_t LocalClient::read(int descriptor, void* data, size_t length, int64_t offset) {
  DescriptorUse use(fileSystem_, caller_, &table_, descriptor);
  if (!use || !use->readable) return -EBADF;
  if (use->directory) return -EISDIR;
  if (offset < kAtPosition) return -EINVAL;
  length = std::min(length, kTransferMax);
  if (offset != kAtPosition) {
    return fileSystem_->read(caller_, use->inode, use->handle, static_cast<uint64_t>(offset), data,
                             length);
  }
  std::lock_guard guard(use->positionLock);
  ssize_t result =
      fileSystem_->read(caller_, use->inode, use->handle, use->position, data, length);
  if (result > 0) use->position += static_cast<uint64_t>(result);
  return result;
}

ssize_t LocalClient::write(int descriptor, const void* data, size_t length, int64_t offset) {
  DescriptorUse use(fileSystem_, caller_, &table_, descriptor);
  if (!use || !use->writable) return -EBADF;
  if (offset < kAtPosition) return -EINVAL;
  if (length == 0) return 0;
  length = std::min(length, kTransferMax);
  uint32_t flags = use->append ? uint32_t{kWriteAppend} : 0;
  WriteResult written;
  if (offset != kAtPosition) {
    int result = fileSystem_->write(caller_, use->inode, use->handle,
                                    static_cast<uint64_t>(offset), data, length, flags, &written);
    return result < 0 ? result : static_cast<ssize_t>(written.length);
  }
  std::lock_guard guard(use->positionLock);
  int result = fileSystem_->write(caller_, use->inode, use->handle, use->position, data, length,
                                  flags, &written);
  if (result < 0) return result;
  use->position = written.offset + written.length;
  return static_cast<ssize_t>(written.length);
}

int LocalClient::sync(int descriptor, bool dataOnly) {
  DescriptorUse use(fileSystem_, caller_, &table_, descriptor);
  return use ? fileSystem_->sync(caller_, use->inode, dataOnly) : -EBADF;
}

// O_TRUNC touches the file even when it is empty already, truncate(2) doesn't.
int LocalClient::changeSizeOf(uint64_t inode, uint64_t handle, uint64_t size, bool touch) {
  SetAttributes what{};
  what.handle = handle;
  what.fields = kSetSize;
  if (touch) what.fields |= kSetModifiedNow;
  what.size = size;
  return change(inode, what);
}

int LocalClient::truncate(int descriptor, int64_t size) {
  if (size < 0) return -EINVAL;
  DescriptorUse use(fileSystem_, caller_, &table_, descriptor);
  if (!use) return -EBADF;
  if (!use->writable) return -EINVAL;
  return changeSizeOf(use->inode, use->handle, static_cast<uint64_t>(size), false);
}

ssize_t LocalClient::copy(int from, int to, uint64_t offset, size_t length) {
  DescriptorUse source(fileSystem_, caller_, &table_, from);
  DescriptorUse target(fileSystem_, caller_, &table_, to);
  if (!source || !target || !source->readable || !target->writable) return -EBADF;
  return fileSystem_->copyRange(caller_, source->inode, offset, target->inode, offset,
                                std::min(length, kTransferMax), target->handle);
}

}  // namespace ram
