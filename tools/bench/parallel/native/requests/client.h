// A kernel's side of one mount, for one thread: requests as bytes, answered in place.
#pragma once

#include <fcntl.h>

#include <atomic>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "session.h"

namespace ram::fuse {

// Takes every reply and keeps none.
class NoTransport final : public Transport {
 public:
  int send(uint32_t, std::span<const std::byte>) override { return 0; }
  int notify(std::span<const std::byte>) override { return 0; }
  bool expectDelay() override { return true; }
  int openBacking(int) override { return ++last_; }
  void closeBacking(int) override {}

 private:
  std::atomic<int> last_{0};
};

class Client {
 public:
  // `number` of `clients`: as kernels do it, each CPU numbers its requests apart.
  Client(Session& session, uint32_t number, uint32_t clients)
      : session_(session), unique_(2 * uint64_t{number}), step_(2 * uint64_t{clients}) {}

  void init();
  void makeDirectory(uint64_t parent, std::string_view name, uint64_t* node);
  void create(uint64_t parent, std::string_view name, uint64_t* node, uint64_t* handle);
  void lookup(uint64_t parent, std::string_view name, uint64_t* node);
  void getAttributes(uint64_t node);
  void open(uint64_t node, uint64_t* handle, int flags = O_RDWR);
  void release(uint64_t node, uint64_t handle, int flags = O_RDWR);
  // Whether the last create() or open() was answered with "by yourself".
  bool isPassed() const { return passed_; }
  void unlink(uint64_t parent, std::string_view name);
  void removeDirectory(uint64_t parent, std::string_view name);
  void rename(uint64_t parent, std::string_view name, std::string_view newName);
  void forget(uint64_t node);
  void read(uint64_t node, uint64_t handle, uint64_t offset, uint32_t length);
  void write(uint64_t node, uint64_t handle, uint64_t offset, uint32_t length);

 private:
  void begin(uint32_t opcode, uint64_t node);
  template <class T>
  void with(const T& value);
  void withName(std::string_view name);
  void noteOpened(const OpenOut* out, uint64_t* handle);
  void ask();  // ends the program when the answer is an error
  template <class T>
  const T* answer(size_t offset = 0) const;

  Session& session_;
  uint64_t unique_;
  const uint64_t step_;
  size_t length_ = 0;
  bool passed_ = false;
  std::vector<uint64_t> request_ = std::vector<uint64_t>(kRequestMax / 8);
  std::vector<uint64_t> reply_ = std::vector<uint64_t>(kReplyMax / 8);
};

}  // namespace ram::fuse
