// The part of DevFuse that minds on which CPUs its clients run.
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>

#include "dev_fuse_worker.h"

namespace ram::fuse {
namespace {

constexpr int kShareLingerMs = 2;
constexpr std::chrono::microseconds kSettle{500};  // see follow(); 0 costs 15 % more, 2000 gains 10

}  // namespace

// Goes where the client is, if it seems to be the only one: passes the role on to a thread on that
// CPU, or stays where the two already are. With its first replies the kernel would wake the client
// on this CPU, which one of them used before, if it were idle: so this thread keeps it busy for a
// while.
void DevFuse::follow(Worker& worker, uint32_t client, std::chrono::nanoseconds waited) {
  int cpu = threadsMax_ == 1 ? -1 : clientCpu_.served(client, waited);
  if (!clientCpu_.follows()) worker.tie.untie();
  if (cpu < 0) return;
  if (cpu == cpus_.cpuOfCaller()) return worker.tie.tie(0, cpu);
  bool allowed = worker.tie.allows(cpu);
  worker.tie.untie();  // a new thread inherits where this one may run
  if (!allowed || !employ(true, cpu)) return clientCpu_.giveUp();
  worker.leader = false;
  auto end = std::chrono::steady_clock::now() + kSettle;
  while (std::chrono::steady_clock::now() < end && !stopping_.load(std::memory_order_relaxed)) {
  }
}

bool DevFuse::areTwo(uint32_t client, bool atOnce) {
  const bool possible =
      threadsMax_ > 1 && patience_.load(std::memory_order_relaxed) != UINT32_MAX;
  return possible && pair_.served(client, atOnce);
}

// Two clients, each on a CPU of its own, want a reader there each. Readers that wait in read(2) are
// woken in turn, wherever the request was made; those that poll are all woken, and the one on the
// client's CPU is the first. After a while it is seen anew whether there are two.
void DevFuse::share(Worker& leader) {
  stopFollowing(leader);  // a new thread inherits where this one may run
  int here = cpus_.cpuOfCaller();
  int there = cpus_.cpuOf(pair_.other());
  pair_.beginSharing();
  if (employ(false, there == here ? -1 : there)) {
    leader.tie.tie(0, here);
    poll(leader);
    leader.tie.untie();
  }
  pair_.endSharing();
}

// Serves as long as the queue is shared, and something comes.
void DevFuse::poll(Worker& worker) {
  const bool leads = worker.leader;
  if (!openClone(worker)) return;
  int descriptor = descriptors_[worker.index + 1];
  pollfd queue{descriptor, POLLIN, 0};
  while (pair_.isShared() && worker.leader == leads && !stopping_.load(std::memory_order_relaxed)) {
    ssize_t length = ::read(descriptor, worker.request(), kRequestMax);
    if (length > 0) {
      if (isAwaited(worker.request(), static_cast<size_t>(length))) {
        pair_.sharedOne(headerOf(worker.request()).pid, !leads);
      }
      serve(worker, static_cast<size_t>(length), worker.index + 1);
      continue;
    }
    if (length == 0 || !isTransient(errno)) return end();
    if (::poll(&queue, 1, kShareLingerMs) == 0) break;
  }
}

void DevFuse::stopFollowing(Worker& worker) {
  clientCpu_.letGo();
  worker.tie.untie();
}

}  // namespace ram::fuse
