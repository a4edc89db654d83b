// How requests come in and replies and notices go out, apart from what they mean.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace ram::fuse {

class Transport {
 public:
  // Sends one reply. `channel` is the one on which its request came. Returns 0 or -errno; -ENOENT
  // when the kernel no longer waits for it.
  virtual int send(uint32_t channel, std::span<const std::byte> reply) = 0;

  // Sends a notice, which starts with an OutHeader. Blocks while the kernel waits for locks.
  virtual int notify(std::span<const std::byte> notice) = 0;

  // To be called by a request that may take long, before it does: lets another thread wait for
  // requests meanwhile. Returns whether one does.
  virtual bool expectDelay() = 0;
  // Whether the kernel has something for this process, FORGETs perhaps, that no thread has read.
  virtual bool isPending() const { return false; }
  // Lets each queue of io_uring tell when what lies in it now has been served: hasReached() this.
  virtual uint64_t mark() { return 0; }
  virtual bool hasReached(uint64_t) const { return true; }

  // Makes an open file known to the kernel, for passthrough. Returns its id > 0 or -errno.
  virtual int openBacking(int fd) = 0;
  virtual void closeBacking(int id) = 0;

  // Whether requests could come through queues of io_uring, if INIT agrees on it.
  virtual bool hasQueues() const { return false; }
  // It did, and its reply is sent: until the queues are there, the kernel keeps requests back.
  virtual void startQueues() {}

 protected:
  ~Transport() = default;
};

// What a transport hands its requests to. Called from any of its threads.
class RequestHandler {
 public:
  virtual void handle(std::span<const std::byte> request, uint32_t channel,
                      std::span<std::byte> replyMemory) = 0;

 protected:
  ~RequestHandler() = default;
};

}  // namespace ram::fuse
