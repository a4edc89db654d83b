// What is at a path, gathered in one call. Nothing here decides or changes anything.
#pragma once

#include <climits>
#include <cstdint>

namespace ram {

// Times in nanoseconds since 1970.
struct FileFacts {
  uint32_t mode = 0;  // 0: nothing there
  uint32_t uid = 0;
  uint64_t device = 0, inode = 0, links = 0;
  uint64_t size = 0, allocated = 0;  // bytes
  int64_t modified = 0, changed = 0;
};

struct Target {
  char bytes[PATH_MAX];
  int length = -1;  // -1: no symbolic link
};

struct DirectoryFacts {
  FileFacts file;
  int64_t type = 0;  // statfs(2)
  uint64_t totalBytes = 0, freeBytes = 0;
};

// Does not follow a link at the end of `path`. 0, also when nothing is there; -errno, of which
// -ENOENT never is one.
int lookAtName(const char* path, FileFacts* facts, Target* target);
// The same, and what lies behind a link whose target has `marker` in it: that file, and the target
// of the link beside it whose name ends with `suffix`. Four system calls for one of JavaScript.
int lookAtLink(const char* path, const char* marker, const char* suffix, FileFacts* facts,
               Target* target, FileFacts* behind, Target* beside);
int lookAtDescriptor(int fd, FileFacts* facts);
// Follows links. -errno, -ENOENT and -ENOTDIR included.
int lookAtDirectory(const char* path, DirectoryFacts* facts);
// 1 when another open file or a mapping of this file exists anywhere, 0 when none does; -errno when
// that can't be told. The file must belong to this user. Blocks nobody.
int isOpenElsewhere(int fd);
// The absolute path of the directory `path`, without links: its length, or -errno.
int realDirectory(const char* path, char* out, int size);

}  // namespace ram
