// Content of at most kInlineMax bytes: one record of the heap. Internal to content*.cc.
//
// INVARIANT: bytes behind the file's size are undefined; who makes the file longer zeroes them.
#pragma once

#include "content_parts.h"

namespace ram {

class InlineBytes {
 public:
  explicit InlineBytes(ContentParts& parts) : parts_(parts) {}

  void read(const InodeRecord* record, uint64_t offset, void* data, size_t length) const;
  // Of an empty (kNone) or inline file; the end is at most kInlineMax.
  int write(uint64_t inode, InodeRecord* record, uint64_t offset, const void* data,
            size_t length);
  // 0 < size <= kInlineMax, of an inline file.
  int resize(uint64_t inode, InodeRecord* record, uint64_t size);
  void zero(InodeRecord* record, uint64_t offset, uint64_t length);
  // Turns an absent file into an inline one with these bytes, `size` of them.
  int adopt(uint64_t inode, InodeRecord* record, const void* data, uint64_t size);
  // Moves the record to `fresh`, an object of the same size.
  void move(InodeRecord* record, HeapRef fresh);
  void release(const InodeRecord& dead);
  bool mark(uint64_t inode, const InodeRecord* record);

  static uint64_t objectBytes(uint64_t capacity) { return sizeof(InlineContent) + capacity; }
  InlineContent* of(const InodeRecord* record) const {
    return parts_.segment.at<InlineContent>(static_cast<HeapRef>(record->content));
  }

 private:
  HeapRef make(uint64_t inode, uint64_t size);
  int grow(uint64_t inode, InodeRecord* record, uint64_t size, uint64_t offset, const void* data,
           size_t length);

  ContentParts& parts_;
};

}  // namespace ram
