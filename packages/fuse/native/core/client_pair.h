// Tells from the requests, one after the other, whether two clients are at work at the same time.
// Threads of one program may take turns as well: then none of them asks while another waits.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace ram::fuse {

class ClientPair {
 public:
  // To be told of each request for which `client`, a thread, waits, and whether it was there within
  // kAtOnce of the reply to the last such. True: there are two, `client` and `other()`.
  bool served(uint32_t client, bool atOnce) {
    const bool turns = client != last_;
    if (turns) other_ = last_;
    last_ = client;
    turns_ = turns ? std::min(turns_ + kTurn, kTurnsMin) : std::max(turns_ - 1, 0);
    if (turns_ < kTurnsMin) return false;
    overlaps_ += turns && atOnce ? 1 : 0;
    if (++looks_ < kLooks) return false;
    const bool two = overlaps_ >= kOverlapsMin;
    looks_ = overlaps_ = turns_ = 0;
    return two;
  }
  uint32_t other() const { return other_; }

  static constexpr int kTurn = 4, kTurnsMin = 64, kLooks = 32, kOverlapsMin = 4;
  // Who waited for the reply to the other one can't ask within this time.
  static constexpr std::chrono::microseconds kAtOnce{2};

 private:
  uint32_t last_ = 0, other_ = 0;
  int turns_ = 0;  // kTurn for each request of another client than before, less those of the same
  int looks_ = 0, overlaps_ = 0;  // requests since it was enough, and those asked meanwhile
};

}  // namespace ram::fuse
