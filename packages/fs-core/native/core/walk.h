// One pass over everything that live inodes reach. Opening segments marks with it what is in use;
// the checker compares with what the running store believes.
#pragma once

#include <cstdarg>
#include <cstdint>
#include <vector>

#include "content.h"
#include "directory.h"
#include "inode_table.h"
#include "segment.h"
#include "xattrs.h"

namespace ram {

class Walk {
 public:
  // What is used gets marked in the heap that `directories`, `contents` and `xattrs` work on.
  Walk(Segment& segment, InodeTable& inodes, Heap& heap, Directory& directories, Content& contents,
       Xattrs& xattrs, char* report, size_t reportSize);

  // 0, or -EUCLEAN with the first broken invariant in the report:
  //   INVARIANT: every object of the heap has one owner.
  //   INVARIANT: a name's inode lives, and the type kept with the name is the inode's.
  //   INVARIANT: links counts names; of a directory 2 + its directories, 0 once removed.
  //   INVARIANT: a directory has one name, in the directory that it calls its parent.
  //   INVARIANT: whatever has a name is reached from the root.
  int run();
  // Live inodes that have no name: open, referred to by a kernel, or left by a dead process.
  const std::vector<uint64_t>& nameless() const { return nameless_; }

 private:
  int mark();
  int countNames();
  int compareLinks();
  int reachAll();
  int broken(const char* format, ...) __attribute__((format(printf, 2, 3)));
  template <class F>
  int eachEntry(uint64_t inode, const InodeRecord* record, F visit);

  Segment& segment_;
  InodeTable& inodes_;
  Heap& heap_;
  Directory& directories_;
  Content& contents_;
  Xattrs& xattrs_;
  char* report_;
  size_t reportSize_;
  std::vector<bool> known_;  // it was found where its record says
  std::vector<uint32_t> names_;
  std::vector<uint32_t> subdirectories_;
  std::vector<uint64_t> nameless_;
};

}  // namespace ram
