// The transport of a mount: over /dev/fuse alone, or over io_uring for what can go that way.
//
// Over io_uring the kernel has a queue for each CPU and puts a request where it was made. Each CPU
// that this process may use has a ring and a thread that serve its queue (and share those of the
// other CPUs). INIT, FORGET, INTERRUPT and notices still go over /dev/fuse, and so does everything
// when the kernel doesn't agree.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "address_space_keeper.h"
#include "dev_fuse.h"
#include "uring_ring.h"

namespace ram::fuse {

class MountTransport final : public Transport {
 public:
  // Whether to use io_uring where it can be had, and whether requests may wait for each other
  // (locks): then only if this process may run on all CPUs, see UringRing.
  enum class Queues { kNone, kWanted, kWantedForLocks };

  // Owns `descriptor`, of a mount that exists. threadsMax: of /dev/fuse.
  MountTransport(int descriptor, uint32_t threadsMax) : device_(descriptor, threadsMax) {}
  ~MountTransport() { stop(); }

  // As DevFuse. -EMFILE, -ENFILE, -ENOMEM, -EAGAIN also when the rings find too few of something.
  int start(RequestHandler* handler, Queues queues, void (*onEnd)(void*), void* context);
  void stop();
  void disconnect() { device_.disconnect(); }
  void close() { device_.close(); }

  int send(uint32_t channel, std::span<const std::byte> reply) override;
  int notify(std::span<const std::byte> notice) override { return device_.notify(notice); }
  bool expectDelay() override;
  // FORGETs come over /dev/fuse also where requests come over io_uring.
  bool isPending() const override { return device_.isPending(); }
  uint64_t mark() override;
  bool hasReached(uint64_t mark) const override;
  bool hasQueues() const override { return !rings_.empty(); }
  void startQueues() override;
  int openBacking(int fd) override { return device_.openBacking(fd); }
  void closeBacking(int id) override { device_.closeBacking(id); }

  int device() const { return device_.device(); }
  uint32_t threads() const;
  uint32_t threadsPeak() const { return device_.threadsPeak(); }
  uint64_t shared(bool bySecondReader) const { return device_.shared(bySecondReader); }

 private:
  int openRings(RequestHandler& handler, bool forLocks);

  DevFuse device_;
  AddressSpaceKeeper keeper_;  // while there are rings
  std::vector<std::unique_ptr<UringRing>> rings_;  // made by start(), before any request
  std::atomic<uint64_t> marks_{0};
};

}  // namespace ram::fuse
