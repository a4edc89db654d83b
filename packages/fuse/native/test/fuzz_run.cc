#include "fuzz_run.h"

#include <algorithm>
#include <cstdlib>
#include <thread>

#include "operations.h"

namespace ram::fuse {
namespace {

// Options follow from the seed.
SessionOptions optionsOf(uint64_t seed) {
  SessionOptions options;
  options.direct = seed % 3 == 1;
  options.passthrough = seed % 3 == 2;
  options.volumeLocks = seed % 2 == 1;
  if (seed % 4 == 3) options.protocolMinor = 36;
  return options;
}

struct Mount {
  Mount(FileSystem* files, uint64_t seed) : session(files, transport, optionsOf(seed)) {}
  FuzzTransport transport;
  Session session;
};

// One channel's requests and replies.
class Fuzzed {
 public:
  Fuzzed(Mount& mount, uint32_t channel, uint64_t seed)
      : session_(mount.session), transport_(mount.transport), channel_(channel), fuzzer_(seed) {}

  void start() {
    // Some kernels ask wrongly first, or ask for something else.
    if (fuzzer_.below(8) == 0) send(fuzzer_.init(unique(), false));
    if (fuzzer_.below(8) == 0) send(fuzzer_.next(unique()));
    send(fuzzer_.init(unique(), true));
  }
  void run(size_t requests) {
    for (size_t i = 0; i < requests && wrong_.empty(); i++) send(fuzzer_.next(unique()));
  }
  const std::string& wrong() const { return wrong_; }

 private:
  uint64_t unique() { return (uint64_t{channel_} << 32) + ++sent_; }

  void send(const FuzzedRequest& request) {
    session_.handle(request.bytes(), channel_, {reply(), kReplyMax});
    const InHeader header = request.header();
    bool answered = false;
    for (const auto& message : transport_.take(channel_)) {
      if (message.header.unique == header.unique) {
        if (answered) blame(header, "two replies");
        answered = true;
        if (const std::string wrong = wrongWith(request, message); !wrong.empty()) {
          blame(header, wrong);
        }
        fuzzer_.learn(header, message);
      } else if (waiting_.erase(message.header.unique) == 0) {
        blame(header, "a reply to nobody");
      }
    }
    if (request.size < sizeof(InHeader)) {
      if (answered) blame(header, "a reply to less than a header");
    } else if (!answered && header.opcode == kSetlkw) {
      waiting_.insert(header.unique);
    } else if (answered != wantsReply(header.opcode)) {
      blame(header, answered ? "a reply that nobody waits for" : "no reply");
    }
  }

  std::byte* reply() { return reinterpret_cast<std::byte*>(replyMemory_.data()); }

  void blame(const InHeader& header, const std::string& what) {
    if (!wrong_.empty()) return;
    const bool known = header.opcode < kOpcodeCount && kOperations[header.opcode].name != nullptr;
    const auto name = known ? kOperations[header.opcode].name : std::to_string(header.opcode);
    wrong_ = "request " + std::to_string(sent_) + " of channel " + std::to_string(channel_) + ", " +
             name + ": " + what;
  }

  Session& session_;
  FuzzTransport& transport_;
  const uint32_t channel_;
  RequestFuzzer fuzzer_;
  uint64_t sent_ = 0;
  std::set<uint64_t> waiting_;
  std::string wrong_;
  std::vector<uint64_t> replyMemory_ = std::vector<uint64_t>(kReplyMax / 8);
};

}  // namespace

std::string fuzz(FileSystem* files, const FuzzPlan& plan) {
  std::vector<std::unique_ptr<Mount>> mounts;
  for (size_t i = 0; i < plan.mounts; i++) {
    mounts.push_back(std::make_unique<Mount>(files, plan.seed + i));
    if (int error = mounts[i]->session.attach(); error < 0) {
      return "attach: " + std::to_string(error);
    }
  }
  std::vector<std::unique_ptr<Fuzzed>> all;
  for (uint32_t channel = 0; channel < std::max(plan.threads, plan.mounts); channel++) {
    Mount& mount = *mounts[channel % plan.mounts];
    all.push_back(std::make_unique<Fuzzed>(mount, channel, plan.seed * 64 + channel));
    if (channel < plan.mounts) all[channel]->start();
  }
  std::vector<std::thread> others;
  for (size_t i = 1; i < all.size(); i++) {
    others.emplace_back([&, i] { all[i]->run(plan.requests); });
  }
  all[0]->run(plan.requests);
  for (auto& other : others) other.join();
  std::string wrong;
  for (const auto& mount : mounts) {
    mount->session.close();
    if (wrong.empty()) wrong = mount->transport.wrongAtEnd();
  }
  for (const auto& one : all) {
    if (!one->wrong().empty()) wrong = one->wrong();
  }
  return wrong;
}

double fuzzSeconds(double byDefault) {
  const char* given = std::getenv("RAM_FUZZ_SECONDS");
  return given == nullptr ? byDefault : std::atof(given);
}

uint64_t fuzzSeed(uint64_t byDefault) {
  const char* given = std::getenv("RAM_FUZZ_SEED");
  return given == nullptr ? byDefault : std::strtoull(given, nullptr, 10);
}

}  // namespace ram::fuse
