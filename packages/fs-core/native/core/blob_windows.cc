#include "blob_windows.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "blob_io.h"
#include "clock.h"
#include "spill_rules.h"

namespace ram {
namespace {

constexpr uint64_t kWindowMin = 64 << 20;           // of address space; files grow
constexpr uint64_t kWindowMax = uint64_t{1} << 42;  // longer files: their front
constexpr uint32_t kLookAgain = 64;
constexpr uint32_t kMissesMax = 64;  // of others, before a window in use gives way
constexpr uint64_t kKernelPage = 4096;  // the smallest there is

// A read fault maps the neighbours of a page too (writable, as nothing watches stores to a tmpfs),
// a write fault only the page itself.
void touchForReading(const uint8_t* at, size_t length) {
  const auto* bytes = static_cast<const volatile uint8_t*>(at);
  for (size_t i = 0; i < length; i += kKernelPage) (void)bytes[i];
}

}  // namespace

// A thread inside a slot: its mapping stays.
class BlobWindows::Use {
 public:
  explicit Use(Slot& slot, Key key) : slot_(slot) {
    int32_t users = slot.users.load(std::memory_order_relaxed);
    do {
      if (users == kReplacing) return;
    } while (!slot.users.compare_exchange_weak(users, users + 1, std::memory_order_acquire,
                                               std::memory_order_relaxed));
    inside_ = true;
    matches_ = slot.blob.load(std::memory_order_relaxed) == key.blob;
  }
  ~Use() {
    if (inside_) slot_.users.fetch_sub(1, std::memory_order_release);
  }
  Use(const Use&) = delete;
  Use& operator=(const Use&) = delete;
  explicit operator bool() const { return matches_; }

