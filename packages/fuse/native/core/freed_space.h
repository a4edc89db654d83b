// Space of deleted files comes back when the kernel closes and forgets them, and it says so a
// little after unlink(2) and close(2) have returned. So that a full disk takes more right after a
// delete, as tmpfs does, a request that finds no space waits a moment for that: on a busy machine
// for as long as the kernel's word is on its way.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>

#include "ram/spread.h"

namespace ram::fuse {

// Of one request, which waits for what is in the transport's queues at `mark` in any case.
class Patience {
 public:
  using Clock = std::chrono::steady_clock;

  explicit Patience(uint64_t mark) : mark(mark) {}

  const uint64_t mark;

  // Space seems to be on its way.
  void renew() { deadline_ = std::min(Clock::now() + kQuiet, latest_); }
  bool isOver() const { return Clock::now() >= deadline_; }
  // Also if space is given back all the time, but never enough.
  bool isSpent() const { return Clock::now() >= latest_; }
  // When to look again whether it is on its way.
  Clock::time_point nextLook() const { return std::min(Clock::now() + kLook, deadline_); }

 private:
  static constexpr std::chrono::milliseconds kQuiet{50};
  static constexpr std::chrono::milliseconds kMost{2000};
  static constexpr std::chrono::milliseconds kLook{5};

  Clock::time_point latest_ = Clock::now() + kMost;
  Clock::time_point deadline_ = Clock::now() + kQuiet;
};

class FreedSpace {
 public:
  // Something was deleted or closed: space may come back soon.
  void expect() { expected_.add(1); }
  uint64_t expected() const { return expected_.sum(); }
  // Whether anything was, since the last wait in vain.
  bool mayCome() const { return expected() != settled_.load(); }
  // A wait that began when `expected` was the count found nothing.
  void settle(uint64_t expected) { settled_.store(expected); }

  // The kernel's word is being served; arrived() follows.
  void coming() { comings_.add(1); }
  bool isComing() const { return comings_.sum() != arrivals(); }

  // Something was given back.
  void arrived() {
    // All in one order with wait(): either this sees the waiter, or that sees this arrival.
    arrivals_.add(1, std::memory_order_seq_cst);
    if (waiters_.load() == 0) return;
    std::lock_guard lock(mutex_);
    wake_.notify_all();
  }
  uint64_t arrivals() const { return arrivals_.sum(std::memory_order_seq_cst); }
  // Until arrivals() is no longer `seen`. False: `deadline` came first.
  bool wait(uint64_t seen, std::chrono::steady_clock::time_point deadline) {
    std::unique_lock lock(mutex_);
    waiters_.fetch_add(1);
    bool came = wake_.wait_until(lock, deadline, [&] { return arrivals() != seen; });
    waiters_.fetch_sub(1);
    return came;
  }

 private:
  SpreadCounter expected_, comings_, arrivals_;
  std::atomic<uint64_t> settled_{0};
  std::atomic<uint32_t> waiters_{0};
  std::mutex mutex_;
  std::condition_variable wake_;
};

}  // namespace ram::fuse
