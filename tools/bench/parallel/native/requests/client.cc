#include "client.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cstdio>
#include <cstdlib>

namespace ram::fuse {

void Client::begin(uint32_t opcode, uint64_t node) {
  unique_ += step_;
  auto* header = reinterpret_cast<InHeader*>(request_.data());
  *header = {0, opcode, unique_, node, 0, 0, 1, 0, 0};
  length_ = sizeof(InHeader);
}

template <class T>
void Client::with(const T& value) {
  std::memcpy(reinterpret_cast<char*>(request_.data()) + length_, &value, sizeof value);
  length_ += sizeof value;
}

void Client::withName(std::string_view name) {
  char* at = reinterpret_cast<char*>(request_.data()) + length_;
  std::memcpy(at, name.data(), name.size());
  at[name.size()] = '\0';
  length_ += name.size() + 1;
}

void Client::ask() {
  auto* header = reinterpret_cast<InHeader*>(request_.data());
  header->length = static_cast<uint32_t>(length_);
  auto* out = reinterpret_cast<OutHeader*>(reply_.data());
  out->error = 0;
  session_.handle({reinterpret_cast<std::byte*>(request_.data()), length_}, 0,
                  {reinterpret_cast<std::byte*>(reply_.data()), kReplyMax});
  if (out->error == 0) return;
  std::fprintf(stderr, "opcode %u: %s\n", header->opcode, std::strerror(-out->error));
  std::exit(1);
}

template <class T>
const T* Client::answer(size_t offset) const {
  const auto* body = reinterpret_cast<const std::byte*>(reply_.data()) + sizeof(OutHeader);
  return reinterpret_cast<const T*>(body + offset);
}

void Client::init() {
  begin(kInit, 0);
  InitIn in{};
  in.major = kMajor;
  in.minor = kMinor;
  in.maxReadahead = 131072;
  in.flags = in.flags2 = ~uint32_t{0};
  with(in);
  ask();
}

void Client::makeDirectory(uint64_t parent, std::string_view name, uint64_t* node) {
  begin(kMkdir, parent);
  with(MkdirIn{0755, 0});
  withName(name);
  ask();
  *node = answer<EntryOut>()->node;
}

void Client::create(uint64_t parent, std::string_view name, uint64_t* node, uint64_t* handle) {
  begin(kCreate, parent);
  with(CreateIn{O_RDWR | O_CREAT | O_EXCL, S_IFREG | 0644, 0, 0});
  withName(name);
  ask();
  *node = answer<EntryOut>()->node;
  noteOpened(answer<OpenOut>(sizeof(EntryOut)), handle);
}

void Client::lookup(uint64_t parent, std::string_view name, uint64_t* node) {
  begin(kLookup, parent);
  withName(name);
  ask();
  *node = answer<EntryOut>()->node;
}

void Client::getAttributes(uint64_t node) {
  begin(kGetattr, node);
  with(GetattrIn{});
  ask();
}

void Client::noteOpened(const OpenOut* out, uint64_t* handle) {
  *handle = out->handle;
  passed_ = (out->flags & kOpenPassthrough) != 0;
}

void Client::open(uint64_t node, uint64_t* handle, int flags) {
  begin(kOpen, node);
  with(OpenIn{static_cast<uint32_t>(flags), 0});
  ask();
  noteOpened(answer<OpenOut>(), handle);
}

void Client::release(uint64_t node, uint64_t handle, int flags) {
  begin(kRelease, node);
  with(ReleaseIn{handle, static_cast<uint32_t>(flags), 0, 0});
  ask();
}

void Client::unlink(uint64_t parent, std::string_view name) {
  begin(kUnlink, parent);
  withName(name);
  ask();
}

void Client::removeDirectory(uint64_t parent, std::string_view name) {
  begin(kRmdir, parent);
  withName(name);
  ask();
}

void Client::rename(uint64_t parent, std::string_view name, std::string_view newName) {
  begin(kRename2, parent);
  with(Rename2In{parent, 0, 0});
  withName(name);
  withName(newName);
  ask();
}

void Client::forget(uint64_t node) {
  begin(kForget, node);
  with(ForgetIn{1});
  ask();
}

void Client::read(uint64_t node, uint64_t handle, uint64_t offset, uint32_t length) {
  begin(kRead, node);
  with(ReadIn{handle, offset, length, 0, 0, O_RDWR, 0});
  ask();
}

void Client::write(uint64_t node, uint64_t handle, uint64_t offset, uint32_t length) {
  begin(kWrite, node);
  with(WriteIn{handle, offset, length, 0, 0, O_RDWR, 0});
  length_ += length;
  ask();
}

}  // namespace ram::fuse
