#include "mount_transport.h"

#include <sched.h>

#include <algorithm>
#include <cerrno>
#include <fstream>

namespace ram::fuse {
namespace {

// Channels of DevFuse end here, those of entries begin.
constexpr uint32_t kFirstEntryChannel = DevFuse::kThreadsMax + 1;

// A file such as "0-3" or "0,2-3".
std::vector<uint32_t> readCpus(const char* path) {
  std::ifstream file(path);
  std::vector<uint32_t> cpus;
  uint32_t first, last;
  while (file >> first) {
    last = first;
    if (file.peek() == '-') {
      file.get();
      file >> last;
    }
    for (uint32_t cpu = first; cpu <= last; cpu++) cpus.push_back(cpu);
    if (file.peek() == ',') file.get();
  }
  return cpus;
}

// What may be there again for another mount, unlike what the kernel can't.
bool isShortage(int error) {
  return error == -EMFILE || error == -ENFILE || error == -ENOMEM || error == -EAGAIN;
}

bool mayUse(const cpu_set_t& allowed, uint32_t cpu) {
  return cpu < CPU_SETSIZE && CPU_ISSET(cpu, &allowed);
}

}  // namespace

int MountTransport::start(RequestHandler* handler, Queues queues, void (*onEnd)(void*),
                          void* context) {
  if (queues != Queues::kNone) {
    const int error = openRings(*handler, queues == Queues::kWantedForLocks);
    if (error < 0) rings_.clear();
    if (isShortage(error)) return error;
  }
  return device_.start(handler, onEnd, context);
}

// A ring for each CPU that this process may use; the other CPUs' queues are dealt out among them.
// Returns 0 or -errno.
int MountTransport::openRings(RequestHandler& handler, bool forLocks) {
  cpu_set_t allowed;
  if (::sched_getaffinity(0, sizeof(allowed), &allowed) != 0) return -errno;
  std::vector<std::vector<uint16_t>> queues;
  std::vector<uint16_t> others;
  for (uint32_t cpu : readCpus("/sys/devices/system/cpu/online")) {
    if (forLocks && !mayUse(allowed, cpu)) return -EOPNOTSUPP;
  }
  // The kernel has a queue for each CPU that could be there, counted from 0.
  const size_t cpus = readCpus("/sys/devices/system/cpu/possible").size();
  for (uint32_t cpu = 0; cpu < cpus; cpu++) {
    auto number = static_cast<uint16_t>(cpu);
    if (mayUse(allowed, cpu)) {
      queues.push_back({number});
    } else {
      others.push_back(number);
    }
  }
  if (queues.empty()) return -EOPNOTSUPP;
  for (size_t i = 0; i < others.size(); i++) queues[i % queues.size()].push_back(others[i]);
  uint32_t channel = kFirstEntryChannel;
  for (auto& own : queues) {
    rings_.push_back(
        std::make_unique<UringRing>(handler, device_.device(), std::move(own), channel));
    if (int error = rings_.back()->open(); error < 0) return error;
    channel = rings_.back()->endChannel();
  }
  keeper_.start();  // where there can be none, the rings do without
  return 0;
}

void MountTransport::startQueues() {
  for (auto& ring : rings_) ring->begin();
  device_.gatherForgets();
}

int MountTransport::send(uint32_t channel, std::span<const std::byte> reply) {
  if (channel < kFirstEntryChannel) return device_.send(channel, reply);
  size_t ring = 0;
  while (channel >= rings_[ring]->endChannel()) ring++;
  return rings_[ring]->send(channel, reply);
}

uint64_t MountTransport::mark() {
  const uint64_t mark = marks_.fetch_add(1) + 1;
  for (auto& ring : rings_) ring->mark(mark);
  return mark;
}

bool MountTransport::hasReached(uint64_t mark) const {
  return std::all_of(rings_.begin(), rings_.end(),
                     [mark](auto& ring) { return ring->hasReached(mark); });
}

bool MountTransport::expectDelay() {
  return UringRing::isWorker() ? UringRing::passOn() : device_.expectDelay();
}

void MountTransport::stop() {
  for (auto& ring : rings_) ring->stop();
  device_.stop();
  keeper_.stop();
}

uint32_t MountTransport::threads() const {
  uint32_t count = device_.threads();
  for (auto& ring : rings_) count += ring->threads();
  return count;
}

}  // namespace ram::fuse
