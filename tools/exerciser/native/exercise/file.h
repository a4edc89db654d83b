// One file under test and what its bytes must be. Each operation is done on the file and on the
// model; what the file answers is compared at once.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "context.h"

namespace exercise {

class File {
 public:
  // A file of its own, empty. `number` is what the log calls it.
  File(Context& context, int number) : context_(context), number_(number) {}
  // A part [base, base + bytes.size()) of a file that others use too: its size stays as it is.
  File(Context& context, int number, uint64_t base, std::vector<char> bytes, bool writable)
      : context_(context),
        number_(number),
        base_(base),
        isPart_(true),
        writable_(writable),
        bytes_(std::move(bytes)) {}
  ~File();
  File(const File&) = delete;

  int number() const { return number_; }
  uint64_t size() const { return bytes_.size(); }
  bool isPart() const { return isPart_; }
  bool inUse() const { return !handles_.empty() || !mappings_.empty(); }
  bool hasHandle() const { return !handles_.empty(); }
  size_t handleCount() const { return handles_.size(); }

  // --- descriptors: file.cc --------------------------------------------------------------------
  // Opens it by `path`, with some flags. False: no space.
  bool open(const std::string& path);
  void adopt(int fd, int flags) { handles_.push_back({fd, flags, 0}); }
  void reopen();  // by /proc/self/fd, also when it has no name
  void closeOne();
  void checkAttributes(uint64_t links);
  void sync();
  // Compares all of it, by a descriptor that can read, else by `path` where that is not empty.
  void verify(const std::string& path);
  int anyDescriptor() const { return handles_.empty() ? -1 : handles_[0].fd; }

  // --- bytes: file_io.cc -----------------------------------------------------------------------
  void read();
  void write();
  void append();
  void truncate(const std::string& path);
  void seek();

  // --- extents: file_extents.cc ----------------------------------------------------------------
  void allocate();
  void copyFrom(File& source);
  void sendFrom(File& source);

  // --- mappings: file_mapping.cc ---------------------------------------------------------------
  void map();
  void unmapOne();
  void load();
  void store();
  void flushMapping();

 private:
  struct Handle {
    int fd;
    int flags;
    uint64_t position;
  };
  struct Mapping {
    char* at;
    uint64_t offset, length;  // in the file, whole pages; may reach beyond its end
    bool writable;
  };

  // A descriptor that can do `access` (O_RDONLY, O_WRONLY); null: none is open.
  Handle* pick(int access);
  Handle* pickForRange();  // one that writes where it is told to
  Mapping* pickMapping(bool writable, uint64_t* offset, uint64_t* length);
  uint64_t sizeLimit() const { return isPart_ ? bytes_.size() : context_.options.sizeMax; }
  // Where something is to be written: within it, or behind its end by at most so many bytes.
  uint64_t target(uint64_t behind) const {
    return context_.offset(isPart_ ? size() - 1 : std::min(size() + behind, sizeLimit() - 1));
  }
  uint64_t page(uint64_t offset) const { return offset / 4096 * 4096; }
  void compare(const char* how, uint64_t offset, const char* got, uint64_t length);
  void put(uint64_t offset, const char* data, uint64_t length);
  void zero(uint64_t offset, uint64_t end);
  // What a call returned that was to write `length` bytes at `offset`; updates the model.
  void wrote(const char* call, uint64_t offset, const char* data, uint64_t length, ssize_t result);
  // True where `result` tells of a full disk, and that may be.
  bool noSpace(const char* call, ssize_t result);

  Context& context_;
  const int number_;
  const uint64_t base_ = 0;
  const bool isPart_ = false;
  const bool writable_ = true;
  std::vector<char> bytes_;
  std::vector<Handle> handles_;
  std::vector<Mapping> mappings_;
  uint64_t allocatedEnd_ = 0;  // fallocate may have kept pages up to here
  uint64_t inode_ = 0;
};

}  // namespace exercise
