// Extended attributes of an inode: a linked list of records in the heap.
#pragma once

#include <string_view>

#include "heap.h"
#include "journal.h"
#include "segment.h"

namespace ram {

inline constexpr size_t kXattrValueMax = 65536;  // XATTR_SIZE_MAX of the kernel
inline constexpr size_t kXattrListMax = 65536;   // XATTR_LIST_MAX

class Xattrs {
 public:
  Xattrs(Segment& segment, Journal& journal, Heap& heap)
      : segment_(segment), journal_(journal), heap_(heap) {}

  // -EOPNOTSUPP, -EPERM, -ERANGE … as xattr(7) has it for a file of `mode`; 0 when allowed.
  static int validate(std::string_view name, uint32_t mode, bool writing);

  // Lock: shared.
  ssize_t get(const InodeRecord* record, std::string_view name, void* value, size_t size) const;
  ssize_t list(const InodeRecord* record, char* names, size_t size) const;
  bool has(const InodeRecord* record, std::string_view name) const;

  // Lock: exclusive. `tx` is committed by these, with whatever else the caller put into it.
  int set(Transaction& tx, InodeRecord* record, std::string_view name, const void* value,
          size_t size, int flags);
  int remove(Transaction& tx, InodeRecord* record, std::string_view name);
  void freeAll(uint32_t first);

  bool mark(const InodeRecord* record);

 private:
  struct Found {
    XattrRecord* record = nullptr;
    uint32_t* link = nullptr;  // the word that refers to it
  };
  Found find(const InodeRecord* record, std::string_view name) const;
  static uint64_t bytesOf(const XattrRecord* record);

  Segment& segment_;
  Journal& journal_;
  Heap& heap_;
};

}  // namespace ram
