// Content that is a file of its own in the backing. Internal to content*.cc.
//
// That file is the authority on size, blocks, mtime and atime; the kernel may write to it without
// asking us. ctime is the record's, or the file's where that changed since record.cursor. A blank
// one has no times yet (blob_times.h).
#pragma once

#include "blob_files.h"
#include "blob_windows.h"
#include "content_parts.h"
#include "views.h"

struct stat;

namespace ram {

class FileBytes {
 public:
  explicit FileBytes(ContentParts& parts) : parts_(parts) {}

  ssize_t read(uint64_t inode, InodeRecord* record, uint64_t offset, void* data,
               size_t length);
  int64_t seek(const InodeRecord* record, uint64_t offset, int whence);
  int describe(uint64_t inode, const InodeRecord* record, Attributes* out);

  // offset may be kAtEnd (blob_io.h).
  int write(uint64_t inode, InodeRecord* record, uint64_t offset, const void* data,
            size_t length, WriteResult* out);
  int truncate(uint64_t inode, InodeRecord* record, uint64_t size);
  int allocate(uint64_t inode, InodeRecord* record, uint64_t offset, uint64_t length, int mode);
  int setTimes(uint64_t inode, InodeRecord* record, const Timestamp* accessed,
               const Timestamp* modified);
  int settle(uint64_t inode, InodeRecord* record);
  // The same for a caller that has just looked at the blob file, which it will not be for long.
  void settleAs(InodeRecord* record, const struct stat& status);
  // Between two blob files. -EXDEV, -EOPNOTSUPP, …: not possible, copy by hand.
  ssize_t copyRange(const InodeRecord* from, uint64_t fromOffset, uint64_t to,
                    InodeRecord* toRecord, uint64_t toOffset, size_t length);
  int makeView(uint64_t inode, InodeRecord* record, bool writable, View* out);
  // Ends this process's own mapping of the file, if there is one.
  void unmap(uint64_t inode, const InodeRecord* record) { windows_.drop(keyOf(inode, record)); }
  uint32_t windows() const { return windows_.count(); }

  // An empty blob file that fill(fd) puts the record's bytes into, then one switch of kinds. On
  // failure nothing has changed. The caller frees what the record held before.
  // `ready`: it may be one that waits among the passed ones, and then is in use there.
  template <class Fill>
  int adopt(InodeRecord* record, bool ready, Fill fill) {
    uint64_t number = 0;
    BlobFiles::Lease lease;
    if (int status = begin(ready, &number, &lease); status < 0) return status;
    int status = fill(lease.fd());
    if (status >= 0) status = finish(record, number, lease.fd());
    if (status < 0) discard(number);
    return status;
  }
  // An empty blob file for an empty record, which stays blank until endBlank(): it may be one that
  // waits among the passed ones. Whoever can read it by himself must have found it new.
  int adoptBlank(InodeRecord* record);
  int endBlank(InodeRecord* record, int fd);
  // Its times are again those that it had with `status`, and it is not blank.
  int putTimes(InodeRecord* record, int fd, const struct stat& status);
  // Back to an empty record, when `status` is that of a blank one without bytes.
  void leaveBlank(InodeRecord* record, const struct stat& status);
  void release(uint64_t inode, const InodeRecord& dead);
  // `empty`: the blob file is.
  void discard(uint64_t number, bool empty = false);
  // The record's bytes are in `fd` from now on, a file on disk, which is taken over; so are its
  // views, of which none is writable. On failure nothing has changed.
  int replace(uint64_t inode, InodeRecord* record, int fd);
  // What the record held before replace(), which its views have left.
  void forget(uint64_t inode, const InodeRecord& before);

 private:
  int begin(bool ready, uint64_t* number, BlobFiles::Lease* lease);
  int finish(InodeRecord* record, uint64_t number, int fd);
  int fillHoles(uint64_t inode, InodeRecord* record, int fd, uint64_t size);
  ssize_t writeWithRoom(int fd, uint64_t offset, const void* data, size_t length);
  int readyViews(uint64_t inode, int fd, uint64_t size);
  void restoreViews(uint64_t inode, int fd, uint64_t size);
  int allocateFile(uint64_t inode, int fd, uint64_t offset, uint64_t length, int mode);
  int allocateOnce(int fd, int mode, uint64_t offset, uint64_t length);
  static BlobWindows::Key keyOf(uint64_t inode, const InodeRecord* record) {
    return {inode, record->content};
  }

  ContentParts& parts_;
  BlobWindows windows_;
};

}  // namespace ram
