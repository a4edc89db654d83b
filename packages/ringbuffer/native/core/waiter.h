// A thread that sleeps on a word of a ring for a thread that must not: the one of an event loop.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>

#include "ring_file.h"

namespace ram {

// Methods are called by one thread; `woken` by the waiter's own.
class Waiter {
 public:
  // How long a dead peer may go unnoticed.
  static constexpr int64_t kWatchNs = 100'000'000;

  Waiter(RingFile& file, std::function<void()> woken) : file_(file), woken_(std::move(woken)) {}
  ~Waiter() { stop(); }
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;

  // Calls `woken` once: when `word` is not `expected` or someone wakes its sleepers, or when the
  // member `watched` (a token, 0 for none) is dead. Not before the last wait has ended.
  void wait(uint32_t* word, uint32_t expected, uint32_t watched);
  // `woken` isn't called any more when it returns.
  void stop();

 private:
  void run();
  void sleep(uint32_t* word, uint32_t expected, uint32_t watched);

  RingFile& file_;
  const std::function<void()> woken_;
  std::thread thread_;
  std::mutex mutex_;  // guards all below
  std::condition_variable changed_;
  uint32_t* word_ = nullptr;  // not null: a wait is wanted or under way
  uint32_t expected_ = 0;
  uint32_t watched_ = 0;
  bool stopping_ = false;
  bool ended_ = false;
};

}  // namespace ram
