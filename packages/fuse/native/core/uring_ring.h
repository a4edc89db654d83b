// One ring of FUSE over io_uring, which serves the queues of one or more CPUs.
//
// As over /dev/fuse one thread, the leader, waits for requests and serves what it gets. Only the
// leader touches the ring. The role is passed on before a request that may take long; replies
// from any other thread are handed to the leader (post).
//
// The kernel copies a request into an entry's memory in the thread that last submitted the entry,
// so threads live until stop(): a resting one is woken for that copy, and the leader for the
// request. Entries come back to the leader's own as they are used. A ring of one CPU keeps its
// threads there, where its clients are: no wake-up has to reach another CPU.
//
// A lock that waits keeps its entry until it is granted (it is parked), and what ends the waiting
// needs one. So a queue gets a further entry as soon as fewer than kSpare are not parked. But the
// kernel (6.18) gives a new entry nothing that is queued: only an entry that is answered fetches.
// INVARIANT: no entry is idle in the kernel while a request is queued. A further entry breaks it;
// the leader restores it at once by a request of its own, made on the queue's CPU, which takes that
// entry, is answered, and so fetches (poke).
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "io_uring.h"
#include "transport.h"
#include "uring_entry.h"

namespace ram::fuse {

class UringRing {
 public:
  static constexpr uint32_t kThreadsMax = 16;
  static constexpr uint32_t kEntriesMax = 1024;  // of a queue: so many locks less one may wait

  // Its entries answer on the channels from `firstChannel` up. Borrows `device`.
  UringRing(RequestHandler& handler, int device, std::vector<uint16_t> queues,
            uint32_t firstChannel);
  ~UringRing();

  // Makes the ring, its entries and its first thread, which then waits. Returns 0 or -errno.
  int open();
  // Gives the kernel the entries; requests come from now on.
  void begin();
  // Ends all threads and returns when they are gone; then the ring. Idempotent.
  void stop();

  // The channels end before this one.
  uint32_t endChannel() const;
  // Sends a reply to the request of a channel's entry. From any thread. 0, or -ENOENT when there
  // is nothing to answer.
  int send(uint32_t channel, std::span<const std::byte> reply);

  // Marks what its queues hold now; reached when that is served, or never will be. A request that
  // no entry has taken yet is not seen. Marks ascend. From any thread.
  void mark(uint64_t mark);
  bool hasReached(uint64_t mark) const { return reached_.load() >= mark; }

  // Whether the calling thread is one of a ring's, and can hand on the leader's role if it has it.
  // See Transport::expectDelay.
  static bool isWorker();
  static bool passOn();

  uint32_t threads() const { return threads_.load(std::memory_order_relaxed); }

 private:
  struct Worker;
  struct Queue {
    uint16_t cpu;
    uint32_t entries = 0;
    uint32_t parked = 0;

    uint32_t unparked() const { return entries - parked; }
  };

  bool employ();
  void run(Worker& worker);
  void lead(Worker& worker);
  bool enter();
  void registerEntries();
  UringEntry* addEntry(size_t queue);
  bool mayPark(const Queue& queue) const;
  void park(UringEntry& entry, uint64_t node);
  void poke(const Queue& queue, uint64_t node);
  void answer(UringEntry& entry);
  void commit(UringEntry& entry);
  void submitCommand(UringEntry& entry, uint32_t command, uint64_t commitId);
  WideSubmission& prepare();
  void listen();
  void ringBell();
  void complete(Worker& worker, const io_uring_cqe& completion);
  void serve(Worker& worker, UringEntry& entry);
  void takePosted();
  void end();

  RequestHandler& handler_;
  const int device_;
  const uint32_t firstChannel_;
  // By channel, kEntriesMax for each queue; a slot is filled before the kernel knows the entry.
  std::vector<std::unique_ptr<UringEntry>> entries_;

  // The leader's alone; handed over under mutex_.
  IoUring io_;
  uint64_t rung_ = 0;     // where the bell is read to
  std::vector<Queue> queues_;
  bool exhausted_ = false;  // no further entry can be had
  bool hurries_ = false;  // a reply that somebody waits for is not submitted yet
  bool begun_ = false;
  bool ended_ = false;    // the kernel ended the connection

  std::mutex mutex_;  // guards what follows, and what Worker says
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<Worker*> resting_;
  std::vector<UringEntry*> posted_;
  int bell_ = -1;  // an eventfd: something was posted or marked, or the ring stops
  uint64_t marked_ = 0;
  std::atomic<uint64_t> reached_{UINT64_MAX};  // changed under mutex_; when it serves, else all
  std::atomic<bool> stopping_{false};
  std::atomic<uint32_t> threads_{0};
};

}  // namespace ram::fuse
