// Mappings of blob files in this process.
#pragma once

#include <cstdint>
#include <memory>

namespace ram {

// A mapping of a file's bytes. Stays valid memory until unmapped, whatever happens to the file or
// the store: cut ranges read as zeros.
struct View {
  void* address;    // null for an empty file
  uint64_t length;  // bytes: the file's size when it was made
  uint64_t id;      // never 0, unique in the process
};

// The views of one store. They outlive it: unmap() is static and works at any time.
//
// INVARIANT: a page of a view that is mapped to the file lies within the file's size and exists,
// so touching it never raises SIGBUS. Pages behind that are anonymous and read as zeros.
//
// Lock: a mutex of its own, inside inode locks. Functions that name an inode need its lock.
class ViewRegistry {
 public:
  ViewRegistry();
  ~ViewRegistry();  // views stay
  ViewRegistry(const ViewRegistry&) = delete;
  ViewRegistry& operator=(const ViewRegistry&) = delete;

  // Maps `size` bytes of `fd`, all of whose pages exist. -ENOMEM. Lock: exclusive.
  // Not writable: stores into the memory stay in it, page by page.
  int make(uint64_t inode, int fd, uint64_t size, bool writable, View* out);
  static void unmap(uint64_t id);

  bool any(uint64_t inode) const;
  bool hasWritable(uint64_t inode) const;

  // Before the file is cut to `size`: maps zeros over whole pages behind it. -ENOMEM: some views
  // may be cut, restore() them. Lock: exclusive.
  int cut(uint64_t inode, uint64_t size);
  // The pages of [*offset, *offset + *length) must exist before the file grows to `size`.
  // false: no view needs any.
  bool missing(uint64_t inode, uint64_t size, uint64_t* offset, uint64_t* length) const;
  // After the file has grown to `size`: maps it back where it was cut. Lock: exclusive.
  int restore(uint64_t inode, int fd, uint64_t size);
  // The file's bytes are in `fd` from now on, a copy of the same size: maps its views to that.
  // -ENOMEM: some may be moved. Lock: exclusive.
  int move(uint64_t inode, int fd);
  // From now on a client may take pages away that a view shows (see hole_guard.h): what it took
  // reads as zeros, and on a full disk stays apart from the file. `fd`: the file. -errno: can't be
  // had here. Lock: exclusive.
  int guard(uint64_t inode, int fd);
  // The inode is gone; its number may come to mean another file. Lock: exclusive.
  void orphan(uint64_t inode);

 private:
  struct State;
  static void fillHole(uint8_t* page, uint64_t bytes);
  std::shared_ptr<State> state_;
};

}  // namespace ram
