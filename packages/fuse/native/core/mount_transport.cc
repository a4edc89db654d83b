#include "mount_transport.h"

#include <sched.h>

#include <fstream>

namespace ram::fuse {
namespace {

// Channels of DevFuse end here, those of entries begin.
constexpr uint32_t kFirstEntryChannel = DevFuse::kThreadsMax + 1;
constexpr size_t kEntriesMax = 16384;

// How many CPUs the kernel counts with (num_possible_cpus), which is how many queues it has.
// 0: not known.
uint32_t possibleCpus() {
  std::ifstream file("/sys/devices/system/cpu/possible");  // such as "0-3" or "0,2-3"
  uint32_t count = 0, first, last;
  while (file >> first) {
    last = first;
    if (file.peek() == '-') {
      file.get();
      file >> last;
    }
    count += last - first + 1;
    if (file.peek() == ',') file.get();
  }
  return count;
}

}  // namespace

int MountTransport::start(RequestHandler* handler, bool queues, void (*onEnd)(void*),
                          void* context) {
  if (queues && !openRings(*handler)) rings_.clear();
  return device_.start(handler, onEnd, context);
}

// A ring for each CPU that this process may use; the other CPUs' queues are dealt out among them.
bool MountTransport::openRings(RequestHandler& handler) {
  cpu_set_t allowed;
  if (::sched_getaffinity(0, sizeof(allowed), &allowed) != 0) return false;
  std::vector<std::vector<uint16_t>> queues;
  std::vector<uint16_t> others;
  for (uint32_t cpu = 0; cpu < possibleCpus(); cpu++) {
    auto number = static_cast<uint16_t>(cpu);
    if (cpu < CPU_SETSIZE && CPU_ISSET(cpu, &allowed)) {
      queues.push_back({number});
    } else {
      others.push_back(number);
    }
  }
  if (queues.empty()) return false;
  for (size_t i = 0; i < others.size(); i++) queues[i % queues.size()].push_back(others[i]);
  for (auto& own : queues) {
    rings_.push_back(
        std::make_unique<UringRing>(*this, handler, device_.device(), std::move(own)));
    if (rings_.back()->open() < 0) return false;
  }
  return true;
}

void MountTransport::startQueues() {
  for (auto& ring : rings_) ring->begin();
}

UringEntry* MountTransport::addEntry() {
  std::lock_guard lock(mutex_);
  if (entries_.size() == kEntriesMax) return nullptr;
  auto channel = kFirstEntryChannel + static_cast<uint32_t>(entries_.size());
  auto entry = std::make_unique<UringEntry>(channel);
  if (!entry->allocate()) return nullptr;
  entries_.push_back(std::move(entry));
  return entries_.back().get();
}

// A queue is chosen by the CPU that the asking thread runs on.
void MountTransport::poke(uint16_t cpu) {
  struct {
    OutHeader header;
    RetrieveNotice body;
  } notice{{sizeof(notice), static_cast<int32_t>(Notice::kRetrieve), 0},
           {nextPoke_.fetch_add(2), kRootInode, 0, 0, 0}};
  cpu_set_t before, there;
  CPU_ZERO(&there);
  CPU_SET(cpu, &there);
  if (::sched_getaffinity(0, sizeof(before), &before) != 0) return;
  if (::sched_setaffinity(0, sizeof(there), &there) != 0) return;
  device_.notify(std::as_bytes(std::span(&notice, 1)));
  ::sched_setaffinity(0, sizeof(before), &before);
}

int MountTransport::send(uint32_t channel, std::span<const std::byte> reply) {
  if (channel < kFirstEntryChannel) return device_.send(channel, reply);
  UringEntry* entry = UringRing::serving();
  if (entry == nullptr || entry->channel != channel) {
    std::lock_guard lock(mutex_);
    entry = entries_[channel - kFirstEntryChannel].get();
  }
  if (int error = entry->stage(reply); error < 0) return error;
  entry->ring->answer(*entry);
  return 0;
}

bool MountTransport::expectDelay() {
  return UringRing::isWorker() ? UringRing::passOn() : device_.expectDelay();
}

void MountTransport::stop() {
  for (auto& ring : rings_) ring->stop();
  device_.stop();
}

uint32_t MountTransport::threads() const {
  uint32_t count = device_.threads();
  for (auto& ring : rings_) count += ring->threads();
  return count;
}

}  // namespace ram::fuse
