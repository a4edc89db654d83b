// The absolute path of a file at this moment, from the names that the store keeps.
#pragma once

#include <cstdint>
#include <shared_mutex>
#include <string_view>

#include "event_record.h"
#include "ram/file_system.h"
#include "segment.h"

namespace ram {

class EventPath {
 public:
  // `tree` is Store::treeMutex_: while it is held shared, no directory changes its name.
  EventPath(const Segment& segment, std::shared_mutex& tree) : segment_(segment), tree_(tree) {}
  EventPath(const EventPath&) = delete;
  EventPath& operator=(const EventPath&) = delete;

  // Lock: of `inode` or of `parent`, at least shared. False, and an empty path, when the inode has
  // no name (or lost the one that it was known by), or the path is longer than kEventPathMax.
  bool find(uint64_t inode);
  bool find(uint64_t parent, std::string_view name);

  std::string_view view() const { return {bytes_ + start_, kEventPathMax - start_}; }

 private:
  bool prepend(std::string_view name);
  bool climb(uint64_t directory);

  const Segment& segment_;
  std::shared_mutex& tree_;
  size_t start_ = kEventPathMax;  // filled from the end
  char bytes_[kEventPathMax];
};

}  // namespace ram
