// The open files of a LocalClient: descriptor number -> what it is open on.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <vector>

namespace ram {

// Numbers begin here, far from the process's own, so that a descriptor which strays into a call
// of the operating system is EBADF there and never somebody else's file.
inline constexpr int kFirstDescriptor = 1'000'000'000;
inline constexpr int kDescriptorsMax = 64 * ((1 << 14) - 1);  // 1,048,512; then -EMFILE

// One open file. Read by many threads between acquire() and release().
struct OpenFile {
  uint64_t inode = 0;
  uint64_t handle = 0;
  bool readable = false;
  bool writable = false;
  bool append = false;
  bool directory = false;
  std::mutex positionLock;  // held during a read or write at the position, as the kernel does
  uint64_t position = 0;    // guarded by positionLock
};

// A slot's state is one atomic word: kOpen and the number of users. close() only takes the kOpen
// bit away; whoever brings the word to 0 frees the slot. So a descriptor may be closed while
// another thread reads from it: that read ends in peace.
class OpenTable {
 public:
  OpenTable() = default;
  ~OpenTable();
  OpenTable(const OpenTable&) = delete;
  OpenTable& operator=(const OpenTable&) = delete;

  // Returns the lowest free number, or -EMFILE, -ENOMEM.
  int insert(uint64_t inode, uint64_t handle, bool readable, bool writable, bool append,
             bool directory);

  // What a number is open on, or nullptr (EBADF). A non-null result needs release().
  OpenFile* acquire(int descriptor);

  // Ends a use. Returns true when that was the last one after remove(); `inode` and `handle` are
  // then to be closed.
  bool release(int descriptor, uint64_t* inode, uint64_t* handle);

  // Takes the number away: 0 or -EBADF. With `last`, `inode` and `handle` are to be closed now;
  // otherwise someone is using it and will get true from release().
  int remove(int descriptor, bool* last, uint64_t* inode, uint64_t* handle);

  // The highest number ever given out, plus one; kFirstDescriptor if none.
  int end();

 private:
  static constexpr uint32_t kOpen = 1u << 31;
  static constexpr int kFirstChunkSlots = 64;
  static constexpr int kChunks = 14;  // each twice as large as the one before

  struct Slot {
    std::atomic<uint32_t> state{0};
    OpenFile file;
  };

  Slot* slotOf(int descriptor);
  void free(int index);

  std::atomic<Slot*> chunks_[kChunks] = {};
  std::mutex lock_;              // guards what follows, and makes chunks
  std::vector<uint64_t> used_;   // a bit per slot
  size_t firstFreeWord_ = 0;     // no word below has a free bit
};

}  // namespace ram
