// What one thread of a run has: its random numbers, the log of its last steps, its counts.
#pragma once

#include <cstdint>
#include <memory>

#include "options.h"

namespace exercise {

// splitmix64: the same numbers from the same seed, everywhere.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t next() {
    uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  uint64_t below(uint64_t limit) { return limit == 0 ? 0 : next() % limit; }
  bool percent(unsigned chance) { return below(100) < chance; }

 private:
  uint64_t state_;
};

struct Tally {
  uint64_t steps = 0, bytesWritten = 0, bytesCompared = 0;
  uint64_t noSpace = 0, unsupported = 0, staleLinks = 0;
};

class Context {
 public:
  Context(const Options& options, unsigned thread);
  ~Context();
  Context(const Context&) = delete;

  // Keeps a line about what is about to be done.
  void note(const char* format, ...) __attribute__((format(printf, 2, 3)));
  // Prints what is wrong with the seed and the last steps, and ends the process.
  [[noreturn]] void fail(const char* format, ...) __attribute__((format(printf, 2, 3)));
  // For a call that must not fail: names it with errno.
  [[noreturn]] void failCall(const char* call);
  // The last steps of all threads to standard error. Safe in a signal handler.
  static void printAll();

  // Bytes that tell which write they came from.
  void fillBuffer(uint64_t length);
  // An offset in [0, limit], often where the store changes its ways.
  uint64_t offset(uint64_t limit);
  // A length in [1, limit]; 0 only where limit is.
  uint64_t length(uint64_t limit);

  const Options& options;
  const unsigned thread;
  Random random;
  Tally tally;
  char* const buffer;  // options.sizeMax + 64 KiB bytes, aligned to a page

 private:
  static constexpr size_t kLines = 60, kColumns = 160;
  void print() const;

  char lines_[kLines][kColumns] = {};
  size_t noted_ = 0;
};

}  // namespace exercise