 private:
  Slot& slot_;
  bool inside_ = false;
  bool matches_ = false;
};

BlobWindows::~BlobWindows() {
  for (Slot& slot : slots_) unmap(slot);
}

uint64_t BlobWindows::tick() {
  const Timestamp now = clockNow();
  return static_cast<uint64_t>(now.seconds) * 1'000'000'000 + now.nanoseconds;
}

bool BlobWindows::read(Key key, uint64_t offset, void* data, size_t length) {
  Slot& slot = slotOf(key);
  if (slot.blob.load(std::memory_order_relaxed) != key.blob) return false;
  const Use use(slot, key);
  if (!use || slot.readTick.load(std::memory_order_relaxed) != tick()) return false;
  const uint64_t solid = slot.solid.load(std::memory_order_relaxed);
  if (offset > solid || length > solid - offset) return false;
  std::memcpy(data, slot.base + offset, length);
  return true;
}

bool BlobWindows::write(Key key, uint64_t offset, const void* data, size_t length) {
  Slot& slot = slotOf(key);
  if (slot.blob.load(std::memory_order_relaxed) != key.blob) return false;
  if (slot.writeTick.load(std::memory_order_relaxed) != tick()) return false;
  const uint64_t solid = slot.solid.load(std::memory_order_relaxed);
  if (offset > solid || length > solid - offset) return false;
  touchForReading(slot.base + offset, length);
  std::memcpy(slot.base + offset, data, length);
  return true;
}

// --- learning ------------------------------------------------------------------------------------

// Whether the slot may be given to this file, which has none.
bool BlobWindows::isWorthIt(Slot& slot, Key key, uint64_t tick) {
  if (slot.candidate.exchange(key.blob, std::memory_order_relaxed) != key.blob) return false;
  const bool busy = slot.readTick.load(std::memory_order_relaxed) == tick ||
                    slot.writeTick.load(std::memory_order_relaxed) == tick;
  return !busy || slot.misses.fetch_add(1, std::memory_order_relaxed) >= kMissesMax;
}

void BlobWindows::unmap(Slot& slot) {
  if (slot.base == nullptr) return;
  ::munmap(slot.base, slot.bytes);
  slot.base = nullptr;
  slot.bytes = 0;
  slot.blob.store(0, std::memory_order_relaxed);
  count_.fetch_sub(1, std::memory_order_relaxed);
}

void BlobWindows::replace(Slot& slot, Key key, int fd, bool wasRead) {
  struct stat status;
  if (::fstat(fd, &status) != 0) return;
  int32_t nobody = 0;
  if (!slot.users.compare_exchange_strong(nobody, kReplacing, std::memory_order_acquire)) return;
  unmap(slot);
  const uint64_t wanted = static_cast<uint64_t>(status.st_size) * 2;
  const uint64_t bytes = std::clamp(wanted, kWindowMin, kWindowMax);
  std::optional<NoAccess> quiet;
  if (!wasRead) quiet.emplace(fd);
  void* address = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
  quiet.reset();
  if (address != MAP_FAILED) {
    // As all of our mappings: not in core dumps, not in forked children.
    ::madvise(address, bytes, MADV_DONTDUMP);
    ::madvise(address, bytes, MADV_DONTFORK);
    slot.base = static_cast<uint8_t*>(address);
    slot.bytes = bytes;
    slot.blob.store(key.blob, std::memory_order_relaxed);
    count_.fetch_add(1, std::memory_order_relaxed);
  }
  for (auto* word : {&slot.solid, &slot.readTick, &slot.writeTick}) {
    word->store(0, std::memory_order_relaxed);
  }
  slot.misses.store(0, std::memory_order_relaxed);
  slot.fruitless.store(0, std::memory_order_relaxed);
  slot.users.store(0, std::memory_order_release);
}

// Sees to it that the slot has a window of this file that reaches `end`, if it is worth it.
bool BlobWindows::reserve(Slot& slot, Key key, int fd, uint64_t end, Call call) {
  // A store into a mapping must never find the disk full.
  if (end > kWindowMax || isSpilledBlob(key.blob)) return false;
  if (slot.blob.load(std::memory_order_relaxed) == key.blob) {
    const Use use(slot, key);
    if (use && end <= slot.bytes) return true;
    if (!use) return false;
  } else if (!isWorthIt(slot, key, call.tick)) {
    return false;
  }
  replace(slot, key, fd, call.reads);
  return true;
}

// Learns how far the pages exist.
void BlobWindows::look(Slot& slot, int fd, uint64_t end) {
  const uint32_t fruitless = slot.fruitless.load(std::memory_order_relaxed);
  if (fruitless > 0 && fruitless % kLookAgain != 0) {
    slot.fruitless.store(fruitless + 1, std::memory_order_relaxed);
    return;
  }
  const uint64_t solid = slot.solid.load(std::memory_order_relaxed);
  const off_t hole = ::lseek(fd, static_cast<off_t>(solid), SEEK_HOLE);
  const uint64_t known = hole < 0 ? solid : std::min(static_cast<uint64_t>(hole), slot.bytes);
  if (known > solid) slot.solid.store(known, std::memory_order_relaxed);
  slot.fruitless.store(known < end ? fruitless + 1 : 0, std::memory_order_relaxed);
}

void BlobWindows::wasRead(Key key, int fd, uint64_t offset, size_t length, uint64_t tick) {
  Slot& slot = slotOf(key);
  const uint64_t end = offset + length;
  if (!reserve(slot, key, fd, end, {tick, true})) return;
  const Use use(slot, key);
  if (!use) return;
  if (end > slot.solid.load(std::memory_order_relaxed)) look(slot, fd, end);
  slot.readTick.store(tick, std::memory_order_relaxed);
}

void BlobWindows::wasWritten(Key key, int fd, uint64_t offset, size_t length, uint64_t tick) {
  Slot& slot = slotOf(key);
  const uint64_t end = offset + length;
  if (!reserve(slot, key, fd, end, {tick, false})) return;
  const Use use(slot, key);
  if (!use) return;
  const uint64_t solid = slot.solid.load(std::memory_order_relaxed);
  if (offset <= solid && end > solid) slot.solid.store(end, std::memory_order_relaxed);
  if (offset > solid) look(slot, fd, end);
  // The next read may have to set the access time.
  slot.readTick.store(0, std::memory_order_relaxed);
  slot.writeTick.store(tick, std::memory_order_relaxed);
}

// --- what changes behind a window ----------------------------------------------------------------

void BlobWindows::timesSeen(Key key) {
  Slot& slot = slotOf(key);
  const Use use(slot, key);
  if (use) slot.writeTick.store(0, std::memory_order_relaxed);
}

void BlobWindows::timesSet(Key key) {
  Slot& slot = slotOf(key);
  const Use use(slot, key);
  if (!use) return;
  slot.writeTick.store(0, std::memory_order_relaxed);
  slot.readTick.store(0, std::memory_order_relaxed);
}

void BlobWindows::cut(Key key, uint64_t offset) {
  Slot& slot = slotOf(key);
  if (slot.blob.load(std::memory_order_relaxed) != key.blob) return;
  const uint64_t solid = slot.solid.load(std::memory_order_relaxed);
  if (offset < solid) slot.solid.store(offset, std::memory_order_relaxed);
  slot.writeTick.store(0, std::memory_order_relaxed);
  slot.readTick.store(0, std::memory_order_relaxed);
  slot.fruitless.store(0, std::memory_order_relaxed);
}

void BlobWindows::drop(Key key) {
  Slot& slot = slotOf(key);
  if (slot.blob.load(std::memory_order_relaxed) == key.blob) unmap(slot);
}

}  // namespace ram
