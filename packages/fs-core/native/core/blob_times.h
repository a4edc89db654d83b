// Whose times count of a file that is a blob file: the record's, or the blob file's.
//
// While it is *blank* (record.cursor: since when, by the fine clock) the blob file has the times of
// its last use, or of nothing at all: they count from the first byte that a kernel writes, atime
// from the first access.
#pragma once

#include <sys/stat.h>

#include "layout.h"
#include "ram/file_system.h"

namespace ram {

inline constexpr uint64_t kCursorBlank = uint64_t{1} << 63;

struct BlobTimes {
  Timestamp accessed, modified, changed;
};

inline Timestamp toTimestamp(const timespec& time) {
  return {time.tv_sec, static_cast<uint32_t>(time.tv_nsec)};
}

inline uint64_t nanosecondsOf(const timespec& time) {
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(time.tv_nsec);
}

inline uint64_t cursorOf(const struct stat& status) { return nanosecondsOf(status.st_ctim); }

inline bool isBlank(const InodeRecord* record) {
  return record->kind == ContentKind::kFile && (record->cursor & kCursorBlank) != 0;
}

// Whether it became blank in an earlier tick of the clock than `now`.
inline bool isSince(const InodeRecord* record, const Timestamp& now) {
  const uint64_t tick = nanosecondsOf({now.seconds, static_cast<long>(now.nanoseconds)});
  return (record->cursor & ~kCursorBlank) < tick;
}

inline bool isLater(const Timestamp& a, const Timestamp& b) {
  return a.seconds != b.seconds ? a.seconds > b.seconds : a.nanoseconds > b.nanoseconds;
}

inline bool isEmpty(const struct stat& status) {
  return status.st_size == 0 && status.st_blocks == 0;
}

inline BlobTimes timesOf(const InodeRecord* record, const struct stat& status) {
  const Timestamp changed{record->changed, record->changedNs};
  const Timestamp file = toTimestamp(status.st_ctim);
  if (!isBlank(record)) {
    const bool newer = cursorOf(status) != record->cursor && isLater(file, changed);
    return {toTimestamp(status.st_atim), toTimestamp(status.st_mtim), newer ? file : changed};
  }
  const bool used = nanosecondsOf(status.st_atim) > (record->cursor & ~kCursorBlank);
  const Timestamp accessed{__atomic_load_n(&record->accessed, __ATOMIC_RELAXED),
                           __atomic_load_n(&record->accessedNs, __ATOMIC_RELAXED)};
  BlobTimes times{used ? toTimestamp(status.st_atim) : accessed,
                  {record->modified, record->modifiedNs},
                  changed};
  if (isEmpty(status)) return times;
  times.modified = toTimestamp(status.st_mtim);
  if (isLater(file, changed)) times.changed = file;
  return times;
}

}  // namespace ram
