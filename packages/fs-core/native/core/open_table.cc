#include "open_table.h"

#include <bit>
#include <cerrno>
#include <new>

namespace ram {
namespace {

struct ChunkPlace {
  int chunk;
  int offset;
};

// Chunk k holds the slots 64 * (2^k - 1) .. 64 * (2^(k+1) - 1) - 1.
ChunkPlace placeOf(int index) {
  uint32_t shifted = static_cast<uint32_t>(index) + 64;
  int chunk = std::bit_width(shifted) - 7;
  return {chunk, static_cast<int>(shifted - (64u << chunk))};
}

}  // namespace

OpenTable::~OpenTable() {
  for (auto& chunk : chunks_) delete[] chunk.load();
}

OpenTable::Slot* OpenTable::slotOf(int descriptor) {
  if (descriptor < kFirstDescriptor) return nullptr;
  int index = descriptor - kFirstDescriptor;
  if (index >= kDescriptorsMax) return nullptr;
  ChunkPlace place = placeOf(index);
  Slot* chunk = chunks_[place.chunk].load(std::memory_order_acquire);
  return chunk == nullptr ? nullptr : &chunk[place.offset];
}

int OpenTable::insert(uint64_t inode, uint64_t handle, bool readable, bool writable, bool append,
                      bool directory) {
  std::lock_guard guard(lock_);
  size_t word = firstFreeWord_;
  while (word < used_.size() && used_[word] == UINT64_MAX) ++word;
  firstFreeWord_ = word;
  int bit = word < used_.size() ? std::countr_one(used_[word]) : 0;
  int index = static_cast<int>(word * 64) + bit;
  if (index >= kDescriptorsMax) return -EMFILE;

  ChunkPlace place = placeOf(index);
  Slot* chunk = chunks_[place.chunk].load(std::memory_order_relaxed);
  try {
    if (word == used_.size()) used_.push_back(0);
    if (chunk == nullptr) {
      chunk = new Slot[static_cast<size_t>(kFirstChunkSlots) << place.chunk];
      chunks_[place.chunk].store(chunk, std::memory_order_release);
    }
  } catch (const std::bad_alloc&) {
    return -ENOMEM;
  }
  used_[word] |= 1ull << bit;

  Slot& slot = chunk[place.offset];
  slot.file.inode = inode;
  slot.file.handle = handle;
  slot.file.readable = readable;
  slot.file.writable = writable;
  slot.file.append = append;
  slot.file.directory = directory;
  slot.file.position = 0;
  slot.state.store(kOpen, std::memory_order_release);
  return kFirstDescriptor + index;
}

OpenFile* OpenTable::acquire(int descriptor) {
  Slot* slot = slotOf(descriptor);
  if (slot == nullptr) return nullptr;
  uint32_t state = slot->state.load(std::memory_order_relaxed);
  do {
    if ((state & kOpen) == 0) return nullptr;
  } while (!slot->state.compare_exchange_weak(state, state + 1, std::memory_order_acquire));
  return &slot->file;
}

bool OpenTable::release(int descriptor, uint64_t* inode, uint64_t* handle) {
  Slot* slot = slotOf(descriptor);
  // After the subtraction the slot may belong to another file; read before.
  uint64_t ownInode = slot->file.inode;
  uint64_t ownHandle = slot->file.handle;
  if (slot->state.fetch_sub(1, std::memory_order_acq_rel) != 1) return false;
  *inode = ownInode;
  *handle = ownHandle;
  free(descriptor - kFirstDescriptor);
  return true;
}

int OpenTable::remove(int descriptor, bool* last, uint64_t* inode, uint64_t* handle) {
  if (acquire(descriptor) == nullptr) return -EBADF;
  Slot* slot = slotOf(descriptor);
  uint32_t before = slot->state.fetch_and(~kOpen, std::memory_order_acq_rel);
  *last = release(descriptor, inode, handle);
  // Two threads may close one number: one of them succeeds, either may be the last to leave.
  return (before & kOpen) == 0 ? -EBADF : 0;
}

void OpenTable::free(int index) {
  std::lock_guard guard(lock_);
  size_t word = static_cast<size_t>(index) / 64;
  used_[word] &= ~(1ull << (index % 64));
  if (word < firstFreeWord_) firstFreeWord_ = word;
}

int OpenTable::end() {
  std::lock_guard guard(lock_);
  return kFirstDescriptor + static_cast<int>(used_.size() * 64);
}

}  // namespace ram
