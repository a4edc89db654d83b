// A session that is fuzzed: hands it requests and checks what comes back. Several threads may use
// one, each by its own channel.
#pragma once

#include <map>
#include <set>

#include "fuzz_replies.h"

namespace ram::fuse {

// Keeps the replies of each channel apart; a lock that waited may be answered by another thread.
class FuzzTransport final : public Transport {
 public:
  int send(uint32_t channel, std::span<const std::byte> reply) override {
    std::lock_guard lock(mutex_);
    replies_[channel].push_back(RecordingTransport::parse(channel, reply));
    // A client that was killed meanwhile: then what the reply grants is taken back.
    return sends_++ % 50 == 49 ? -ENOENT : 0;
  }
  int notify(std::span<const std::byte> notice) override {
    std::lock_guard lock(mutex_);
    OutHeader header;
    std::memcpy(&header, notice.data(), sizeof(header));
    wrongNotice_ |= header.unique != 0 || header.length != notice.size() || header.error <= 0;
    return notices_++ % 3 == 0 ? -ENOENT : 0;
  }
  bool expectDelay() override { return false; }
  int openBacking(int) override {
    std::lock_guard lock(mutex_);
    const int id = ++lastBacking_;
    if (id % 7 == 0) return -EMFILE;
    backings_.insert(id);
    return id;
  }
  void closeBacking(int id) override {
    std::lock_guard lock(mutex_);
    wrongBacking_ |= backings_.erase(id) == 0;
  }

  std::vector<RecordingTransport::Message> take(uint32_t channel) {
    std::lock_guard lock(mutex_);
    return std::exchange(replies_[channel], {});
  }
  // Once the session is closed.
  std::string wrongAtEnd() {
    std::lock_guard lock(mutex_);
    if (wrongNotice_) return "a malformed notice";
    if (wrongBacking_) return "a backing id was closed that was not open";
    return backings_.empty() ? "" : "backing ids are left open";
  }

 private:
  std::mutex mutex_;
  std::map<uint32_t, std::vector<RecordingTransport::Message>> replies_;
  std::set<int> backings_;
  int lastBacking_ = 0;
  uint64_t sends_ = 0, notices_ = 0;
  bool wrongNotice_ = false, wrongBacking_ = false;
};

struct FuzzPlan {
  uint64_t seed = 1;
  size_t requests = 1;
  size_t threads = 1;  // each with requests of its own
  size_t mounts = 1;   // of the same files; the threads take them in turn
};

// Mounts `files`, throws requests at it and unmounts. Options and INIT follow from the seed.
// Returns what was wrong first, with the request's number; empty: nothing.
std::string fuzz(FileSystem* files, const FuzzPlan& plan);

// How long to go on, from RAM_FUZZ_SECONDS, and where to begin, from RAM_FUZZ_SEED.
double fuzzSeconds(double byDefault);
uint64_t fuzzSeed(uint64_t byDefault);

}  // namespace ram::fuse
