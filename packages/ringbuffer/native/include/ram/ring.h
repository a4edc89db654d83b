// Record rings for C++: the same rings as SpscRing and MpscRing of @ram/ringbuffer, over a mapping
// that is laid out as ring_layout.h draws. Header only; throws nothing, allocates nothing.
//
//   ram::ring::Ring ring{mapping};
//   ram::ring::Producer producer(ring, token);
//   producer.tryWrite(&event, sizeof event, kEventType);   // false: full, ended, or no one listens
//
// A Producer of an MPSC ring may be used by any number of threads; all else belongs to one thread.
// Orderings are stated where the accesses are. A store that is followed by a look at the other
// side's `…Waiting` word is the one thing here that release and acquire can't do: either the
// sleeper sees what was stored, or we see that it sleeps. `seq_cst` does it here; the JavaScript
// side of x64 stores without a barrier, and relies on the sleeper's (see heavyBarrier).
#pragma once

#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ram/ring_layout.h"

namespace ram::ring {

inline std::atomic_ref<uint32_t> atomic(uint32_t& word) { return std::atomic_ref<uint32_t>(word); }

// Sleeps while `word` is `expected`. 0, -EAGAIN (it isn't), -ETIMEDOUT, -EINTR. Works between
// processes: the kernel finds the word by its file and offset.
inline int futexWait(uint32_t* word, uint32_t expected, int64_t timeoutNs) {
  timespec limit{static_cast<time_t>(timeoutNs / 1'000'000'000),
                 static_cast<long>(timeoutNs % 1'000'000'000)};
  timespec* timeout = timeoutNs < 0 ? nullptr : &limit;
  return syscall(SYS_futex, word, FUTEX_WAIT, expected, timeout, nullptr, 0) == 0 ? 0 : -errno;
}

inline void futexWake(uint32_t* word) {
  syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
}

// Makes stores of this process cheap for its threads: whoever goes to sleep, in any process, does
// the barrier for them. 0, or -errno where the kernel has no such thing (or a sandbox forbids it).
// @see https://man7.org/linux/man-pages/man2/membarrier.2.html
inline int registerForHeavyBarriers() {
  return syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED, 0, 0) == 0 ? 0 : -errno;
}

// A full barrier in every running thread of the registered processes. Before it returns, each of
// them has either made its last stores visible to us, or will see ours. Where it fails no one could
// register; only a sandbox of ours alone may break that: false, and then sleeps must be short.
inline bool heavyBarrier() {
  return syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL_EXPEDITED, 0, 0) == 0;
}

// The first step of going to sleep on a `…Waiting` word; the second is to look once more.
inline void announceSleep(uint32_t& waiting) {
  atomic(waiting).store(1, std::memory_order_seq_cst);
  heavyBarrier();
}

// Wakes who sleeps on a `…Waiting` word, once: later calls find 0. seq_cst, see above.
inline void wakeIfWaiting(uint32_t& waiting) {
  if (atomic(waiting).load(std::memory_order_seq_cst) == 0) return;
  if (atomic(waiting).exchange(0, std::memory_order_seq_cst) != 0) futexWake(&waiting);
}

// A mapping of kDataOffset + 2 * capacity bytes.
struct Ring {
  uint8_t* base;

  Control* control() const { return reinterpret_cast<Control*>(base); }
  uint32_t capacityUnits() const { return control()->capacity / kUnit; }
  // The header of the record at a position; its payload follows and is contiguous.
  uint32_t* header(uint32_t position) const {
    uint32_t index = position & (capacityUnits() - 1);
    return reinterpret_cast<uint32_t*>(base + kDataOffset + size_t{index} * kUnit);
  }
  uint8_t* payload(uint32_t position) const {
    return reinterpret_cast<uint8_t*>(header(position)) + kUnit;
  }

  // No more records; the consumer sees the end after the last one. seq_cst: see above.
  void end(uint32_t bits = kEnded) const {
    atomic(control()->state).fetch_or(bits, std::memory_order_seq_cst);
    for (uint32_t* waiting : {&control()->dataWaiting, &control()->spaceWaiting}) {
      atomic(*waiting).exchange(0, std::memory_order_seq_cst);
      futexWake(waiting);
    }
  }
};

// Lays a fresh ring out in zeroed memory.
inline void initialize(uint8_t* base, uint32_t kind, uint32_t capacity) {
  auto* control = reinterpret_cast<Control*>(base);
  control->version = kVersion;
  control->kind = kind;
  control->capacity = capacity;
  control->dataOffset = kDataOffset;
  control->slots = kSlots;
  control->magic = kMagic;
}

// A record that is being written: fill `payload`, then commit() or abort() it.
struct Reservation {
  uint8_t* payload = nullptr;  // nullptr: there was no room
  uint32_t position = 0;
  uint32_t length = 0;
};

class Producer {
 public:
  // `token` names this member (see ring_layout.h); one token may serve all threads of a process.
  Producer(Ring ring, uint32_t token)
      : ring_(ring), token_(token), shared_(ring.control()->kind == kKindMpsc) {}

  // Room for `length` bytes, or payload == nullptr when the ring is full, has ended, or the
  // consumer has closed. Every reservation must be committed or aborted; SPSC: one at a time.
  Reservation tryReserve(uint32_t length) {
    Reservation made;
    if (length > kLengthMask) return made;
    if (!shared_) return reserveAlone(length);
    lock();
    // relaxed: only the lock's holder stores it, and lock() acquires.
    uint32_t tail = atomic(control()->tail).load(std::memory_order_relaxed);
    if (hasRoom(tail, unitsOf(length))) {
      made = {ring_.payload(tail), tail, length};
      uint32_t* header = ring_.header(tail);
      header[2] = token_;
      // relaxed: `tail` publishes it.
      atomic(header[0]).store(kReserved | length, std::memory_order_relaxed);
      // seq_cst: in the order of commit's store, which the consumer's last look relies on.
      atomic(control()->tail).store(tail + unitsOf(length), std::memory_order_seq_cst);
    }
    unlock();
    return made;
  }

  // Hands the record over with its first `length` bytes (not more than were reserved).
  void commit(const Reservation& made, uint32_t type, uint32_t length) {
    uint32_t* header = ring_.header(made.position);
    uint32_t units = unitsOf(length);
    if (shared_ && units < unitsOf(made.length)) padRest(made, units);
    header[1] = type;
    // release for the payload and the type; seq_cst: see above.
    atomic(header[0]).store(kCommitted | length, std::memory_order_seq_cst);
    if (!shared_) publish(made.position + units);
    wakeIfWaiting(control()->dataWaiting);
  }
  void commit(const Reservation& made, uint32_t type) { commit(made, type, made.length); }

  void abort(const Reservation& made) {
    if (!shared_) return;
    atomic(ring_.header(made.position)[0])
        .store(kAborted | made.length, std::memory_order_seq_cst);  // see above
    wakeIfWaiting(control()->dataWaiting);
  }

  bool tryWrite(const void* bytes, uint32_t length, uint32_t type) {
    Reservation made = tryReserve(length);
    if (made.payload == nullptr) return false;
    if (length > 0) memcpy(made.payload, bytes, length);
    commit(made, type);
    return true;
  }

  // Counts a record that could not be written; the consumer is told how many there were.
  void countLost() {
    // relaxed: a count, of which no other memory depends.
    atomic(control()->lost).fetch_add(1, std::memory_order_relaxed);
    wakeIfWaiting(control()->dataWaiting);
  }

 private:
  Control* control() const { return ring_.control(); }

  Reservation reserveAlone(uint32_t length) {
    // relaxed: no one else stores it.
    uint32_t tail = atomic(control()->tail).load(std::memory_order_relaxed);
    if (!hasRoom(tail, unitsOf(length))) return {};
    return {ring_.payload(tail), tail, length};
  }

  void publish(uint32_t tail) {
    // release for the record; seq_cst: see above.
    atomic(control()->tail).store(tail, std::memory_order_seq_cst);
  }

  bool hasRoom(uint32_t tail, uint32_t units) const {
    // acquire: what the consumer read before it moved `head` is read before we write over it.
    uint32_t head = atomic(control()->head).load(std::memory_order_acquire);
    // relaxed: whoever ends the ring doesn't rely on it being seen at once.
    uint32_t state = atomic(control()->state).load(std::memory_order_relaxed);
    if ((state & (kEnded | kConsumerClosed | kFailed)) != 0) return false;
    return units <= ring_.capacityUnits() - (tail - head);
  }

  void padRest(const Reservation& made, uint32_t units) {
    uint32_t* rest = ring_.header(made.position + units);
    uint32_t length = (unitsOf(made.length) - units - 1) * kUnit;
    // relaxed: the store of the record in front of it publishes it.
    atomic(rest[0]).store(kAborted | length, std::memory_order_relaxed);
  }

  void lock() {
    for (int round = 0;; ++round) {
      uint32_t free = 0;
      // acquire: what the last holder stored. Strong: a failure means that it is held.
      if (atomic(control()->lock)
              .compare_exchange_strong(free, token_, std::memory_order_acquire,
                                       std::memory_order_relaxed)) {
        return;
      }
      if (round < 64) continue;
      sleepOnLock(free);
    }
  }

  // A short sleep: its holder may be of another language and may die; see Membership::steal for
  // who takes the lock of a dead one.
  void sleepOnLock(uint32_t holder) {
    atomic(control()->lockWaiters).fetch_add(1, std::memory_order_seq_cst);
    futexWait(&control()->lock, holder, 1'000'000);
    atomic(control()->lockWaiters).fetch_sub(1, std::memory_order_seq_cst);
    if (onStuckLock != nullptr) onStuckLock(stuckContext, holder);
  }

  void unlock() {
    // seq_cst: release for what was stored, and before the look at the waiters.
    atomic(control()->lock).store(0, std::memory_order_seq_cst);
    if (atomic(control()->lockWaiters).load(std::memory_order_seq_cst) != 0) {
      futexWake(&control()->lock);
    }
  }

 public:
  // Called when the lock was waited for in vain for a millisecond: may free it when its holder is
  // dead. Set before the first use; not needed while all producers are of one process.
  void (*onStuckLock)(void* context, uint32_t holder) = nullptr;
  void* stuckContext = nullptr;

 private:
  Ring ring_;
  uint32_t token_;
  bool shared_;
};

struct Record {
  const uint8_t* payload;
  uint32_t length;
  uint32_t type;
};

enum class Peek { kRecord, kNothing, kUnfinished, kDamaged };

class Consumer {
 public:
  explicit Consumer(Ring ring) : ring_(ring) {
    // relaxed: no one else stores it.
    head_ = atomic(control()->head).load(std::memory_order_relaxed);
  }

  // The next record, without taking it out; the same until consume().
  Peek peek(Record* out) {
    // seq_cst: acquire for the headers, and after `dataWaiting` in prepareWait().
    uint32_t tail = atomic(control()->tail).load(std::memory_order_seq_cst);
    while (tail != head_) {
      uint32_t* header = ring_.header(head_);
      // seq_cst: acquire for the payload, and after `dataWaiting` in prepareWait().
      uint32_t word = atomic(header[0]).load(std::memory_order_seq_cst);
      uint32_t length = word & kLengthMask;
      units_ = unitsOf(length);
      if (units_ > tail - head_ || tail - head_ > ring_.capacityUnits()) return Peek::kDamaged;
      if ((word & kStateMask) == kReserved) return Peek::kUnfinished;
      if ((word & kStateMask) == kCommitted) {
        *out = {ring_.payload(head_), length, header[1]};
        return Peek::kRecord;
      }
      consume();
    }
    return Peek::kNothing;
  }

  void consume() {
    head_ += units_;
    // release: our reads come before the producer's writes; seq_cst: see the top.
    atomic(control()->head).store(head_, std::memory_order_seq_cst);
    wakeIfWaiting(control()->spaceWaiting);
  }

  // Before sleeping: prepareWait(), then look once more, then futexWait(&dataWaiting, 1).
  void prepareWait() { announceSleep(control()->dataWaiting); }

  // How many records were lost since the last call.
  uint32_t takeLost() {
    // relaxed: a count.
    return atomic(control()->lost).exchange(0, std::memory_order_relaxed);
  }

 private:
  Control* control() const { return ring_.control(); }

  Ring ring_;
  uint32_t head_;
  uint32_t units_ = 0;
};

}  // namespace ram::ring
