// A FileSystem for the own process, in the shape of the system calls: paths, descriptors,
// positions. Works on any FileSystem, knows nothing of the store.
#pragma once

#include <string_view>

#include "open_table.h"
#include "path_walk.h"
#include "ram/file_system.h"

namespace ram {

// Who the process is, for new files. Permissions are never checked: the memory is the process's.
struct LocalIdentity {
  uint32_t uid;
  uint32_t gid;
  uint32_t pid;
  uint32_t umask;
};

// Every function may be called from any thread, and returns >= 0 or -errno with the errnos of
// tmpfs and of the kernel's path walk. Paths: see PathWalk. Descriptors: see kFirstDescriptor.
// Special files (FIFOs, sockets, devices) can be made, named and stat'ed, not opened (-ENXIO).
class LocalClient {
 public:
  // Holds a reference on `fileSystem` for its own life.
  LocalClient(FileSystem* fileSystem, const LocalIdentity& identity);
  ~LocalClient();  // closes what is open; no call may be under way
  LocalClient(const LocalClient&) = delete;
  LocalClient& operator=(const LocalClient&) = delete;

  // --- descriptors -----------------------------------------------------------------------------
  // flags: access mode, O_CREAT, O_EXCL, O_TRUNC, O_APPEND, O_DIRECTORY, O_NOFOLLOW, O_TMPFILE.
  // Others are ignored as meaningless in memory. mode: permissions, before the umask.
  int open(std::string_view path, int flags, uint32_t mode);
  // The same inode whatever it is called now. -ESTALE: it is gone, or its number is another's.
  int openInode(uint64_t inode, uint32_t generation, int flags);
  int close(int descriptor);
  void closeAll();
  // At `offset`, or at the descriptor's position when it is kAtPosition. -EINVAL below that.
  static constexpr int64_t kAtPosition = -1;
  ssize_t read(int descriptor, void* data, size_t length, int64_t offset);
  ssize_t write(int descriptor, const void* data, size_t length, int64_t offset);
  int sync(int descriptor, bool dataOnly);
  int truncate(int descriptor, int64_t size);
  // From position 0 of one file to position 0 of another, `length` bytes at most.
  ssize_t copy(int from, int to, uint64_t offset, size_t length);

  // --- names -----------------------------------------------------------------------------------
  int makeDirectory(std::string_view path, uint32_t mode);
  int removeDirectory(std::string_view path);
  int unlink(std::string_view path);
  int rename(std::string_view from, std::string_view to, uint32_t flags);  // RENAME_*
  int link(std::string_view existing, std::string_view path);  // of a symbolic link: itself
  int symlink(std::string_view target, std::string_view path);
  ssize_t readSymlink(std::string_view path, char* target, size_t size);
  // Visits all entries but "." and "..".
  int readDirectory(std::string_view path, DirectoryVisitor* visitor);

  // --- attributes ------------------------------------------------------------------------------
  int stat(std::string_view path, bool follow, Attributes* out);
  int stat(int descriptor, Attributes* out);
  int access(std::string_view path, uint32_t mask);  // as root
  int statistics(std::string_view path, FileSystemStats* out);
  int changeMode(std::string_view path, uint32_t mode);
  int changeMode(int descriptor, uint32_t mode);
  // UINT32_MAX leaves an owner as it is.
  int changeOwner(std::string_view path, bool follow, uint32_t uid, uint32_t gid);
  int changeOwner(int descriptor, uint32_t uid, uint32_t gid);
  int changeTimes(std::string_view path, bool follow, Timestamp accessed, Timestamp modified);
  int changeTimes(int descriptor, Timestamp accessed, Timestamp modified);

  // --- extended attributes ---------------------------------------------------------------------
  ssize_t getXattr(std::string_view path, bool follow, std::string_view name, void* value,
                   size_t size);
  int setXattr(std::string_view path, bool follow, std::string_view name, const void* value,
               size_t size, int flags);
  ssize_t listXattr(std::string_view path, bool follow, char* names, size_t size);
  int removeXattr(std::string_view path, bool follow, std::string_view name);

 private:
  template <typename Call>
  auto onPath(std::string_view path, bool follow, Call call) -> decltype(call(Attributes{}));
  int openOnce(std::string_view path, int flags, uint32_t mode);
  int openExisting(const Attributes& found, int flags);
  int openNew(const PathPlace& place, int flags, uint32_t mode);
  int openTemporary(PathWalk* walk, std::string_view path, int flags, uint32_t mode);
  int publish(uint64_t inode, uint64_t handle, int flags, bool directory);
  int placeForNew(PathWalk* walk, std::string_view path, bool directory, PathPlace* out);
  int checkRenameSlashes(const PathPlace& source, const PathPlace& target, uint32_t flags);
  int change(uint64_t inode, const SetAttributes& what);
  int changeModeOf(uint64_t inode, uint32_t mode);
  int changeSizeOf(uint64_t inode, uint64_t handle, uint64_t size, bool touch);
  int changeTimesOf(uint64_t inode, Timestamp accessed, Timestamp modified);
  int changeOwnerOf(const Attributes& found, uint32_t uid, uint32_t gid);

  FileSystem* const fileSystem_;
  const Caller caller_;
  const uint32_t umask_;
  OpenTable table_;
};

}  // namespace ram
