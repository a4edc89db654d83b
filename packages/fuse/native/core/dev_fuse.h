// The transport over /dev/fuse, with as many threads as there is work for.
//
// Waking a sleeping thread costs more than most requests, and idle readers are woken in turn, each
// on a cold CPU. So exactly one thread, the leader, waits for requests and serves what it gets
// itself. Others join only
//   - when requests pile up (one is in hand, and others are queued, again and again): helpers read
//     without waiting, from a clone of the device, and rest again when they find nothing, or
//   - when a request may take long: the leader passes its role on before it starts (expectDelay),
//   - when the only client is on another CPU: the role goes to a thread there (client_cpu.h),
//   - when two clients are at work at the same time: a thread on each one's CPU (client_pair.h).
// dev_fuse_clients.cc has the last two.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "client_cpu.h"
#include "client_pair.h"
#include "transport.h"

namespace ram::fuse {

class DevFuse final : public Transport {
 public:
  static constexpr uint32_t kThreadsMax = 64;

  // Owns `descriptor`, of a mount that exists. threadsMax: 1..kThreadsMax.
  DevFuse(int descriptor, uint32_t threadsMax);
  ~DevFuse();

  // Starts serving. `onEnd` is called on a thread of the transport when the kernel ended the
  // mount and all threads are done; not after stop().
  // Returns 0, or -EAGAIN where no thread can be had.
  int start(RequestHandler* handler, void (*onEnd)(void*), void* context);

  // Ends all threads, also while the mount lives (then its requests wait until disconnect()).
  // Returns when they are gone. Idempotent.
  void stop();
  // Lets the device go: the kernel ends a mount that still lives, and its clients get errors.
  void disconnect();
  // Gives the descriptors back. Nobody may send any more.
  void close();

  int send(uint32_t channel, std::span<const std::byte> reply) override;
  int notify(std::span<const std::byte> notice) override;
  bool expectDelay() override;
  bool isPending() const override;
  int openBacking(int fd) override;
  void closeBacking(int id) override;

  // From now on FORGETs may wait for a moment, so that many come at once: for when requests that
  // somebody waits for come another way.
  void gatherForgets() { gathers_ = true; }

  // The mount's own descriptor, -1 after close().
  int device() const { return descriptors_[0]; }
  uint32_t threads() const { return threads_.load(std::memory_order_relaxed); }
  uint32_t threadsPeak() const { return threadsPeak_.load(std::memory_order_relaxed); }
  // Requests that the first or the second reader served while two clients had one each.
  uint64_t shared(bool bySecondReader) const { return pair_.shared(bySecondReader); }

 private:
  struct Worker;

  void run(Worker& worker);
  void lead(Worker& worker);
  void help(Worker& worker);
  bool rest(Worker& worker);
  void serve(Worker& worker, size_t length, uint32_t channel);
  bool openClone(Worker& worker);
  void end();
  bool employ(bool asLeader, int cpu = -1);
  void follow(Worker& worker, uint32_t client, std::chrono::nanoseconds waited);
  void stopFollowing(Worker& worker);
  bool areTwo(uint32_t client, bool atOnce);
  void share(Worker& leader);
  void poll(Worker& worker);
  void noticeBacklog(Worker& worker, size_t length);

  RequestHandler* handler_ = nullptr;
  void (*onEnd_)(void*) = nullptr;
  void* onEndContext_ = nullptr;
  const uint32_t threadsMax_;

  // Channel 0 is the mount's own descriptor, channel i that of worker i-1; -1: none yet.
  std::array<std::atomic<int>, kThreadsMax + 1> descriptors_;
  std::atomic<uint32_t> threads_{0}, threadsPeak_{0};
  std::atomic<bool> stopping_{false}, gathers_{false};

  SystemCpus cpus_;
  ClientCpu clientCpu_{cpus_};  // the leader's
  ClientPair pair_;

  // How many looks at the queue in a row must find a backlog before help is called; helpers that
  // came in vain raise it.
  std::atomic<uint32_t> patience_;
  uint32_t unsampled_ = 0, backlogs_ = 0;  // the leader's

  std::mutex mutex_;  // guards the lists and what Worker says it guards
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<Worker*> resting_;
  uint32_t running_ = 0;
};

}  // namespace ram::fuse
