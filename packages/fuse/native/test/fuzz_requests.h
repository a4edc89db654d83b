// Requests for the fuzzer: valid ones of every opcode, about inodes and files that an earlier reply
// named, and then, mostly, something wrong with them. All of it follows from the seed.
#pragma once

#include <memory>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "harness.h"

namespace ram::fuse {

// In memory of exactly its size, so that a read behind its end is seen.
struct FuzzedRequest {
  std::unique_ptr<std::byte[]> memory;
  size_t size = 0;

  std::span<const std::byte> bytes() const { return {memory.get(), size}; }
  // What the session sees of the header; zeros where it was cut off.
  InHeader header() const;
  // The operation's struct as it was sent, zeros where it was cut off.
  template <class T>
  T argument() const {
    T value{};
    if (size >= sizeof(InHeader) + sizeof(T)) {
      std::memcpy(&value, memory.get() + sizeof(InHeader), sizeof(T));
    }
    return value;
  }
};

class RequestFuzzer {
 public:
  explicit RequestFuzzer(uint64_t seed) : random_(seed) {}

  // The next one. Numbers of requests begin at `unique`.
  FuzzedRequest next(uint64_t unique);
  // An INIT as some kernel sends it, or as none would.
  FuzzedRequest init(uint64_t unique, bool asLinux);
  // What a reply tells of inodes, open files, directory positions.
  void learn(const InHeader& request, const RecordingTransport::Message& reply);

  // One of `sides` sides of a die.
  uint64_t below(uint64_t sides) { return random_() % sides; }

 private:
  bool oneIn(uint64_t sides) { return below(sides) == 0; }
  template <class T>
  const T& anyOf(const std::vector<T>& values) {
    return values[below(values.size())];
  }
  uint64_t number();
  uint64_t length();
  uint64_t node();
  uint64_t handle();
  std::string name();
  std::string bytes(size_t size);
  uint32_t mode();
  SetattrIn change();
  WireLock lock();

  RequestBuilder valid();
  RequestBuilder aboutNames(uint32_t opcode);
  RequestBuilder aboutFiles(uint32_t opcode);
  RequestBuilder aboutAttributes(uint32_t opcode);
  RequestBuilder forgets(uint32_t opcode);
  void spoil(std::string& raw);
  void spoilHeader(std::string& raw);
  void spoilBody(std::string& raw);
  FuzzedRequest finish(std::string raw, uint64_t unique, bool keepUnique);

  std::mt19937_64 random_;
  std::vector<uint64_t> nodes_{kRootInode};
  std::vector<uint64_t> handles_{0};
  std::vector<uint64_t> cookies_{0};
  std::vector<uint64_t> waiting_{0};  // requests that may wait for a lock
};

}  // namespace ram::fuse
