// A session over the fake file system, with a transport that keeps what is sent, and requests built
// as the kernel builds them.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <functional>
#include <mutex>
#include <string>
#include <type_traits>
#include <vector>

#include "convert.h"
#include "fake_file_system.h"
#include "session.h"

namespace ram::fuse {

using Bytes = std::vector<uint64_t>;  // for the alignment; the length is the header's

class RecordingTransport final : public Transport {
 public:
  struct Message {
    uint32_t channel;
    OutHeader header;
    std::string body;

    template <class T>
    T as(size_t offset = 0) const {
      T value{};
      if (body.size() >= offset + sizeof(T)) std::memcpy(&value, body.data() + offset, sizeof(T));
      return value;
    }
  };

  int send(uint32_t channel, std::span<const std::byte> reply) override {
    std::lock_guard lock(mutex);
    replies.push_back(parse(channel, reply));
    return sendResult;
  }
  int notify(std::span<const std::byte> notice) override {
    std::lock_guard lock(mutex);
    notices.push_back(parse(0, notice));
    noticed.notify_all();
    if (notifyResults.empty()) return 0;
    int result = notifyResults.front();
    notifyResults.erase(notifyResults.begin());
    return result;
  }
  bool expectDelay() override {
    delays++;
    return true;
  }
  bool isPending() const override {
    if (pending) pendingLooks++;
    return pending;
  }
  uint64_t mark() override { return ++lastMark; }
  bool hasReached(uint64_t mark) const override {
    markLooks++;
    if (onMarkLook) onMarkLook();
    return mark <= reached;
  }

  int openBacking(int) override { return backingResult < 0 ? backingResult : ++lastBacking; }
  void closeBacking(int) override { closedBackings++; }

  bool waitForNotices(size_t count) {
    std::unique_lock lock(mutex);
    return noticed.wait_for(lock, std::chrono::seconds(5),
                            [&] { return notices.size() >= count; });
  }

  static Message parse(uint32_t channel, std::span<const std::byte> bytes) {
    Message message{channel, {}, {}};
    std::memcpy(&message.header, bytes.data(), sizeof(OutHeader));
    message.body.assign(reinterpret_cast<const char*>(bytes.data()) + sizeof(OutHeader),
                        bytes.size() - sizeof(OutHeader));
    return message;
  }

  std::mutex mutex;
  std::condition_variable noticed;
  std::vector<Message> replies, notices;
  std::vector<int> notifyResults;
  int sendResult = 0;
  int backingResult = -EPERM;
  int lastBacking = 0;
  int closedBackings = 0;
  std::atomic<int> delays{0};
  std::atomic<bool> pending{false};
  mutable std::atomic<int> pendingLooks{0};
  std::atomic<uint64_t> lastMark{0}, reached{UINT64_MAX};
  mutable std::atomic<int> markLooks{0};
  std::function<void()> onMarkLook;
};

// A request's bytes: structs as they are, strings with their NUL.
class RequestBuilder {
 public:
  explicit RequestBuilder(uint32_t opcode, uint64_t node = kRootInode) {
    header_.opcode = opcode;
    header_.node = node;
    header_.unique = ++lastUnique;
    header_.pid = 0;
  }
  template <class T>
  RequestBuilder& with(const T& value) {
    static_assert(std::is_trivially_copyable_v<T>);
    body_.append(reinterpret_cast<const char*>(&value), sizeof(value));
    return *this;
  }
  RequestBuilder& name(std::string_view text) {
    body_.append(text);
    body_.push_back('\0');
    return *this;
  }
  RequestBuilder& data(std::string_view text) {
    body_.append(text);
    return *this;
  }
  RequestBuilder& as(uint32_t uid, uint32_t gid) {
    header_.uid = uid;
    header_.gid = gid;
    return *this;
  }
  RequestBuilder& extensions(size_t bytes) {
    header_.extensionLength = static_cast<uint16_t>(bytes / 8);
    return *this;
  }
  uint64_t unique() const { return header_.unique; }
  size_t size() const { return sizeof(header_) + body_.size(); }

  Bytes bytes() const {
    Bytes result((size() + 7) / 8);
    InHeader header = header_;
    header.length = static_cast<uint32_t>(size());
    std::memcpy(result.data(), &header, sizeof(header));
    std::memcpy(reinterpret_cast<char*>(result.data()) + sizeof(header), body_.data(),
                body_.size());
    return result;
  }

  static inline std::atomic<uint64_t> lastUnique = 0;

 private:
  InHeader header_{};
  std::string body_;
};

struct Harness {
  explicit Harness(const SessionOptions& options = {}) : session(&files, transport, options) {
    session.attach();
  }

  // Answers INIT as Linux 6.18 sends it.
  void start(uint64_t flags = ~uint64_t{0}) {
    InitIn in{};
    in.major = kMajor;
    in.minor = kMinor;
    in.maxReadahead = 131072;
    in.flags = static_cast<uint32_t>(flags);
    in.flags2 = static_cast<uint32_t>(flags >> 32);
    call(RequestBuilder(kInit, 0).with(in));
    transport.replies.clear();
  }

  void handle(const Bytes& bytes, size_t size) {
    auto* data = reinterpret_cast<const std::byte*>(bytes.data());
    auto* reply = reinterpret_cast<std::byte*>(replyMemory.data());
    session.handle({data, size}, 0, {reply, kReplyMax});
  }

  // The reply, or one with error 1 when none was sent.
  RecordingTransport::Message call(const RequestBuilder& request) {
    size_t before = transport.replies.size();
    handle(request.bytes(), request.size());
    if (transport.replies.size() == before) return {0, {0, 1, 0}, {}};
    return transport.replies.back();
  }

  uint64_t createFile(std::string_view name, uint32_t mode = 0644, std::string_view text = {}) {
    auto made = call(RequestBuilder(kCreate).with(CreateIn{2, 0100000 | mode, 0, 0}).name(name));
    uint64_t inode = made.as<EntryOut>().node;
    if (!text.empty()) {
      WriteIn in{made.as<OpenOut>(sizeof(EntryOut)).handle, 0, 0, 0, 0, 0, 0};
      in.size = static_cast<uint32_t>(text.size());
      call(RequestBuilder(kWrite, inode).with(in).data(text));
    }
    return inode;
  }

  FakeFileSystem files;
  RecordingTransport transport;
  Session session;
  std::vector<uint64_t> replyMemory = std::vector<uint64_t>(kReplyMax / 8);
};

}  // namespace ram::fuse
