// What stands behind a store that is not the only home of its bytes: a disk image, a hot cache.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>

namespace ram {

// Called from any thread that uses the store. Returns >= 0 or -errno; throws nothing.
class Provider {
 public:
  // Reads bytes of a file whose content is absent. `token` is what Content::evict() was given.
  // Fewer bytes than asked mean zeros up to the file's size. Lock: the inode, exclusive; must not
  // call the store.
  virtual ssize_t faultIn(uint64_t inode, uint64_t token, uint64_t offset, void* data,
                          size_t length) = 0;
  // The file has bytes in memory again, or is gone: `token` is not asked for any more.
  virtual void forget(uint64_t inode, uint64_t token) = 0;
  // fsync(2): returns when the file is durable. No lock is held.
  virtual int sync(uint64_t inode, bool dataOnly) = 0;
  // Before a write of `bytes`, no lock held: blocks while too much is unsaved.
  virtual int admit(uint64_t bytes) = 0;
  // Bytes in [offset, offset + length) are about to change; length 0: only the size does.
  // Lock: the inode, exclusive; must not block.
  virtual void dirtied(uint64_t inode, uint64_t offset, uint64_t length) = 0;

 protected:
  ~Provider() = default;
};

}  // namespace ram
