#include "waiter.h"

#include <cerrno>

namespace ram {

void Waiter::wait(uint32_t* word, uint32_t expected, uint32_t watched) {
  std::lock_guard lock(mutex_);
  word_ = word;
  expected_ = expected;
  watched_ = watched;
  if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
  changed_.notify_all();
}

void Waiter::stop() {
  if (!thread_.joinable()) return;
  std::unique_lock lock(mutex_);
  stopping_ = true;
  changed_.notify_all();
  while (!ended_) {
    // It may be about to sleep: wake it until it has noticed.
    if (word_ != nullptr) ring::futexWake(word_);
    changed_.wait_for(lock, std::chrono::milliseconds(1));
  }
  lock.unlock();
  thread_.join();
}

void Waiter::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (word_ == nullptr) {
      changed_.wait(lock);
      continue;
    }
    sleep(word_, expected_, watched_);
    word_ = nullptr;
    if (stopping_) break;
    lock.unlock();
    woken_();
    lock.lock();
  }
  ended_ = true;
  changed_.notify_all();
}

// Called and left with the mutex held.
void Waiter::sleep(uint32_t* word, uint32_t expected, uint32_t watched) {
  while (!stopping_) {
    mutex_.unlock();
    int result = ring::futexWait(word, expected, kWatchNs);
    bool done = result == 0 || result == -EAGAIN;
    if (result == -ETIMEDOUT) {
      // Without barriers a wake may have been missed: whoever waits must look again.
      done = !ring::heavyBarrier() || (watched != 0 && file_.isDead(watched));
    }
    mutex_.lock();
    if (done) return;
  }
}

}  // namespace ram
