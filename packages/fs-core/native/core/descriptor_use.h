// One use of a LocalClient's descriptor, from acquire to release.
#pragma once

#include "open_table.h"
#include "ram/file_system.h"

namespace ram {

// False when the number is not open. Closes the file at its end when the number was closed in the
// meantime.
class DescriptorUse {
 public:
  DescriptorUse(FileSystem* fileSystem, const Caller& caller, OpenTable* table, int descriptor)
      : fileSystem_(fileSystem),
        caller_(caller),
        table_(table),
        descriptor_(descriptor),
        file_(table->acquire(descriptor)) {}

  ~DescriptorUse() {
    uint64_t inode, handle;
    if (file_ != nullptr && table_->release(descriptor_, &inode, &handle)) {
      fileSystem_->close(caller_, inode, handle);
    }
  }

  DescriptorUse(const DescriptorUse&) = delete;
  DescriptorUse& operator=(const DescriptorUse&) = delete;

  explicit operator bool() const { return file_ != nullptr; }
  OpenFile* operator->() const { return file_; }

 private:
  FileSystem* const fileSystem_;
  const Caller& caller_;
  OpenTable* const table_;
  const int descriptor_;
  OpenFile* const file_;
};

}  // namespace ram
