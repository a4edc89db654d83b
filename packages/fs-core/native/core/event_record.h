// One event of a Volume, as it lies in a ring and as TypeScript reads it.
//
//   0 length       4 kind   5 flags   6 pathLength
//   8 fromLength  12 pid             16 inode      20 generation
//  24 size        32 era             40 copy       48 path bytes, old path bytes, pad to 8
//
// src/events/event-batch.ts has the same offsets; a test holds the two to each other.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ram {

// The order is that of `eventTypes` in src/events/event-types.ts.
enum class EventKind : uint8_t {
  kCreated,
  kOpened,
  kRead,
  kWritten,
  kTruncated,
  kAttributes,
  kClosed,
  kRenamed,
  kRemoved,
  kMounted,
  kUnmounted,
};
inline constexpr uint32_t kEventKinds = 11;
constexpr uint32_t eventBit(EventKind kind) { return 1u << static_cast<uint32_t>(kind); }

enum EventFlag : uint8_t {
  kEventHasPath = 1,
  kEventWritten = 2,     // kClosed: the handle wrote
  kEventLossBefore = 4,  // events were lost between the one before and this one
  kEventHasInode = 8,
};

struct EventRecord {
  uint32_t length;  // of everything, a multiple of 8
  uint8_t kind;
  uint8_t flags;
  uint16_t pathLength;  // of kMounted and kUnmounted: the directory's
  uint16_t fromLength;
  uint16_t unused;
  uint32_t pid;  // 0: unknown
  uint32_t inode;
  uint32_t generation;
  double size;
  double era;     // see EventRetention
  uint64_t copy;  // in the ring an EventCopy*, for TypeScript a double: the copy's number, 0: none
};
static_assert(sizeof(EventRecord) == 48);
static_assert(offsetof(EventRecord, size) == 24 && offsetof(EventRecord, copy) == 40);

// Paths of events are at most this long; events of deeper files have none.
inline constexpr size_t kEventPathMax = 8191;

}  // namespace ram
