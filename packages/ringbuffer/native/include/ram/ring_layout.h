// The layout of a record ring in memory, version 1. It is shared by processes and languages:
// src/record/layout.ts has the same numbers, and a test holds the two to each other.
//
//   offset 0      ┌──────────────────────────────────┐ Control, never mirrored
//                 │ magic │ version │ kind │ sizes   │ written once, before anyone else opens it
//          128    │ tail │ lock │ lockWaiters        │ the producers' cache lines
//          256    │ head                             │ the consumer's
//          384    │ dataWaiting                      │ futex: the consumer sleeps
//          512    │ spaceWaiting                     │ futex: producers sleep
//          640    │ state │ error │ lost │ message   │ rarely written
//         4096    │ members[1024]                    │ who is attached
//        16384    ├──────────────────────────────────┤ kDataOffset
//                 │ records: `capacity` bytes        │
//                 ├──────────────────────────────────┤
//                 │ the same pages once more         │ not in the file, only in the mapping
//                 └──────────────────────────────────┘
//
// A record starts on a multiple of 16 and is padded to one:
//
//   0               4         8         12        16               16 + length
//   ├───────────────┼─────────┼─────────┼─────────┼────────────────┼─ ─ ─ ┤
//   │ state, length │ type    │ owner   │ 0       │ payload        │ pad  │
//   └───────────────┴─────────┴─────────┴─────────┴────────────────┴─ ─ ─ ┘
//     state: 2 bits, length: 30 bits; owner: the token of who reserved it (MPSC)
//
// INVARIANT: positions (`head`, `tail`) count units of 16 bytes and wrap at 2^32; the capacity is a
// power of two; tail - head <= capacity / 16; between head and tail lie whole records, back to
// back, each with a valid header. So whoever comes later can go on, whenever a peer was killed.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ram::ring {

inline constexpr uint32_t kMagic = 0x474e4952;  // "RING"
inline constexpr uint32_t kVersion = 1;
inline constexpr uint32_t kKindSpsc = 1;
inline constexpr uint32_t kKindMpsc = 2;
inline constexpr uint32_t kDataOffset = 16384;
inline constexpr uint32_t kUnit = 16;  // bytes of a header, and of alignment

inline constexpr uint32_t kCapacityMin = 4096;
inline constexpr uint32_t kCapacityMax = 1u << 30;

// The first word of a record.
inline constexpr uint32_t kLengthMask = (1u << 30) - 1;
inline constexpr uint32_t kReserved = 0;
inline constexpr uint32_t kCommitted = 1u << 30;
inline constexpr uint32_t kAborted = 2u << 30;
inline constexpr uint32_t kStateMask = 3u << 30;

// Bits of Control::state.
inline constexpr uint32_t kEnded = 1;           // no more records come
inline constexpr uint32_t kConsumerClosed = 2;  // no one wants more
inline constexpr uint32_t kFailed = 4;          // ended with `error` and `message`
inline constexpr uint32_t kEndSeen = 8;         // the consumer left after the end: may start anew

// Members: slot 0 is the consumer, the others are producers. A member holds an exclusive
// open-file-description lock on the byte of the ring's file with its slot's number, which the
// kernel drops when it dies, however. members[slot] = generation << 1 | attached.
inline constexpr uint32_t kSlots = 1024;
inline constexpr uint32_t kConsumerSlot = 0;
inline constexpr uint32_t kSlotBits = 10;

// A token names a member for good: generation << 10 | slot. Never 0.
inline constexpr uint32_t kGenerationMask = (1u << 21) - 1;

inline constexpr uint32_t kMessageBytes = 240;

struct Control {
  uint32_t magic;
  uint32_t version;
  uint32_t kind;
  uint32_t capacity;  // bytes
  uint32_t dataOffset;
  uint32_t slots;

  alignas(128) uint32_t tail;
  uint32_t lock;  // kKindMpsc: the token of the producer that reserves, or 0
  uint32_t lockWaiters;

  alignas(128) uint32_t head;

  alignas(128) uint32_t dataWaiting;

  alignas(128) uint32_t spaceWaiting;

  alignas(128) uint32_t state;
  uint32_t error;          // an errno, with kFailed
  uint32_t messageLength;  // bytes of UTF-8
  uint32_t lost;           // records that were dropped because the ring was full
  char message[kMessageBytes];

  alignas(4096) uint32_t members[kSlots];
};

static_assert(offsetof(Control, tail) == 128);
static_assert(offsetof(Control, head) == 256);
static_assert(offsetof(Control, dataWaiting) == 384);
static_assert(offsetof(Control, spaceWaiting) == 512);
static_assert(offsetof(Control, state) == 640);
static_assert(offsetof(Control, members) == 4096);
static_assert(sizeof(Control) <= kDataOffset);

// Units that a record with `length` bytes of payload takes.
constexpr uint32_t unitsOf(uint32_t length) { return (length + 2 * kUnit - 1) / kUnit; }

}  // namespace ram::ring
