#include "event_queue.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <new>

namespace ram {
namespace {

constexpr uint32_t kToken = 1;  // all producers are threads of this process

size_t mappedBytes(uint32_t ringBytes) { return ring::kDataOffset + size_t{2} * ringBytes; }

// Head and data once, the data once more behind it. Null with errno.
uint8_t* mapRing(int fd, uint32_t bytes) {
  const size_t first = ring::kDataOffset + bytes;
  constexpr int kProtection = PROT_READ | PROT_WRITE;
  void* base = ::mmap(nullptr, mappedBytes(bytes), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (base == MAP_FAILED) return nullptr;
  auto* start = static_cast<uint8_t*>(base);
  if (::mmap(start, first, kProtection, MAP_SHARED | MAP_FIXED, fd, 0) != MAP_FAILED &&
      ::mmap(start + first, bytes, kProtection, MAP_SHARED | MAP_FIXED, fd,
             ring::kDataOffset) != MAP_FAILED) {
    ::madvise(start, mappedBytes(bytes), MADV_DONTDUMP);
    return start;
  }
  const int error = errno;
  ::munmap(base, mappedBytes(bytes));
  errno = error;
  return nullptr;
}

int makeRing(uint32_t bytes, uint8_t** out) {
  const int fd = ::memfd_create("ram-events", MFD_CLOEXEC);
  if (fd < 0) return -errno;
  // Allocated now: a ring that can't be filled would be SIGBUS later.
  const int error = ::posix_fallocate(fd, 0, ring::kDataOffset + bytes);
  uint8_t* base = error == 0 ? mapRing(fd, bytes) : nullptr;
  const int status = error != 0 ? -error : base == nullptr ? -errno : 0;
  ::close(fd);
  if (status < 0) return status;
  ring::initialize(base, ring::kKindMpsc, bytes);
  *out = base;
  return 0;
}

bool isBelow(std::string_view path, std::string_view prefix) {
  return path.starts_with(prefix) &&
         (path.size() == prefix.size() || path[prefix.size()] == '/');
}

}  // namespace

bool EventFilter::wants(const EventDraft& event) const {
  if ((mask & eventBit(event.kind)) == 0) return false;
  if (prefix.empty() || !event.hasInode) return true;
  if (!event.hasPath) return false;
  return isBelow(event.path, prefix) || (!event.from.empty() && isBelow(event.from, prefix));
}

int EventQueue::make(Wake wake, void* context, std::unique_ptr<EventQueue>* out,
                     uint32_t ringBytes) {
  uint8_t* base = nullptr;
  if (int status = makeRing(ringBytes, &base); status < 0) return status;
  out->reset(new (std::nothrow) EventQueue(wake, context, base, ringBytes));
  if (*out) return 0;
  ::munmap(base, mappedBytes(ringBytes));
  return -ENOMEM;
}

EventQueue::EventQueue(Wake wake, void* context, uint8_t* base, uint32_t ringBytes)
    : wake_(wake),
      context_(context),
      base_(base),
      ringBytes_(ringBytes),
      producer_(ring::Ring{base}, kToken),
      consumer_(ring::Ring{base}) {}

EventQueue::~EventQueue() {
  ring::Record record;
  while (consumer_.peek(&record) == ring::Peek::kRecord) {
    EventRecord event;
    std::memcpy(&event, record.payload, sizeof event);
    if (event.copy != 0) reinterpret_cast<EventCopy*>(event.copy)->release();
    consumer_.consume();
  }
  ::munmap(base_, mappedBytes(ringBytes_));
}

void EventQueue::put(const EventDraft& event, const EventFilters& filters) {
  bool wanted = false;
  bool contents = false;
  for (const auto& filter : filters) {
    if (!filter->wants(event)) continue;
    wanted = true;
    contents = contents || filter->contents;
  }
  if (!wanted) return;
  const size_t bytes = sizeof(EventRecord) + event.path.size() + event.from.size();
  const auto length = static_cast<uint32_t>((bytes + 7) / 8 * 8);
  const ring::Reservation made = producer_.tryReserve(length);
  if (made.payload == nullptr) {
    for (const auto& filter : filters) {
      if (filter->wants(event)) filter->lost.fetch_add(1, std::memory_order_relaxed);
    }
    loss_.store(true, std::memory_order_seq_cst);
    return wakeIfAsleep();
  }
  produced_.fetch_add(1, std::memory_order_release);
  EventRecord record{};
  record.length = length;
  record.kind = static_cast<uint8_t>(event.kind);
  record.flags = static_cast<uint8_t>((event.hasPath ? kEventHasPath : 0) |
                                      (event.hasInode ? kEventHasInode : 0) |
                                      (event.written ? kEventWritten : 0));
  if (loss_.load(std::memory_order_relaxed) && loss_.exchange(false)) {
    record.flags |= kEventLossBefore;
  }
  record.pathLength = static_cast<uint16_t>(event.path.size());
  record.fromLength = static_cast<uint16_t>(event.from.size());
  record.pid = event.pid;
  record.inode = static_cast<uint32_t>(event.inode);
  record.generation = event.generation;
  record.size = static_cast<double>(event.size);
  record.era = static_cast<double>(event.era);
  if (contents && event.copy != nullptr) {
    event.copy->retain();
    record.copy = reinterpret_cast<uint64_t>(event.copy);
  }
  std::memcpy(made.payload, &record, sizeof record);
  char* text = reinterpret_cast<char*>(made.payload) + sizeof record;
  text += event.path.copy(text, event.path.size());
  event.from.copy(text, event.from.size());
  producer_.commit(made, 0);
  wakeIfAsleep();
}

void EventQueue::wakeIfAsleep() {
  // seq_cst, as the commit before it and arm(): either the consumer sees what was stored, or this
  // sees that it sleeps.
  if (asleep_.load(std::memory_order_seq_cst) && asleep_.exchange(false)) wake_(context_);
}

uint32_t EventQueue::read(uint8_t* target, uint32_t size) {
  uint32_t used = 0;
  ring::Record record;
  while (consumer_.peek(&record) == ring::Peek::kRecord && record.length <= size - used) {
    std::memcpy(target + used, record.payload, record.length);
    used += record.length;
    ++read_;
    consumer_.consume();
  }
  return used;
}

bool EventQueue::isEmpty() {
  ring::Record record;
  return consumer_.peek(&record) != ring::Peek::kRecord;
}

bool EventQueue::arm() {
  asleep_.store(true, std::memory_order_seq_cst);
  if (isEmpty() && !loss_.load(std::memory_order_seq_cst)) return true;
  // A producer that was faster has called wake(): once more than needed does no harm.
  asleep_.store(false, std::memory_order_seq_cst);
  return false;
}

void EventQueue::settled(bool everything, uint64_t era, uint64_t now) {
  ring::Record record;
  if (everything && consumer_.peek(&record) == ring::Peek::kRecord) {
    EventRecord next;
    std::memcpy(&next, record.payload, sizeof next);
    era = static_cast<uint64_t>(next.era);
  } else if (everything) {
    era = now;
  }
  settled_.store(everything ? read_ : read_ - 1, std::memory_order_release);
  doneEra_.store(era, std::memory_order_release);
}

}  // namespace ram
