// Tells from the requests, one after the other, whether two clients are at work at the same time,
// and while a reader each serves them, for how long.
// Threads of one program may take turns as well: then none of them asks while another waits.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>

namespace ram::fuse {

class ClientPair {
 public:
  // While one reader serves, to be told by it of each request for which `client`, a thread, waits,
  // and whether it was there within kAtOnce of the reply to the last such. True: there are two,
  // `client` and `other()`.
  bool served(uint32_t client, bool atOnce) {
    const bool turns = isTurn(client);
    turns_ = turns ? std::min(turns_ + kTurn, kTurnsMin) : std::max(turns_ - 1, 0);
    if (turns_ < kTurnsMin) return false;
    overlaps_ += turns && atOnce ? 1 : 0;
    if (++looks_ < kLooks) return false;
    const bool two = overlaps_ >= kOverlapsMin;
    looks_ = overlaps_ = turns_ = 0;
    return two;
  }
  uint32_t other() const { return other_; }

  void beginSharing() {
    inRow_ = 0;
    left_ = kShared;
  }
  void endSharing() { left_ = 0; }
  bool isShared() const { return left_.load(std::memory_order_relaxed) > 0; }
  // While two readers serve, to be told by each of its requests. inRow_ is counted without an
  // atomic read-modify-write: an increment that is lost when both do this at once only ends sharing
  // a little later.
  void sharedOne(uint32_t client, bool isSecondReader) {
    byReader_[isSecondReader].fetch_add(1, std::memory_order_relaxed);
    const int inRow = isTurn(client) ? 0 : inRow_.load(std::memory_order_relaxed) + 1;
    inRow_.store(inRow, std::memory_order_relaxed);
    if (inRow > kInRowMax) endSharing();
    left_.fetch_sub(1, std::memory_order_relaxed);
  }
  // Requests for which somebody waited, that the first or the second reader served while shared.
  uint64_t shared(bool bySecondReader) const {
    return byReader_[bySecondReader].load(std::memory_order_relaxed);
  }

  static constexpr int kTurn = 4, kTurnsMin = 64, kLooks = 32, kOverlapsMin = 4;
  static constexpr int kShared = 8192;   // requests until it is seen anew whether there are two
  static constexpr int kInRowMax = 512;  // requests of one client
  // Who waited for the reply to the other one can't ask within this time.
  static constexpr std::chrono::microseconds kAtOnce{2};

 private:
  bool isTurn(uint32_t client) {
    const uint32_t last = last_.exchange(client, std::memory_order_relaxed);
    if (last != client) other_.store(last, std::memory_order_relaxed);
    return last != client;
  }

  std::atomic<uint32_t> last_{0}, other_{0};
  int turns_ = 0;  // kTurn for each request of another client than before, less those of the same
  int looks_ = 0, overlaps_ = 0;  // requests since it was enough, and those asked meanwhile
  std::atomic<int> left_{0};      // requests that are still shared
  std::atomic<int> inRow_{0};     // of those, the last ones of the same client
  std::array<std::atomic<uint64_t>, 2> byReader_{};
};

}  // namespace ram::fuse
