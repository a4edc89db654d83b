// Names in a directory: a compact table in the order of creation with a hash index, so that a
// cookie is the number of a creation and stays valid while entries come and go.
//
// Every function takes the directory's record with its lock held: shared to look, exclusive to
// change. Changes become visible when the transaction they were added to is committed.
#pragma once

#include <dirent.h>
#include <sys/stat.h>

#include <string_view>

#include "heap.h"
#include "journal.h"
#include "segment.h"

namespace ram {

// DT_* of an inode's mode.
inline uint8_t direntType(uint32_t mode) { return static_cast<uint8_t>(IFTODT(mode)); }

inline constexpr uint64_t kFirstCookie = 3;  // 1 is ".", 2 is ".."

class Directory {
 public:
  Directory(Segment& segment, Journal& journal, Heap& heap)
      : segment_(segment), journal_(journal), heap_(heap) {}

  // A place in the table; stays valid until the directory's lock is released or it grows.
  struct Found {
    DirectorySlot* slot = nullptr;
    Dentry* dentry = nullptr;
    explicit operator bool() const { return dentry != nullptr; }
  };
  Found find(const InodeRecord* directory, std::string_view name) const;
  bool empty(const InodeRecord* directory) const { return live(directory) == 0; }
  uint64_t live(const InodeRecord* directory) const;

  // Makes room for one more name, as a transaction of its own. 0, -ENOSPC.
  int reserve(InodeRecord* directory, Heap::Reserve reserve);
  // A dentry that no table knows yet; 0 when the disk is full.
  HeapRef makeDentry(std::string_view name, uint64_t inode, uint8_t type, Heap::Reserve reserve);
  void freeDentry(HeapRef dentry);

  // reserve() must have succeeded under the same lock. Also sets the directory's size.
  void insert(Transaction& tx, InodeRecord* directory, HeapRef dentry);
  // The dentry itself is the caller's to free after the commit.
  void remove(Transaction& tx, InodeRecord* directory, const Found& found);
  void replace(Transaction& tx, const Found& found, uint64_t inode, uint8_t type);
  // After a removal, with no transaction pending: gives memory back when much is unused.
  void shrink(InodeRecord* directory);
  void freeTable(HeapRef table);  // of a directory that is gone

  // The first slot with a name and a cookie behind `cookie`, or null. Next: slot + 1 … end.
  const DirectorySlot* seek(const InodeRecord* directory, uint64_t cookie) const;
  const DirectorySlot* end(const InodeRecord* directory) const;
  const Dentry* dentryOf(const DirectorySlot* slot) const;

  // Marks table and dentries as used; false if anything in them is impossible.
  bool mark(const InodeRecord* directory);

 private:
  DirectoryTable* table(const InodeRecord* directory) const;
  static uint32_t* index(DirectoryTable* table);
  static uint64_t bytesOf(uint32_t capacity, uint32_t indexSize);
  uint32_t hash(std::string_view name) const;
  int rebuild(InodeRecord* directory, uint32_t indexSize, Heap::Reserve reserve);
  static uint32_t indexPlace(const DirectoryTable* table, const DirectorySlot* slot);

  Segment& segment_;
  Journal& journal_;
  Heap& heap_;
};

// SipHash-1-3 of Aumasson and Bernstein, keyed per Volume so that nobody can choose colliding
// names. https://www.aumasson.jp/siphash/siphash.pdf
uint64_t sipHash(const uint64_t key[2], std::string_view bytes);

}  // namespace ram
